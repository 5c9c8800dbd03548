package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/oddtest"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// alike is a store in memory, one in a file and one on a server, which get the same Batches. It fails with what tells them apart.
type alike struct {
	names  []string
	stores []store.Store
	put    []store.Key // of the latest Update
	rows   int         // that were compared
}

// Update implements store.Store. The first store decides, and the others commit what it has committed.
func (a *alike) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	var batch store.Batch
	err := a.stores[0].Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		b, need, err := decide(v)
		batch = b
		return b, need, err
	})
	for i, s := range a.stores[1:] {
		if again := s.Update(ctx, sc, func(store.View) (store.Batch, store.Need, error) { return batch, store.Need{}, nil }); err == nil && again != nil {
			return fmt.Errorf("%s: %w", a.names[i+1], again)
		}
	}
	for i := range batch.Put {
		a.put = append(a.put, batch.Put[i].Key)
	}
	for i := range batch.Tasks {
		a.put = append(a.put, store.Key{Tenant: batch.Tasks[i].Record.Tenant, Kind: store.KindTask, ID: batch.Tasks[i].ID})
	}
	return err
}

// Read implements store.Store. A cursor is that of the first store, so only first pages are compared.
func (a *alike) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	rows, err := a.stores[0].Read(ctx, q)
	if err != nil || q.After != "" {
		return rows, err
	}
	want := shown(rows)
	for i, s := range a.stores[1:] {
		other, err := s.Read(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.names[i+1], err)
		}
		if got := shown(other); got != want {
			return nil, fmt.Errorf("read %+v: %s has\n%s\nand %s has\n%s", q, a.names[0], want, a.names[i+1], got)
		}
	}
	a.rows += len(rows)
	return rows, nil
}

// shown writes rows with their documents.
func shown(rows []store.Snapshot) string {
	c := codec.New()
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%q %d ", row.Key, row.Version)
		switch rec := row.Rec.(type) {
		case store.Task:
			fmt.Fprintf(&b, "%q %v %v %v %+v\n", []string{rec.ID, rec.Queue, rec.Order, rec.Tag, string(rec.Payload)}, rec.Due, rec.Expires, rec.Rank, rec.Lease)
		case store.Entry:
			fmt.Fprintf(&b, "%v %x\n", rec.At, rec.Doc)
		default:
			doc, err := c.Encode(row.Key.Kind, codec.Schema, rec)
			fmt.Fprintf(&b, "%q %v\n", doc, err)
		}
		for _, e := range row.Entries {
			fmt.Fprintf(&b, "  %d %v %q %q\n", e.Seq, e.At, e.Kind, e.Doc)
		}
	}
	return b.String()
}

// Claim implements store.Store.
func (a *alike) Claim(context.Context, store.ClaimRequest) (store.Claimed, error) {
	return store.Claimed{}, errors.New("no engine runs here")
}

// Trim implements store.Store.
func (a *alike) Trim(context.Context, time.Time, int) (int, error) { return 0, nil }

// Close implements store.Store.
func (a *alike) Close() error {
	var errs []error
	for _, s := range a.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// byEverything is a catalog whose decisions, keys and groups depend on all parts of an event.
func byEverything() *catalog.Catalog {
	c := twoLevels(false)
	c.Classes = append(c.Classes, event.Class{Name: "pay.keyed", Dedup: []string{"data.n", "data.m.n", "labels.a"}},
		event.Class{Name: "pay.slow", For: time.Minute}, event.Class{Name: "odd.*", Dedup: []string{"source", "summary"}, Plan: "any"})
	c.Plans["any"] = catalog.Plan{Policy: "two", Group: catalog.Grouping{By: []string{"subject", "summary", "labels.a", "data.n"}, Any: true}}
	c.Routes = []catalog.Route{{ID: "odd", When: "int(event.data.n) % 2 == 1", Owner: "payments", Plan: "any"}}
	return c
}

// houses makes stores that are alike, new ones after every so many uses, since a long history slows each of them down.
type houses struct {
	mu   sync.Mutex
	tb   testing.TB
	dir  string
	pool *pgxpool.Pool
	used int
	made int
	bell *tocsin.Engine
	kept *alike
}

const usesOfStores = 50

func newHouses(tb testing.TB) *houses {
	tb.Helper()
	pool, err := pgxpool.New(tb.Context(), postgrestest.DSN(tb))
	require.NoError(tb, err)
	h := &houses{tb: tb, dir: tb.TempDir(), pool: pool}
	tb.Cleanup(func() {
		h.leave()
		pool.Close()
	})
	return h
}

func (h *houses) schema() string { return fmt.Sprintf("accepted %d %d", os.Getpid(), h.made) }

func (h *houses) leave() {
	if h.kept != nil {
		assert.NoError(h.tb, h.kept.Close())
		_, err := h.pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{h.schema()}.Sanitize()+" CASCADE")
		assert.NoError(h.tb, err)
	}
}

func (h *houses) enter(t *testing.T) (*tocsin.Engine, *alike) {
	t.Helper()
	if h.used%usesOfStores == 0 {
		h.leave()
		h.made++
		h.kept = nil
		_, err := h.pool.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{h.schema()}.Sanitize()+" CASCADE")
		require.NoError(t, err)
		files, err := sqlite.Open(filepath.Join(h.dir, fmt.Sprint(h.made)))
		require.NoError(t, err)
		server, err := postgres.New(context.Background(), h.pool, postgres.Config{Schema: h.schema()})
		require.NoError(t, err)
		h.kept = &alike{names: []string{"memory", "sqlite", "postgres"}, stores: []store.Store{memory.New(), files, server}}
		n := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
		h.bell, err = tocsin.New(&tocsin.Config{Catalog: byEverything(), Store: h.kept, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}})
		require.NoError(t, err)
	}
	h.used++
	return h.bell, h.kept
}

// FuzzAccepted: what the door accepts is stored and read alike by every store, to the byte.
func FuzzAccepted(f *testing.F) {
	h := newHouses(f)
	for i := range 128 {
		f.Add(bytes.Repeat([]byte{byte(i), byte(3 * i), 9, byte(200 - i), byte(7 * i)}, 20))
	}
	compiled, err := byEverything().Compile()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, from []byte) {
		e := oddtest.Event(from)
		if e.Check() != nil {
			if e.Fit(); e.Check() != nil { // Fit leaves what an intake sets
				return
			}
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		bell, kept := h.enter(t)
		kept.put = nil
		require.NoError(t, bell.Submit(t.Context(), e))
		for _, key := range kept.put {
			rows, err := kept.Read(t.Context(), store.Query{Keys: []store.Key{key}, Timeline: true})
			require.NoError(t, err)
			require.Len(t, rows, 1)
		}
		core.Complete(&e, "app", time.Now())
		a := core.Assess(compiled, &e)
		id := core.ID(store.Key{Tenant: e.Tenant, Kind: core.KindAlert, ID: e.Intake + "/" + a.Key})
		if text, err := bell.Explain(t.Context(), id); !errors.Is(err, tocsin.ErrNotFound) { // a change, or the end of what never began
			require.NoError(t, err)
			require.NotEmpty(t, text)
		}
		var refused *respond.RefusedError
		if err := bell.Do(t.Context(), respond.Acknowledge{Incident: e.Subject, By: escalate.PersonID(e.Summary), ID: e.ID, Via: e.Source}); err != nil {
			require.ErrorAs(t, err, &refused)
		}
	})
}

// TestOddEverywhere stores each odd text in each field of an event that may hold it, and each odd number and instant.
func TestOddEverywhere(t *testing.T) {
	h := newHouses(t)
	accepted, fitted, refused, compared := 0, 0, 0, 0
	submit := func(all ...event.Event) {
		t.Helper()
		var events []event.Event
		for _, e := range all {
			e.Type, e.Severity = cmp.Or(e.Type, "odd.x"), severity.Critical
			if e.Check() == nil {
				accepted++
			} else if e.Fit(); e.Check() == nil {
				fitted++
			} else {
				refused++
				continue
			}
			events = append(events, e)
		}
		bell, kept := h.enter(t)
		kept.put, kept.rows = nil, 0
		require.NoError(t, bell.Submit(t.Context(), events...), "%+v", events)
		for _, key := range kept.put {
			_, err := kept.Read(t.Context(), store.Query{Keys: []store.Key{key}, Timeline: true})
			require.NoError(t, err)
		}
		compared += kept.rows
	}
	for _, text := range oddtest.Texts() {
		submit([]event.Event{
			{ID: text},
			{Source: text},
			{Type: text},
			{Subject: text},
			{Summary: text},
			{DedupKey: text},
			{Tenant: text},
			{Intake: text},
			{Labels: map[string]string{text: "x"}},
			{Labels: map[string]string{"a": text}},
			{Data: map[string]any{text: 1}},
			{Data: map[string]any{"n": text}},
			{Links: []event.Link{{URL: "https://example.com", Text: text}}},
			{Links: []event.Link{{URL: "https://example.com/" + text}}},
			{Tenant: text, Intake: text, Source: text, ID: text, Signal: event.Change},
		}...)
	}
	for _, n := range oddtest.Numbers() {
		data := map[string]any{"n": n, "m": map[string]any{"n": n}}
		submit(event.Event{Data: data}, event.Event{Type: "pay.keyed", Data: data})
	}
	for _, at := range oddtest.Instants() {
		for _, clock := range []event.Clock{event.ClockEvent, event.ClockBegin, event.ClockPeers, event.ClockChange} {
			sent := event.Event{Time: at, Subject: "clock", Sender: event.Sender{Clock: clock, Ends: true}}
			ended := sent
			ended.Signal = event.Resolve
			submit(sent, ended)
		}
	}
	for _, after := range []time.Duration{1, time.Hour, 80_000 * time.Hour, 10 * 365 * 24 * time.Hour, event.Never} {
		submit(event.Event{StaleAfter: after, Subject: fmt.Sprint(after)})
	}
	t.Logf("%d accepted, %d mended, %d refused, %d rows compared in three stores, 0 differences", accepted, fitted, refused, compared)
}

// onPostgres runs an engine over a schema of its own.
func onPostgres(t *testing.T, texts chan<- string) (*tocsin.Engine, store.Store) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), postgrestest.DSN(t))
	require.NoError(t, err)
	schema := strings.ToLower(t.Name())
	kept, err := postgres.New(t.Context(), pool, postgres.Config{Schema: schema})
	require.NoError(t, err)
	n := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
		texts <- m.Summary
		return notify.Receipt{}, notify.Permanent(errors.New("no \x00 room \xff"))
	})
	bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(false), Store: kept, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}, StopWithin: time.Second})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-done)
		assert.NoError(t, kept.Close())
		_, err := pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
		assert.NoError(t, err)
		pool.Close()
	})
	return bell, kept
}

// TestRow48Door: a number, a text or an instant that no document gives back is refused or mended at the door, and the hub starts again.
func TestRow48Door(t *testing.T) {
	kept, err := sqlite.Open(filepath.Join(t.TempDir(), "db"))
	require.NoError(t, err)
	defer kept.Close()
	for range 2 {
		bell, err := tocsin.New(&tocsin.Config{Classes: []event.Class{{Name: "a.b"}}, Store: kept, Notifier: notify.NotifierFunc(
			func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })})
		require.NoError(t, err)
		h := intake.CloudEvents(bell, &intake.Endpoint{Name: "in", Open: true})
		for i, data := range []string{
			`{"n":1e999999}`, `{"n":-1e400}`, `{"n":1e-400}`, `{"n":-0}`, `{"n":` + strings.Repeat("9", 5000) + `}`, `{"":{"":1}}`, `{"a":1,"a":2}`, `{"t":"\u0000"}`, `{"\u0000":1}`,
			`{"t":"\ud800"}`, strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), `{"t":"` + strings.Repeat("x", 80<<10) + `"}`, `{"t":"` + "\xff" + `"}`, `{"t":"\uffff\ufffe"}`,
		} {
			body := fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"/db\u0000","type":"a.b","subject":"s%d\u0000","summary":"slow","data":%s}`, i, i, data)
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/cloudevents+json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			assert.Contains(t, []int{http.StatusAccepted, http.StatusBadRequest}, w.Code, "%s: %s", data[:min(len(data), 40)], w.Body)
		}
		all, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
		require.NoError(t, err)
		require.NotEmpty(t, all)
		for i := range all {
			_, err := bell.Explain(t.Context(), all[i].ID)
			require.NoError(t, err)
		}
	}
}

// TestRow49: odd keys and ids are refused or mended at the door, the events beside them are stored and page, and what PostgreSQL cannot
// keep is never trouble of the store. So are the odd texts of a notifier.
func TestRow49(t *testing.T) {
	texts := make(chan string, 1_000)
	bell, kept := onPostgres(t, texts)
	ctx := t.Context()
	good := func(id string) event.Event {
		return event.Event{ID: id, Type: "pay.x", DedupKey: id, Severity: severity.Critical, Summary: "good " + id}
	}
	refused := 0
	for i, bad := range []event.Event{
		{Type: "pay.x", DedupKey: "a\x00"},
		{Type: "pay.x", ID: "\x00"},
		{Type: "pay.x", Subject: "a\xff"},
		{Type: "pay.\x00"},
		{Type: "pay.x", Tenant: "a\x00b"},
		{Type: "pay.x", Intake: "\x00"},
		{Type: "pay.x", Source: "\xc3"},
		{Type: "pay.x", Summary: "\x00"},
		{Type: "pay.x", Labels: map[string]string{"a": "\x00"}},
		{Type: "pay.x", Labels: map[string]string{"\x00": "a"}},
		{Type: "pay.x", Data: map[string]any{"a": []any{"\x00"}}},
		{Type: "pay.x", Data: map[string]any{"\x00": 1}},
		{Type: "pay.x", Links: []event.Link{{URL: "https://a.example", Text: "\x00"}}},
		{Type: "pay.x", DedupKey: strings.Repeat("k", 4097)},
	} {
		var why *event.RejectedError
		require.ErrorAs(t, bell.Submit(ctx, good(fmt.Sprint(2*i)), bad, good(fmt.Sprint(2*i+1))), &why, "%d", i)
		assert.Equal(t, 1, why.Index)
		refused++
		cuts := bad.Fit()
		assert.True(t, bad.Check() != nil || len(cuts) > 0)
		if bad.Check() == nil { // not so a tenant and an intake, which an intake sets
			bad.Tenant = "fitted"
			require.NoError(t, bell.Submit(ctx, bad))
		}
	}
	found, err := bell.Incidents(ctx, tocsin.Query{})
	require.NoError(t, err)
	firing := 0
	for i := range found {
		if found[i].Class == "pay.x" {
			firing += found[i].Firing
		}
	}
	assert.Equal(t, 2*refused, firing, "the neighbours are stored")
	for _, id := range []string{"a\x00", "\xff", strings.Repeat("x", 1<<20)} {
		_, err := bell.Incident(ctx, id)
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		_, err = bell.Explain(ctx, id)
		require.ErrorIs(t, err, tocsin.ErrNotFound)
		var no *respond.RefusedError
		require.ErrorAs(t, bell.Do(ctx, respond.Acknowledge{Incident: id, By: "ana"}), &no)
		require.ErrorAs(t, bell.Do(ctx, respond.KillSwitch{Tenant: id, By: "ana", Because: "x"}), &no)
	}
	require.Eventually(t, func() bool {
		rows, err := kept.Read(ctx, store.Query{Kind: store.KindTask, State: "dead"})
		return err == nil && len(rows) > 0 && strings.Contains(string(rows[0].Entries[0].Doc), "no ? room ?")
	}, 20*time.Second, 20*time.Millisecond, "the failure of a page is stored")
	require.NoError(t, bell.Health(ctx))
	for name, batch := range map[string]store.Batch{
		"a zero byte in a reason": {Settle: []store.Settle{{Claim: store.Claim{ID: "x\x00"}, Dead: "x"}}},
		"a long key":              {Put: []store.Change{{Key: store.Key{Kind: "switch", ID: noise(9_000)}, Rec: nil}, {Key: store.Key{Kind: "switch", ID: "\x00"}, Rec: nil}}},
	} {
		batch.Now = time.Now()
		sc := store.Scope{}
		for i := range batch.Settle {
			sc.Claims = append(sc.Claims, batch.Settle[i].Claim)
		}
		err := kept.Update(ctx, sc, func(store.View) (store.Batch, store.Need, error) { return batch, store.Need{}, nil })
		require.ErrorIs(t, err, store.ErrData, name)
		require.NotErrorIs(t, err, store.ErrUnknown, name)
	}
	t.Logf("%d odd events refused or mended, %d neighbours stored", refused, firing)
}

// noise returns letters that no compression shortens.
func noise(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		b.WriteString(core.IncidentID("", "noise", i))
	}
	return b.String()
}
