package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// pages counts the pages by the summary of what they are about.
type pages struct {
	mu sync.Mutex
	of map[string]int
}

func (p *pages) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[m.Summary]++
	return notify.Receipt{}, nil
}

func (p *pages) about(e *event.Event) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of[e.Summary]
}

// roomy is a catalog that pages two rooms, where no page waits for another.
func roomy() *catalog.Catalog {
	c := anaAndBen()
	c.Policies["default"] = escalate.Policy{Levels: []escalate.Level{{
		Page: []escalate.Target{"channel:" + escalate.DefaultChannel, "channel:sms"}, Wait: time.Hour,
	}}}
	return c
}

// thing is an event of a condition with a group and an incident of its own.
func thing(i int) event.Event {
	return event.Event{Type: fmt.Sprintf("pay.%02d", i), Summary: fmt.Sprintf("thing %02d", i)}
}

// poison makes 20 rows unreadable, in six ways, and returns their names.
func poison(t *testing.T, db *database, s store.Store) (names []string) {
	t.Helper()
	find := func(kind string, i int) string {
		rows, err := s.Read(t.Context(), store.Query{Kind: kind, Limit: 1_000})
		require.NoError(t, err)
		for _, row := range rows {
			if strings.Contains(fmt.Sprintf("%+v %+v", row.Key, row.Rec), fmt.Sprintf("pay.%02d", i)) {
				return row.Key.ID
			}
		}
		require.Fail(t, "no row", "%s of thing %d", kind, i)
		return ""
	}
	record := "UPDATE " + db.table("record") + " SET "
	for i := range 16 {
		kind := []string{"alert", "group"}[i%2]
		if i >= 14 {
			kind = "incident"
		}
		id := find(kind, i)
		names = append(names, kind+" "+id)
		how := []string{`doc = '{"id":'`, `schema = 0`, `schema = 9`, `schema = -1`}[i/4]
		db.exec(record+how+" WHERE kind = $1 AND id = $2", kind, id)
	}
	damaged := find("incident", 16)
	names = append(names, "incident "+damaged+" entry 1", "incident "+damaged+" entry 2")
	db.exec("UPDATE "+db.table("entry")+" SET doc = '{' WHERE seq <= 2 AND record = (SELECT born FROM "+db.table("record")+
		" WHERE kind = 'incident' AND id = $1)", damaged)
	tasks, err := s.Read(t.Context(), store.Query{Kind: store.KindTask, State: "waiting", Limit: 1_000})
	require.NoError(t, err)
	for _, row := range tasks {
		if strings.Contains(string(row.Rec.(store.Task).Payload), "thing 17") {
			names = append(names, "task "+row.Key.ID)
			db.exec("UPDATE "+db.table("task")+" SET payload = '{' WHERE id = $1", row.Key.ID)
			break // the page to the other person stays
		}
	}
	log, err := s.Read(t.Context(), store.Query{Kind: store.KindLog, Limit: 1})
	require.NoError(t, err)
	names = append(names, "log "+log[0].Key.ID)
	db.exec("UPDATE "+db.table("log")+" SET doc = 'x' WHERE number = $1", int64(log[0].Rec.(store.Entry).Seq))
	require.Len(t, names, 20)
	return names
}

// TestRow48 starts an engine on a database with 20 unreadable rows of six kinds. It must list the 20 by name and page for all else:
// for what waits, and for new things. Things that newer versions wrote are refused, and their neighbours in the same call are taken.
func TestRow48(t *testing.T) {
	const things = 30
	db := newDatabase(t)
	open := func(p *pages) (*postgres.Store, *tocsin.Engine) {
		s, err := postgres.New(t.Context(), db.mustOpen(3).pool, postgres.Config{Schema: db.schema})
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		bell, err := tocsin.New(&tocsin.Config{
			Store: s, Catalog: roomy(), StopWithin: time.Second,
			Notifiers: map[string]notify.Notifier{"mail": p, "sms": p, escalate.DefaultChannel: p},
		})
		require.NoError(t, err)
		return s, bell
	}
	s, bell := open(&pages{})
	for i := range things { // no Run: all pages wait
		require.NoError(t, bell.Submit(t.Context(), thing(i)))
	}
	names := poison(t, db, s)

	p := &pages{of: make(map[string]int)}
	_, bell = open(p)
	listed := func() (names []string) {
		all, err := bell.Unreadable(t.Context(), "")
		require.NoError(t, err)
		for _, u := range all {
			name := u.Kind + " " + u.ID
			if u.Entry > 0 {
				name += fmt.Sprint(" entry ", u.Entry)
			}
			names = append(names, name)
		}
		return names
	}
	assert.ElementsMatch(t, names, listed())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bell.Run(ctx) }()
	var all []event.Event
	for i := range 2 * things {
		all = append(all, thing(i))
	}
	require.ErrorIs(t, bell.Submit(t.Context(), all...), store.ErrNewer)
	for i := range all {
		require.Eventually(t, func() bool { return p.about(&all[i]) > 0 }, 20*time.Second, 20*time.Millisecond, "thing %d", i)
	}
	require.NoError(t, bell.Health(t.Context()))
	assert.ElementsMatch(t, names, listed(), "what was replaced is listed with its document")
	stop()
	require.NoError(t, <-ended)
	t.Logf("%d rows unreadable, %d old and %d new things paged", len(names), things, things)
}
