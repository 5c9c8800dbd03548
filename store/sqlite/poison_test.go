//go:build unix

package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// pages counts the pages by the summary of what they are about.
type pages struct {
	mu sync.Mutex
	of map[string]int
}

func (p *pages) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Kind == notify.Page {
		for _, page := range append(m.Pages, notify.PageOf{Summary: m.Summary})[:max(1, len(m.Pages))] {
			p.of[page.Summary]++
		}
	}
	return notify.Receipt{}, nil
}

// take returns the counts since the last call.
func (p *pages) take() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.of
	p.of = make(map[string]int)
	return of
}

// things are what the alerts of TestRow48 are about; each has a group and an incident of its own.
const things = 30

func thing(i int) event.Event {
	return event.Event{Type: fmt.Sprintf("pay.%02d", i), Summary: fmt.Sprintf("thing %02d", i)}
}

func pagesForPay() *catalog.Catalog {
	c := catalog.Builtin([]event.Class{{Name: "pay.*", Owner: "shop", Severity: severity.Critical}})
	c.Policies["default"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: time.Hour}}}
	c.People = map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"mail:ana"}}}
	c.Teams["shop"] = catalog.Team{Members: []escalate.PersonID{"ana"}}
	return c
}

func engineOn(t *testing.T, s store.Store, p *pages) *tocsin.Engine {
	t.Helper()
	bell, err := tocsin.New(&tocsin.Config{
		Store: s, Catalog: pagesForPay(), Notifiers: map[string]notify.Notifier{"mail": p, escalate.DefaultChannel: p},
	})
	require.NoError(t, err)
	return bell
}

// running runs the engine until the returned function is called.
func running(t *testing.T, bell *tocsin.Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bell.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

// poison makes 20 rows of the file unreadable, in eight ways, and returns their names.
func poison(t *testing.T, path string) (names []string) {
	t.Helper()
	s, err := sqlite.Open(path)
	require.NoError(t, err)
	row := func(kind string, i int) store.Snapshot {
		rows, err := s.Read(t.Context(), store.Query{Kind: kind, Limit: 1_000, Timeline: true})
		require.NoError(t, err)
		rows = slices.DeleteFunc(rows, func(row store.Snapshot) bool {
			return !strings.Contains(fmt.Sprintf("%+v %+v", row.Key, row.Rec), fmt.Sprintf("pay.%02d", i))
		})
		require.Len(t, rows, 1, "%s of thing %d", kind, i)
		return rows[0]
	}
	var statements []string
	damage := func(table, what string, args ...any) {
		statements = append(statements, fmt.Sprintf("UPDATE "+table+" SET "+what, args...))
	}
	for i := range 16 {
		kind := []string{"alert", "group"}[i%2]
		if i >= 14 {
			kind = "incident"
		}
		k := row(kind, i).Key
		names = append(names, kind+" "+k.ID)
		switch i / 4 {
		case 0:
			require.NoError(t, s.Plant(k, 1, []byte(`{"id":`)), "not JSON")
		case 1:
			require.NoError(t, s.Plant(k, 0, []byte(`{}`)), "a schema that there never was")
		case 2:
			require.NoError(t, s.Plant(k, 9, []byte(`{}`)), "a newer schema")
		case 3:
			damage("record", "doc = doc || ' ' WHERE kind = '%s' AND id = '%s'", k.Kind, k.ID)
		}
	}
	damaged := row("incident", 16)
	names = append(names, "incident "+damaged.Key.ID+" entry 1", "incident "+damaged.Key.ID+" entry 2")
	damage("entry", "doc = '{}' WHERE seq <= 2 AND record = (SELECT no FROM record WHERE kind = 'incident' AND id = '%s')", damaged.Key.ID)
	waiting, err := s.Read(t.Context(), store.Query{Kind: store.KindTask, State: "waiting"})
	require.NoError(t, err)
	at := slices.IndexFunc(waiting, func(row store.Snapshot) bool {
		return strings.Contains(string(row.Rec.(store.Task).Payload), "thing 17")
	})
	names = append(names, "task "+waiting[at].Key.ID)
	damage("task", "payload = CAST(replace(CAST(payload AS TEXT), 'thing 17', 'thing 18') AS BLOB) WHERE id = '%s'", waiting[at].Key.ID)
	log, err := s.Read(t.Context(), store.Query{Kind: store.KindLog, Limit: 1})
	require.NoError(t, err)
	names = append(names, "log "+log[0].Key.ID)
	damage("log", "doc = 'x' WHERE n = %d", log[0].Rec.(store.Entry).Seq)
	require.NoError(t, s.Close())

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	for _, text := range statements {
		done, err := db.Exec(text)
		require.NoError(t, err, text)
		n, err := done.RowsAffected()
		require.NoError(t, err)
		require.Positive(t, n, text)
	}
	require.NoError(t, db.Close())
	require.Len(t, names, 20)
	return names
}

// TestRow48 starts an engine on a file with 20 unreadable rows of eight kinds. It must list the 20 by name and page for all else: for
// what waits, for new things, and for things whose rows are lost. Things that newer versions wrote are refused, one by one.
func TestRow48(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(path)
		require.NoError(t, err)
		bell := engineOn(t, s, &pages{of: make(map[string]int)})
		for i := range things { // no Run: all pages wait
			require.NoError(t, bell.Submit(t.Context(), thing(i)))
		}
		require.NoError(t, s.Close())
	})
	names := poison(t, path)
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		err = s.Check(t.Context())
		require.ErrorIs(t, err, store.ErrUnreadable)
		assert.Len(t, strings.Split(err.Error(), "\n"), 16, "all but the four newer ones")
		p := &pages{of: make(map[string]int)}
		bell := engineOn(t, s, p)
		assert.ElementsMatch(t, names, unreadableNames(t, bell))

		stop := running(t, bell)
		time.Sleep(5 * time.Minute) // many pages to one person wait for each other
		synctest.Wait()
		require.NoError(t, bell.Health(t.Context()))
		got := p.take()
		for i := range things {
			want := 1
			if i == 17 { // its row says 18
				want = 0
			}
			assert.Equal(t, want, got[thing(i).Summary], "waiting page of thing %d", i)
		}
		for i := range things {
			err := bell.Submit(t.Context(), thing(things+i))
			require.NoError(t, err)
		}
		refused := bell.Submit(t.Context(), everyThing()...)
		require.ErrorIs(t, refused, store.ErrNewer)
		time.Sleep(5 * time.Minute) // many pages to one person wait for each other
		synctest.Wait()
		require.NoError(t, bell.Health(t.Context()))
		got = p.take()
		for i := range things {
			assert.Equal(t, 1, got[thing(things+i).Summary], "new thing %d", things+i)
		}
		time.Sleep(2 * time.Hour) // every level of every incident is due again
		synctest.Wait()
		escalated := p.take()
		for _, i := range []int{1, 3, 5, 7, 13} {
			assert.Positive(t, escalated[thing(i).Summary], "the group of thing %d is rebuilt, and escalates", i)
		}
		require.ErrorIs(t, bell.Submit(t.Context(), everyThing()...), store.ErrNewer)
		time.Sleep(5 * time.Minute) // many pages to one person wait for each other
		synctest.Wait()
		got = p.take()
		again, findings := 0, 0
		for i := range things {
			newer := i >= 8 && i < 12
			assert.Equal(t, !newer, got[thing(i).Summary]+escalated[thing(i).Summary] > 0, "page of thing %d: who escalates it, or what opens in its place", i)
			if !newer {
				again++
			}
		}
		open, err := bell.Incidents(t.Context(), tocsin.Query{Phase: incident.Active, Limit: 1_000})
		require.NoError(t, err)
		for i := range open {
			if open[i].Class == "tocsin."+event.FindingUnreadable {
				findings++
			}
		}
		assert.Equal(t, 16, findings, "one for each row, but for the four of a newer version")
		assert.ElementsMatch(t, names, unreadableNames(t, bell), "what was replaced is listed with its document")
		t.Logf("%d rows unreadable, %d new things paged, %d of %d old ones paged on", len(names), things, again, things)
		stop()
	})
}

// everyThing returns an event of every thing.
func everyThing() (all []event.Event) {
	for i := range things {
		all = append(all, thing(i))
	}
	return all
}

// unreadableNames lists what the engine cannot read.
func unreadableNames(t *testing.T, bell *tocsin.Engine) (names []string) {
	t.Helper()
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
