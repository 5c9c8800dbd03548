package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// play draws an interleaving of two engines, people and time over a store, and returns the timelines.
func play(t *testing.T, at place, seed uint64, n *tally) (text string) {
	t.Helper()
	kept, end := at.make(t)
	defer end()
	defer func() {
		if t.Failed() {
			t.Logf("%s, seed %d", at.name, seed)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, kept, twoLevels(false), twoLevels(false))
		d := draw{Stage: s, rng: rand.New(rand.NewPCG(seed, 5)), n: n}
		d.event(event.Trigger)
		s.Pass(time.Duration(d.rng.IntN(4)) * time.Minute)
		for range 20 + d.rng.IntN(20) {
			d.step()
		}
		s.Calm(3 * time.Minute)
		s.End()
		require.Empty(t, s.Faults)
		n.pages += len(s.Pages)
		text = check(t, kept, s.Done, n)
	})
	return text
}

// draw lets a seed say what happens next.
type draw struct {
	*stage.Stage
	rng  *rand.Rand
	n    *tally
	told int // events and commands
}

// first is the incident of the first event.
var first = core.IncidentID("", "loud/payments/pay.stuck/checkout", 1)

func (d *draw) step() {
	held := d.Held()
	switch k := d.rng.IntN(100); {
	case k < 55 && len(held) > 0:
		fate := stage.Through
		if d.rng.IntN(5) == 0 {
			fate = stage.Fate(1 + d.rng.IntN(3))
		}
		d.Let(held[d.rng.IntN(len(held))], fate)
	case k < 70:
		d.Pass([]time.Duration{time.Second, 20 * time.Second, 31 * time.Second, time.Minute, 2 * time.Minute}[d.rng.IntN(5)])
	case k < 80:
		d.event([]event.Signal{event.Trigger, event.Resolve}[d.rng.IntN(2)])
	case k < 95:
		d.command()
	case k < 98:
		d.n.crashes++
		d.Crash(d.rng.IntN(2))
	default:
		d.n.reloads++
		d.Reload(d.rng.IntN(2), twoLevels(d.rng.IntN(2) == 0))
	}
}

func (d *draw) event(signal event.Signal) {
	d.told++
	d.Submit(event.Event{
		ID: fmt.Sprint(d.told), Source: "test", Intake: "test", Type: "pay.stuck", Subject: fmt.Sprint(d.rng.IntN(2)), Signal: signal,
		Severity: severity.Level(3 + d.rng.IntN(2)), Summary: fmt.Sprint("text ", d.told),
	})
}

// doors are the ways by which people acknowledge.
var doors = []string{"link", "dashboard", "api", "cli"}

func (d *draw) command() {
	d.told++
	id := fmt.Sprint(d.told)
	by := escalate.PersonID("p" + id)
	switch d.rng.IntN(8) {
	case 0:
		d.Do(respond.Resolve{Incident: first, By: by, Alerts: true, Override: "it is over", ID: id})
	case 1:
		d.Do(respond.Escalate{Incident: first, By: by, AsOf: escalate.Position{Round: 1, Level: 1 + d.rng.IntN(2)}, ID: id})
	case 2:
		d.Do(respond.Unacknowledge{Incident: first, By: escalate.PersonID(fmt.Sprint("p", 1+d.rng.IntN(d.told))), ID: id})
	default:
		d.Do(respond.Acknowledge{Incident: first, By: by, Via: doors[d.rng.IntN(len(doors))], ID: id})
	}
}

// TestInterleavings lets two engines, people, crashes and time take turns at random between any two calls of a store: after
// the commit of an acknowledgement nobody is asked further, and the same seed gives the same timelines on every store.
// TOCSIN_LONG=1 plays 100,000 on memory, 2,000 on SQLite and 500 on PostgreSQL.
func TestInterleavings(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		var of tally
		n := sized(150, 100_000)
		for seed := range n {
			play(t, inMemory(), seed, &of)
		}
		require.Greater(t, of.acknowledged, int(n), "somebody acknowledges more than once in each")
		t.Logf("seeds 0 to %d: %+v; 0 escalations after the acknowledgement", n-1, of)
	})
	t.Run("sqlite", func(t *testing.T) { likeMemory(t, inFiles(), sized(10, 2_000)) })
	t.Run("postgres", func(t *testing.T) { likeMemory(t, onServer(t), sized(5, 500)) })
}

// likeMemory plays seeds on a store and in memory.
func likeMemory(t *testing.T, at place, n uint64) {
	var of, again tally
	for seed := range n {
		want := play(t, inMemory(), seed, &again)
		require.Equal(t, want, play(t, at, seed, &of), "seed %d", seed)
	}
	require.Equal(t, again, of)
	require.Greater(t, of.acknowledged, int(n), "somebody acknowledges more than once in each")
	t.Logf("seeds 0 to %d: %+v; 0 escalations after the acknowledgement, timelines as in memory", n-1, of)
}
