package status_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

var (
	silent = notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) { // the address gone takes nothing
		if m.To == "gone" {
			return notify.Receipt{}, notify.Permanent(errors.New("there is no such address"))
		}
		return notify.Receipt{}, nil
	})
	quietl = slog.New(slog.NewTextHandler(io.Discard, nil))
)

// shop is a catalog of two teams, whose page goes to ana, then to ben.
func shop() *catalog.Catalog {
	person := func(id string) catalog.Person {
		return catalog.Person{Contacts: []escalate.Contact{escalate.Contact("pager:" + id)}}
	}
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "standard"},
		People:   map[escalate.PersonID]catalog.Person{"ana": person("ana"), "ben": person("ben"), "cho": person("cho")},
		Teams: map[string]catalog.Team{
			"payments": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}, "platform": {Members: []escalate.PersonID{"cho"}, Lead: "ana"},
		},
		Services: map[string]catalog.Service{
			"checkout": {Owner: "payments", Tier: 1, Needs: []string{"db"}}, "search": {Owner: "platform", Tier: 2, Needs: []string{"db"}}, "db": {Owner: "platform", Tier: 1},
		},
		Capabilities: map[string]catalog.Capability{
			"buying": {Title: "Buying in the shop", Services: []string{"checkout"}, Owner: "payments"}, "finding": {Services: []string{"search"}},
		},
		Classes: []event.Class{
			{Name: "shop.down", Service: "checkout", Severity: severity.Critical}, {Name: "shop.slow", Service: "search", Severity: severity.Error},
		},
		Plans: map[string]catalog.Plan{"standard": {Policy: "levels"}},
		Policies: map[string]escalate.Policy{"levels": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 5 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 5 * time.Minute},
		}}},
	}
}

// stage is a running engine with a dashboard on it, in virtual time.
type stage struct {
	*testing.T
	bell *tocsin.Engine
	web  http.Handler
	kept *counted
}

// counted counts the reads of a store.
type counted struct {
	store.Store
	reads, commits atomic.Int64
	fault          atomic.Pointer[error] // what every call returns; nil: the store answers
}

// counted returns how many reads there were.
func (c *counted) counted() int { return int(c.reads.Load()) }

// away lets every call fail with an error, and with nil none.
func (c *counted) away(err error) {
	c.fault.Store(nil)
	if err != nil {
		c.fault.Store(&err)
	}
}

func (c *counted) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	c.reads.Add(1)
	if fault := c.fault.Load(); fault != nil {
		return nil, *fault
	}
	return c.Store.Read(ctx, q)
}

func (c *counted) Update(ctx context.Context, s store.Scope, f func(store.View) (store.Batch, store.Need, error)) error {
	if fault := c.fault.Load(); fault != nil {
		return *fault
	}
	err := c.Store.Update(ctx, s, f)
	if err == nil {
		c.commits.Add(1)
	}
	return err
}

// who lets a request in as the header User says, which no program may do that clients reach.
func who(r *http.Request) (respond.Viewer, bool) {
	name, grants, _ := strings.Cut(r.Header.Get("User"), "+")
	if machine, ok := strings.CutPrefix(name, "machine:"); ok {
		return respond.Viewer{Machine: machine}, true
	}
	return respond.Viewer{Person: escalate.PersonID(name), Grants: strings.Fields(grants)}, name != ""
}

// play runs a test on a stage.
func play(t *testing.T, test func(*stage)) { playWith(t, shop(), test) }

func playWith(t *testing.T, c *catalog.Catalog, test func(*stage)) {
	synctest.Test(t, func(t *testing.T) {
		kept := &counted{Store: memory.New()}
		bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		defer func() { stop(); require.NoError(t, <-done) }()
		synctest.Wait()
		test(&stage{T: t, bell: bell, kept: kept, web: status.Dashboard(bell, &status.Config{Who: who, Logger: quietl})})
	})
}

// fires lets an alert fire.
func (s *stage) fires(class, subject, summary string) {
	s.Helper()
	require.NoError(s, s.bell.Submit(s.Context(), event.Event{Type: class, Subject: subject, Summary: summary}))
	synctest.Wait()
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// get returns the answer to a request of a user; "" is nobody.
func (s *stage) get(user, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	return s.serve(user, r)
}

func (s *stage) serve(user string, r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("User", user)
	w := httptest.NewRecorder()
	s.web.ServeHTTP(w, r)
	synctest.Wait()
	return w
}

// post sends a form.
func (s *stage) post(user string, form ...string) *httptest.ResponseRecorder {
	values := url.Values{}
	for k := 0; k < len(form); k += 2 {
		values.Add(form[k], form[k+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/act", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.serve(user, r)
}

// only returns the id of the only incident.
func (s *stage) only() string {
	s.Helper()
	all, err := s.bell.Incidents(s.Context(), tocsin.Query{})
	require.NoError(s, err)
	require.Len(s, all, 1)
	return all[0].ID
}

func (s *stage) verdict() string {
	return strings.TrimSpace(s.get("ana", "/verdict.txt").Body.String())
}

// every finds all incidents that a test has.
var every = tocsin.Query{Limit: 1000}

// another returns the dashboard of another process on the same store, which does not run.
func (s *stage) another() (http.Handler, error) {
	bell, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: s.bell.Catalog().Source(), Store: s.kept, Notifiers: map[string]notify.Notifier{"pager": silent}, Logger: quietl})
	return status.Dashboard(bell, &status.Config{Who: who, Logger: quietl}), err
}
