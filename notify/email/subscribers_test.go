package email_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// shop tells the subscribers of a list about a checkout.
func shop(mails *server) *tocsin.Config {
	return &tocsin.Config{
		Store: memory.New(), PublicURL: "https://bell.example", LinkKeys: [][]byte{bytes.Repeat([]byte("k"), 32)},
		Subscribers: tocsin.Subscribers{Key: bytes.Repeat([]byte("s"), 32), PublicURL: "https://status.example"},
		Notifiers:   map[string]notify.Notifier{"log": &log.Notifier{}, "subscribers": mails.notifier()},
		Catalog: &catalog.Catalog{
			Defaults:  catalog.Defaults{Owner: "shop", Plan: "loud"},
			People:    map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"log:ana"}}},
			Teams:     map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
			Services:  map[string]catalog.Service{"checkout-core": {Tier: 1, Name: "Checkout", Impaired: "Some payments fail."}},
			Classes:   []event.Class{{Name: "checkout.down", Service: "checkout-core", Severity: severity.Critical}},
			Plans:     map[string]catalog.Plan{"loud": {Policy: "ask", Comms: "customers"}},
			Policies:  map[string]escalate.Policy{"ask": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Audiences: map[string]catalog.Audience{"public": {Channels: []escalate.Contact{"subscribers:customers"}}},
			Comms: map[string]catalog.Comms{"customers": {Audiences: []string{"public"}, Messages: map[comms.Stage]string{
				comms.Investigating: "{{.Impaired}}", comms.Identified: "We know why.", comms.Resolved: "It works.",
			}}},
		},
	}
}

// mailTo waits for the n-th mail to an address.
func (s *server) mailTo(t *testing.T, address string, n int) (m mailed) {
	t.Helper()
	require.Eventually(t, func() bool {
		count := 0
		for _, one := range s.mails() {
			if one.to == address {
				if count++; count == n {
					m = one
				}
			}
		}
		return count >= n
	}, 20*time.Second, 5*time.Millisecond, "mail %d to %s", n, address)
	return m
}

// TestSubscriberByMail: somebody subscribes on the page, reads the mail and confirms by its link; an update of an incident arrives; one click
// unsubscribes, and the next update goes to the others alone.
func TestSubscriberByMail(t *testing.T) {
	mails := start(t, nil)
	bell, err := tocsin.New(shop(mails))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-done)
	}()
	pages := status.Subscribe(bell, nil)
	post := func(to string, form url.Values) int {
		r := httptest.NewRequest("POST", to, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w.Code
	}
	for _, address := range []string{"zoe@shop.example", "cho@shop.example"} {
		require.Equal(t, http.StatusOK, post("https://status.example/subscribe", url.Values{"mail": {address}}))
		asked := mails.mailTo(t, address, 1)
		assert.Equal(t, "Please confirm that you want updates", asked.head.Get("Subject"))
		assert.Empty(t, asked.head.Get("List-Unsubscribe"))
		confirm := regexp.MustCompile(`Confirm: (https://\S+)`).FindStringSubmatch(asked.body)
		require.Len(t, confirm, 2, asked.body)
		require.Equal(t, http.StatusOK, post(confirm[1], nil))
	}
	require.NoError(t, bell.Submit(ctx, event.Event{Type: "checkout.down", Subject: "db-07", Summary: "password=hunter2hunter2 on db-07"}))
	open, err := bell.Incidents(ctx, tocsin.Query{Open: true})
	require.NoError(t, err)
	require.Len(t, open, 1)
	tell := func(stage comms.Stage) {
		require.NoError(t, bell.Do(ctx, respond.SendUpdate{Incident: open[0].ID, By: "ana", Stage: stage}))
	}
	tell(comms.Investigating)
	first := mails.mailTo(t, "zoe@shop.example", 2)
	mails.mailTo(t, "cho@shop.example", 2)
	assert.Equal(t, "Checkout: investigating", first.head.Get("Subject"))
	assert.Contains(t, first.body, "Some payments fail. Next update by ")
	assert.Equal(t, "List-Unsubscribe=One-Click", first.head.Get("List-Unsubscribe-Post"))
	for _, inside := range []string{"db-07", "hunter2", "checkout-core", open[0].ID, "ana"} {
		assert.NotContains(t, first.doc, inside)
	}
	leave := strings.Trim(first.head.Get("List-Unsubscribe"), "<>")
	assert.Contains(t, first.body, "Unsubscribe: "+leave)
	require.Equal(t, http.StatusOK, post(leave, url.Values{"List-Unsubscribe": {"One-Click"}}))

	tell(comms.Identified)
	second := mails.mailTo(t, "cho@shop.example", 3)
	assert.Equal(t, first.head.Get("References"), second.head.Get("References"), "one conversation")
	assert.Len(t, mails.mails(), 5, "zoe gets no more")
}
