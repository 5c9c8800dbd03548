package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// commits is a store whose Updates take a millisecond each, in the order in which they were called.
type commits struct {
	*memory.Store
	turn chan struct{} // capacity 1

	mu   sync.Mutex
	done []commit
	runs int                         // of decide
	fail func(n int, c commit) error // called before the n-th Update, from 0
}

// commit is what one Update was about.
type commit struct {
	alerts []string // of its scope
	behind int      // Updates that were under way or waiting when it was called
}

func newCommits() *commits {
	return &commits{Store: memory.New(), turn: make(chan struct{}, 1)}
}

func (s *commits) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	var c commit
	for _, k := range sc.Write {
		if k.Kind == core.KindAlert {
			c.alerts = append(c.alerts, k.ID)
		}
	}
	s.mu.Lock()
	began := len(s.done)
	s.mu.Unlock()
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	time.Sleep(time.Millisecond)
	s.mu.Lock()
	n := len(s.done)
	c.behind = n - began
	s.done = append(s.done, c)
	s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(n, c); err != nil {
			return err
		}
	}
	return s.Store.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		s.runs++ // one Update at a time
		return decide(v)
	})
}

// after returns the commits from the n-th on.
func (s *commits) after(n int) []commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done[n:]
}

// crowdCatalog has noise that pages nobody within an hour, and checkouts of P1 that page at once.
func crowdCatalog() *catalog.Catalog {
	at, later := time.Duration(0), time.Hour
	page := []escalate.Level{{Page: []escalate.Target{"channel:" + escalate.DefaultChannel}}}
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "ops", Plan: "noise"}, Teams: map[string]catalog.Team{"ops": {}},
		Services: make(map[string]catalog.Service),
		Plans:    map[string]catalog.Plan{"noise": {Policy: "page", GroupWait: &later}, "urgent": {Policy: "page", GroupWait: &at}},
		Policies: map[string]escalate.Policy{"page": {Levels: page, Inform: true}},
		Classes:  []event.Class{{Name: "noise.*", Plan: "noise"}},
	}
	for i := range 20 {
		name := "pay" + strconv.Itoa(i)
		c.Services[name] = catalog.Service{Owner: "ops", Tier: 1}
		c.Classes = append(c.Classes, event.Class{Name: "down." + name, Service: name, Plan: "urgent"})
	}
	return c
}

func noise(sender string, n int) []event.Event {
	all := make([]event.Event, n)
	for i := range all {
		subject := sender + "-" + strconv.Itoa(i)
		all[i] = event.Event{Type: "noise.cpu", Subject: subject, Severity: severity.Warning, ID: subject, DedupKey: subject}
	}
	return all
}

func urgentEvent(i int) event.Event {
	key := "urgent-" + strconv.Itoa(i)
	return event.Event{Type: "down.pay" + strconv.Itoa(i), Severity: severity.Critical, Summary: key, DedupKey: key}
}

// called notes when messages leave.
type called struct {
	mu sync.Mutex
	at map[string]time.Time // by summary
}

func (c *called) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at[m.Summary] = time.Now()
	return notify.Receipt{}, nil
}

func TestRow52(t *testing.T) {
	for _, c := range []struct{ senders, events int }{{1, 20_000}, {4, 5_000}} {
		if testing.Short() {
			c.events /= 4
		}
		t.Run(fmt.Sprintf("%d senders of %d events", c.senders, c.events), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { besideACrowd(t, c.senders, c.events) })
		})
	}
}

// besideACrowd submits a P1 again and again while each sender submits all its events in one call. Every Update takes a millisecond.
func besideACrowd(t *testing.T, senders, events int) {
	st, out := newCommits(), &called{at: make(map[string]time.Time)}
	e, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: crowdCatalog(), Store: st, Notifier: out})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var all, crowd sync.WaitGroup
	all.Go(func() { assert.NoError(t, e.Run(ctx)) })
	synctest.Wait()
	for s := range senders {
		crowd.Go(func() { assert.NoError(t, e.Submit(ctx, noise(strconv.Itoa(s), events)...)) })
	}
	longest := time.Duration(0)
	const urgents = 10
	for i := range urgents {
		time.Sleep(7 * time.Millisecond)
		began := time.Now()
		require.NoError(t, e.Submit(ctx, urgentEvent(i)))
		time.Sleep(20 * time.Millisecond)
		out.mu.Lock()
		paged, ok := out.at["urgent-"+strconv.Itoa(i)]
		out.mu.Unlock()
		require.True(t, ok, i)
		longest = max(longest, paged.Sub(began))
	}
	crowd.Wait()
	stop()
	all.Wait()

	stored, urgent, most := 0, 0, 0
	for _, c := range st.after(0) {
		stored += len(c.alerts)
		most = max(most, len(c.alerts))
		if len(c.alerts) == 1 {
			urgent++
			assert.LessOrEqual(t, c.behind, senders+1, "one piece of each sender, and one commit of Run")
		}
	}
	assert.Equal(t, urgents, urgent)
	assert.Equal(t, senders*events+urgents, stored)
	assert.LessOrEqual(t, most, 50, "all open groups, as far as is known")
	assert.LessOrEqual(t, longest, time.Duration(senders+2)*time.Millisecond, "from Submit to the page")
	t.Logf("%d Updates of at most %d alerts; a page left at most %v after its Submit began", len(st.after(0)), most, longest)
}

// TestManyIncidentsTakeFewRuns: a run of Decide asks for all that it lacks, so that their number does not grow with that of the incidents.
func TestManyIncidentsTakeFewRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newCommits()
		e, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: crowdCatalog(), Store: st, Notifier: &called{}})
		require.NoError(t, err)
		require.NoError(t, e.Submit(t.Context(), noise("a", 50)...))
		assert.LessOrEqual(t, st.runs, 3)
		t.Logf("%d runs", st.runs)
	})
}

func TestAPieceThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newCommits()
		e, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: crowdCatalog(), Store: st, Notifier: &called{}})
		require.NoError(t, err)
		events := noise("a", 120)
		events[119].ID = events[0].ID // repeats the id of an earlier piece
		broken := errors.New("the disk is gone")
		st.fail = func(n int, _ commit) error {
			if n == 2 {
				return broken
			}
			return nil
		}
		err = e.Submit(t.Context(), events...)
		require.ErrorIs(t, err, broken)
		require.EqualError(t, err, "tocsin: submit: 100 of 120 events are stored, the next failed: the disk is gone")
		stored := func() (n int, count uint64) {
			rows, err := st.Read(t.Context(), store.Query{Kind: core.KindAlert, Limit: 1000})
			require.NoError(t, err)
			for _, r := range rows {
				count += r.Rec.(*core.Alert).Count
			}
			return len(rows), count
		}
		alerts, count := stored()
		assert.Equal(t, 100, alerts)
		assert.EqualValues(t, 100, count)

		require.NoError(t, e.Submit(t.Context(), events...))
		alerts, count = stored()
		assert.Equal(t, 119, alerts)
		assert.EqualValues(t, 119, count, "no event counts twice")
		assert.Len(t, st.after(0), 3+1, "the 100 events that are known fire already: they share a piece with the others")
	})
}

func TestUrgentAlertsOfACallGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newCommits()
		e, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: crowdCatalog(), Store: st, Notifier: &called{}})
		require.NoError(t, err)
		calm := urgentEvent(1)
		calm.Severity, calm.Summary = severity.Info, "it begins"
		worse, over := urgentEvent(1), urgentEvent(1)
		over.Signal = event.Resolve
		events := append(noise("a", 120), calm, urgentEvent(2), worse, over)
		require.NoError(t, e.Submit(t.Context(), events...))

		first := st.after(0)[0].alerts
		assert.Equal(t, []string{"shop/urgent-1", "shop/urgent-2", "shop/a-0"}, first[:3])
		rows, err := st.Read(t.Context(), store.Query{Keys: []store.Key{{Kind: core.KindAlert, ID: "shop/urgent-1"}}})
		require.NoError(t, err)
		got := rows[0].Rec.(*core.Alert)
		assert.Equal(t, alert.Resolved, got.State, "the resolve still came last")
		assert.Equal(t, "it begins", got.First.Summary, "and the first event first")
		assert.EqualValues(t, 2, got.Count)
	})
}

func TestTooMuchUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, forP1 = 4_000, 1_000
		st := newCommits()
		e, err := tocsin.New(&tocsin.Config{Service: "shop", Catalog: crowdCatalog(), Store: st, Notifier: &called{}})
		require.NoError(t, err)
		events := noise("a", calls+1)
		st.turn <- struct{}{} // no Update ends
		var all sync.WaitGroup
		submit := func(ev event.Event) { all.Go(func() { assert.NoError(t, e.Submit(t.Context(), ev)) }) }
		for _, ev := range events[:calls] {
			submit(ev)
		}
		synctest.Wait()
		var over *event.OverloadError
		require.ErrorAs(t, e.Submit(t.Context(), events[calls]), &over)
		assert.Equal(t, 5*time.Second, over.RetryAfter)
		for range forP1 {
			submit(urgentEvent(1))
		}
		synctest.Wait()
		require.ErrorAs(t, e.Submit(t.Context(), urgentEvent(2)), &over, "the share of P1 has its bound too")
		<-st.turn
		all.Wait()
		require.NoError(t, e.Submit(t.Context(), events[calls]))
		rows, err := st.Read(t.Context(), store.Query{Kind: core.KindAlert, Limit: 2 * calls})
		require.NoError(t, err)
		assert.Len(t, rows, calls+1+1, "what was let in is stored, and nothing else")
	})
}
