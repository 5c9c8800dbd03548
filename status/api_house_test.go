package status_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// apiViewers are the viewers by name. The stranger may do everything, in another tenant.
var apiViewers = map[string]respond.Viewer{
	"stranger": {Person: "eve", Tenants: []string{"bolt"}, Grants: []string{respond.GrantOperator, respond.GrantApprove}},
	"person":   {Person: "zoe", Tenants: []string{"acme"}},
	"owner":    {Person: "ana", Tenants: []string{"acme"}},
	"operator": {Person: "kim", Tenants: []string{"acme"}, Grants: []string{respond.GrantOperator}},
	"approver": {Person: "cho", Tenants: []string{"acme"}, Grants: []string{respond.GrantApprove}},
	"boss":     {Person: "ana", Tenants: []string{"acme"}, Grants: []string{respond.GrantApprove}},
	"machine":  {Machine: "deploy-bot", Tenants: []string{"acme"}},
}

func apiShop() *catalog.Catalog {
	people := make(map[escalate.PersonID]catalog.Person)
	for _, name := range []escalate.PersonID{"ana", "ben", "cho", "eve", "kim", "zoe"} {
		people[name] = catalog.Person{Contacts: []escalate.Contact{"sms:+4915000000-" + escalate.Contact(name)}}
	}
	return &catalog.Catalog{
		Defaults:     catalog.Defaults{Owner: "shop", Plan: "loud"},
		People:       people,
		Teams:        map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services:     map[string]catalog.Service{"store": {Owner: "shop", Tier: 1, Name: "The shop", Impaired: "Orders fail."}, "checkout": {Owner: "shop", Tier: 1, Needs: []string{"billing"}}, "billing": {Owner: "shop", Tier: 1}, "search": {Owner: "shop", Tier: 1}},
		Capabilities: map[string]catalog.Capability{"buying": {Title: "Buying in the shop", Services: []string{"checkout"}, Owner: "shop"}},
		Classes:      []event.Class{{Name: "checkout", Service: "checkout"}, {Name: "billing", Service: "billing"}, {Name: "search", Service: "search"}, {Name: "store", Service: "store", Plan: "major"}, {Name: "noise", Plan: "sifted"}},
		Plans: map[string]catalog.Plan{
			"loud": {Policy: "two", Soak: new(3 * time.Minute)}, "major": {Policy: "two", Comms: "customers"}, "sifted": {Policy: "two", Triage: true},
		},
		Audiences: map[string]catalog.Audience{"buyers": {Channels: []escalate.Contact{"sms:buyers"}}},
		Comms: map[string]catalog.Comms{"customers": {Audiences: []string{"buyers"}, Approve: "communications", Messages: map[comms.Stage]string{
			comms.Investigating: "{{.Impaired}}", comms.Resolved: "It works.",
		}}},
		Policies: map[string]escalate.Policy{"two": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner", "channel:mail:#ops"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"person:ben"}, Wait: 2 * time.Minute},
		}}},
		Runbooks: map[string]automate.Runbook{
			"restart": {Owner: "shop", Mode: automate.Approve, When: `event.type == "checkout"`, Steps: []automate.Step{{Do: "restart"}}},
			"look":    {Owner: "shop", Mode: automate.Auto, When: `event.type == "checkout"`, Steps: []automate.Step{{Ask: "Does the shop answer?"}}},
			"drain":   {Owner: "shop", Mode: automate.Manual, Steps: []automate.Step{{Do: "restart"}}},
		},
	}
}

// apiHouse is an engine in a bubble with its API.
type apiHouse struct {
	*tocsin.Engine
	t     *testing.T
	store *apiStore
	api   http.Handler
	ids   map[string]string // of what stands in paths
	good  map[string]string // bodies of good requests by path
	log   bytes.Buffer
	stop  func()
}

// startAPI starts a house in which there is one of each kind of incident.
func startAPI(t *testing.T, change ...func(*tocsin.Config)) *apiHouse {
	t.Helper()
	h := &apiHouse{t: t, store: &apiStore{Store: memory.New()}, ids: map[string]string{"{unknown}": "nothing", "{name}": "buying", "{intake}": "alertmanager"}}
	c := &tocsin.Config{
		Catalog: apiShop(), Store: h.store, PublicURL: linkPublic, LinkKeys: [][]byte{linkKey}, Logger: slog.New(slog.DiscardHandler),
		Actions: map[string]automate.Action{"restart": automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
			return automate.Result{Output: "done"}, nil
		})},
		Notifiers: map[string]notify.Notifier{
			"sms": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil }),
			"mail": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				return notify.Receipt{}, notify.Permanent(errors.New("the mailbox is gone"))
			}),
		},
	}
	for _, f := range change {
		f(c)
	}
	var err error
	h.Engine, err = tocsin.New(c)
	require.NoError(t, err)
	h.api = http.StripPrefix("/api/v1", status.API(h.Engine, &status.Config{
		Who: func(r *http.Request) (respond.Viewer, bool) {
			v, ok := apiViewers[r.Header.Get("X-Viewer")]
			return v, ok
		},
		Challenge: "Bearer", Logger: slog.New(slog.NewTextHandler(&h.log, nil)), Intakes: shopIntakes,
	}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	h.furnish()
	return h
}

func (h *apiHouse) furnish() {
	h.ids["{over}"] = h.opens("billing", "acme", "old")
	require.NoError(h.t, h.Do(h.t.Context(), respond.Resolve{Incident: h.ids["{over}"], By: "ana", Alerts: true, Override: "it was a test"}))
	h.ids["{id}"] = h.opens("checkout", "acme", "eu")
	h.ids["{foreign}"] = h.opens("billing", "bolt", "eu")
	h.ids["{broken}"] = h.opens("search", "acme", "eu")
	require.NoError(h.t, h.Submit(h.t.Context(), event.Event{Type: "search", Tenant: "acme", Subject: "quiet", Severity: severity.Info, Summary: "Search is slow"}))
	passTime(time.Second)
	h.store.set(func(s *apiStore) { s.broken = h.ids["{broken}"] })
	_, err := h.Incident(h.t.Context(), h.ids["{broken}"]) // the engine reports it when it is first read
	require.ErrorIs(h.t, err, store.ErrUnreadable)
	passTime(time.Second)
	for l, err := range h.DeadLetters(h.t.Context(), "acme") {
		require.NoError(h.t, err)
		if l.Incident == h.ids["{id}"] {
			h.ids["{key}"] = l.Key
		}
	}
	inc, err := h.Incident(h.t.Context(), h.ids["{id}"])
	require.NoError(h.t, err)
	for _, run := range inc.Runs {
		h.ids["{"+run.Runbook+"}"] = run.ID
	}
}

// furnishRoom opens an incident that people run, and one that waits for somebody to accept it.
func (h *apiHouse) furnishRoom() {
	h.ids["{triage}"] = h.opens("noise", "acme", "dog")
	id := h.opens("store", "acme", "room")
	h.ids["{room}"] = id
	for _, c := range []respond.Command{
		respond.Assume{Incident: id, By: "ana", Role: incident.Commander},
		respond.Assume{Incident: id, By: "zoe", Role: incident.Communications},
		respond.Offer{Incident: id, By: "ana", Role: incident.Commander, To: "zoe"},
		respond.AddTodo{Incident: id, By: "ana", Text: "Call the bank."},
		respond.AskDecision{Incident: id, By: "zoe", Text: "Switch to the second bank?", Options: []string{"yes", "no"}, Decider: "ana"},
		respond.SendUpdate{Incident: id, By: "ana", BreakGlass: true, Because: "Nobody answers."},
		respond.DraftUpdate{Incident: id, By: "ana", Text: "We switch to another bank."},
	} {
		require.NoError(h.t, h.Do(h.t.Context(), c))
	}
}

// opens opens an incident and returns its id.
func (h *apiHouse) opens(class, tenant, subject string) string {
	known := h.all(tenant)
	require.NoError(h.t, h.Submit(h.t.Context(), event.Event{
		Type: class, Tenant: tenant, Subject: subject, Severity: severity.Critical, Summary: strings.ToUpper(class[:1]) + class[1:] + " is down",
	}))
	passTime(time.Second)
	for _, inc := range h.all(tenant) {
		if !slices.ContainsFunc(known, func(k incident.Incident) bool { return k.ID == inc.ID }) && inc.Class == class {
			return inc.ID
		}
	}
	h.t.Fatal("no incident was opened")
	return ""
}

func (h *apiHouse) all(tenant string) []incident.Incident {
	list, err := h.Incidents(h.t.Context(), tocsin.Query{Tenant: tenant})
	require.NoError(h.t, err)
	return list
}

// fill puts ids in the place of their names. A room is opened when it is first spoken of.
func (h *apiHouse) fill(text string) string {
	if (strings.Contains(text, "{room}") || strings.Contains(text, "{triage}")) && h.ids["{room}"] == "" {
		h.furnishRoom()
	}
	for name, id := range h.ids {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

// ask sends a request of a viewer. headers alternates names and values. A POST is JSON unless a header says otherwise.
func (h *apiHouse) ask(viewer, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(h.t.Context(), method, "/api/v1"+h.fill(path), strings.NewReader(h.fill(body)))
	r.Header.Set("X-Viewer", viewer)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	return w
}

// answer is what tests look at in an answer.
type answer struct {
	Type   string       `json:"type"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Need   respond.Need `json:"need"`
	Who    string       `json:"who"`
	Now    *standing    `json:"now"`

	standing
	Incidents []incident.Incident `json:"incidents"`
	Alerts    []incident.Alert    `json:"alerts"`
	Next      json.RawMessage     `json:"next"`
	Entries   []incident.Entry    `json:"entries"`
	Text      string              `json:"text"`
}

type standing struct {
	Incident incident.Incident `json:"incident"`
	State    string            `json:"state"`
	Holders  []string          `json:"holders"`
	Reason   string            `json:"reason"`
}

func told(t *testing.T, w *httptest.ResponseRecorder) (a answer) {
	t.Helper()
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), "%s", w.Body)
	return a
}

// kept returns what the store holds of incidents and timelines.
func (h *apiHouse) kept() string {
	var b strings.Builder
	for _, kind := range []string{"incident", "alert", "group", "task", "switch", "plan", "ledger"} {
		for _, tenant := range []string{"", "acme", "bolt"} {
			rows, err := h.store.Store.Read(context.Background(), store.Query{Tenant: tenant, Kind: kind, Timeline: true, Limit: 1_000})
			require.NoError(h.t, err)
			for _, row := range rows {
				doc, err := json.Marshal(row.Rec)
				require.NoError(h.t, err)
				fmt.Fprintf(&b, "%v %d %s %d\n", row.Key, row.Version, doc, len(row.Entries))
			}
		}
	}
	return b.String()
}

// apiStore is a memory store with an incident that cannot be read. It can be away, or give no answer.
type apiStore struct {
	*memory.Store
	mu     sync.Mutex
	broken string // id
	away   error
	silent bool
	once   bool // it is away after the next commit
}

func (s *apiStore) set(change func(*apiStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *apiStore) fault(ctx context.Context) (broken string, err error) {
	s.mu.Lock()
	broken, err = s.broken, s.away
	silent := s.silent
	s.mu.Unlock()
	if silent {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return broken, err
}

func (s *apiStore) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	broken, err := s.fault(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.Read(ctx, q)
	for i := range rows {
		if rows[i].Key.Kind == "incident" && rows[i].Key.ID == broken {
			rows[i].Rec = store.Unreadable{Doc: []byte("{"), Err: store.ErrUnreadable}
		}
	}
	return rows, err
}

func (s *apiStore) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if _, err := s.fault(ctx); err != nil {
		return err
	}
	err := s.Store.Update(ctx, sc, decide)
	s.set(func(s *apiStore) {
		if s.once {
			s.away = store.ErrClosed
		}
	})
	return err
}

// inBubble runs a test in a bubble with a house.
func inBubble(t *testing.T, test func(*testing.T, *apiHouse)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := startAPI(t)
		defer h.stop()
		test(t, h)
	})
}

var _ io.Reader = unreadBody{}

// unreadBody is a body that nobody may read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}
