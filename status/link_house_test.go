package status_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

const linkPublic = "https://bell.example/ops"

var (
	linkKey    = bytes.Repeat([]byte{7}, 32)
	foreignKey = bytes.Repeat([]byte{8}, 32)
)

// linkShop pages ana, after two minutes ben, and a room with each.
func linkShop() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
		Classes:  []event.Class{{Name: "checkout", Service: "checkout"}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(3 * time.Minute)}},
		Policies: map[string]escalate.Policy{"two": {Levels: []escalate.Level{
			{Page: []escalate.Target{"person:ana", "channel:slack:#shop"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"person:ben"}, Wait: 2 * time.Minute},
		}}},
	}
}

func checkoutDown() event.Event {
	return event.Event{Type: "checkout", Subject: "eu", Severity: severity.Critical, Summary: "Checkout is down"}
}

// linkHouse is an engine in a bubble, with what it sent.
type linkHouse struct {
	*tocsin.Engine
	pages http.Handler
	count *meters.Provider
	mu    sync.Mutex
	sent  []notify.Message
	stop  func()
}

func startLinks(t *testing.T, change ...func(*tocsin.Config)) *linkHouse {
	t.Helper()
	h := &linkHouse{count: meters.New()}
	c := &tocsin.Config{
		Catalog: linkShop(), PublicURL: linkPublic + "/", LinkKeys: [][]byte{linkKey}, MeterProvider: h.count, Logger: slog.New(slog.DiscardHandler),
		Notifiers: map[string]notify.Notifier{"slack": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.sent = append(h.sent, m)
			return notify.Receipt{}, nil
		})},
	}
	for _, f := range change {
		f(c)
	}
	var err error
	h.Engine, err = tocsin.New(c)
	require.NoError(t, err)
	h.pages = status.Links(h.Engine, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return h
}

func passTime(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// link returns the link of the latest page to the person.
func (h *linkHouse) link(t *testing.T, person string) string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.sent) - 1; i >= 0; i-- {
		if m := h.sent[i]; m.Kind == notify.Page && m.Person == person {
			require.NotEmpty(t, m.Ack)
			return m.Ack
		}
	}
	require.Fail(t, "no page", person)
	return ""
}

func (h *linkHouse) ask(method, link string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, link, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	return w
}

// incident returns the only incident.
func (h *linkHouse) incident(t *testing.T) incident.Incident {
	t.Helper()
	list, err := h.Incidents(t.Context(), tocsin.Query{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

// acknowledged lists the lines of the timeline that say who took the incident, and who gave it back.
func (h *linkHouse) acknowledged(t *testing.T) (lines []string) {
	t.Helper()
	inc := h.incident(t)
	entries, err := h.Timeline(t.Context(), inc.ID)
	require.NoError(t, err)
	for i := range entries {
		if entries[i].Word.Kind() == incident.KindAck {
			lines = append(lines, entries[i].Line(entries[0].At))
		}
	}
	return lines
}
