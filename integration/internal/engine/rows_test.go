package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// stuck is an event that makes a P1.
func stuck(id string) event.Event {
	return event.Event{ID: id, Source: "test", Intake: "test", Type: "pay.stuck", Severity: severity.Critical, Summary: "stuck"}
}

// TestRow05 acknowledges an incident right before every single call of its story, in turn: the escalation ends with the
// commit of the acknowledgement, and a page that was on its way by then is marked on the timeline.
func TestRow05(t *testing.T) {
	const before = 2 // who submits the event, and its commit
	var n tally
	at := before
	for acknowledgeBefore(t, at, &n) {
		at++
	}
	require.Equal(t, at-before, n.acknowledged)
	require.Positive(t, n.late)
	t.Logf("acknowledged before each of %d calls: %+v", at-before, n)
}

// acknowledgeBefore lets a person acknowledge before the call with the index; false if the story has no such call.
func acknowledgeBefore(t *testing.T, index int, n *tally) (done bool) {
	synctest.Test(t, func(t *testing.T) {
		kept := memory.New()
		s := stage.New(t, kept, twoLevels(false), twoLevels(false))
		s.Submit(stuck("1"))
		calls := 0
		for began := time.Now(); time.Since(began) < 8*time.Minute; {
			held := s.Held()
			if len(held) == 0 {
				time.Sleep(10 * time.Second)
				continue
			}
			if calls == index {
				s.Alone(func() { s.Do(respond.Acknowledge{Incident: first, By: "ana", ID: "ack"}) })
				done = true
			}
			s.Let(held[0], stage.Through)
			calls++
		}
		s.Calm(time.Minute)
		s.End()
		require.Empty(t, s.Faults, "before call %d", index)
		check(t, kept, s.Done, n)
	})
	return done
}

// TestRow16: due is wall time. A clock that steps back by an hour repeats no page, one that steps forward makes no timer fire
// twice, nor out of its order.
func TestRow16(t *testing.T) {
	t.Run("back", func(t *testing.T) {
		kept := memory.New()
		var pages []string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Hour)
			s := stage.New(t, kept, twoLevels(false))
			s.Submit(stuck("1"))
			s.Calm(3 * time.Minute)
			s.End()
			pages = append(pages, keys(s)...)
		})
		require.Len(t, pages, 2, "two levels")
		synctest.Test(t, func(t *testing.T) { // in which it is an hour earlier
			time.Sleep(3 * time.Minute)
			s := stage.New(t, kept, twoLevels(false))
			s.Calm(30 * time.Minute)
			assert.Empty(t, s.Pages, "nothing is due")
			s.Submit(stuck("2"))
			s.Do(respond.Reprioritise{Incident: first, By: "ana", Priority: severity.P1, Because: "test"})
			s.Calm(45 * time.Minute)
			s.End()
			pages = append(pages, keys(s)...)
		})
		once(t, kept, pages)
	})
	t.Run("forward", func(t *testing.T) {
		kept := memory.New()
		synctest.Test(t, func(t *testing.T) {
			c := twoLevels(false)
			c.Policies["two"] = escalate.Policy{Levels: c.Policies["two"].Levels} // until somebody answers
			s := stage.New(t, kept, c)
			s.Submit(stuck("1"))
			s.Calm(30 * time.Second)
			time.Sleep(time.Hour) // and nobody does anything
			s.Calm(0)
			assert.ElementsMatch(t, []string{
				first + "-1-0 @ana", first + "-25-0 @ana", // before, and the level of now
				core.IncidentID("", "tocsin.dead-letter/"+first, 1) + "-8-0 @ben", // that pages in between were not sent
			}, keys(s))
			s.Calm(10 * time.Minute)
			s.End()
			once(t, kept, keys(s))
		})
	})
}

// keys returns the keys of the pages, each with its address.
func keys(s *stage.Stage) (keys []string) {
	for _, m := range s.Pages {
		keys = append(keys, m.Key+" "+m.To)
	}
	return keys
}

// once holds that no page came twice, that every level fired once, when the wait of the one before was over, and that no
// timeline goes back.
func once(t *testing.T, kept store.Store, pages []string) {
	t.Helper()
	slices.Sort(pages)
	assert.Equal(t, slices.Compact(slices.Clone(pages)), pages)
	check(t, kept, nil, new(tally))
	waits := map[string]time.Duration{"1": 2 * time.Minute, "2": 3 * time.Minute} // by level
	levels := 0
	var due time.Time
	for _, tl := range stage.Timelines(t, kept) {
		for i := range tl.Lines {
			e := &tl.Lines[i]
			if wait, ok := waits[e.Of]; ok && e.Word == incident.WordLevel && tl.ID == first {
				if levels > 0 {
					assert.Equal(t, due, e.At, stage.Text(e))
				}
				levels, due = levels+1, e.At.Add(wait)
			}
		}
	}
	assert.GreaterOrEqual(t, levels, 6)
}
