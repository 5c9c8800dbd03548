package tocsin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

// twoLevels is a catalog of one team with two people and a service of the first tier.
func twoLevels() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "loud"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:1"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}},
		Classes:  []event.Class{{Name: "pay.*", Service: "checkout", StaleAfter: 40 * time.Minute}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(3 * time.Minute)}},
		Policies: map[string]escalate.Policy{"two": {Repeat: new(2), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 3 * time.Minute},
		}}},
	}
}

// act is one thing that somebody does.
type act struct {
	after   time.Duration // since the one before
	event   event.Event
	command respond.Command
}

func script(seed uint64) []act {
	rng := rand.New(rand.NewPCG(seed, 2))
	acts := make([]act, 30)
	for i := range acts {
		a := act{after: time.Duration(1+rng.IntN(300)) * time.Second}
		id := inc(fmt.Sprintf("pay.%d/checkout#%d", rng.IntN(2), 1+rng.IntN(2)))
		switch k := rng.IntN(8); {
		case k < 5:
			a.event = event.Event{
				Type: fmt.Sprintf("pay.%d", rng.IntN(2)), Subject: fmt.Sprint(rng.IntN(2)), Signal: event.Signal(rng.IntN(3)),
				Severity: severity.Level(2 + rng.IntN(3)), Summary: fmt.Sprint("text ", i),
			}
		case k == 5:
			a.command = respond.Acknowledge{Incident: id, By: "ana"}
		case k == 6:
			a.command = respond.Resolve{Incident: id, By: "ben", Alerts: true, Override: "it is over"}
		default:
			a.command = respond.Unacknowledge{Incident: id, By: "ana"}
		}
		acts[i] = a
	}
	return acts
}

// TestBubbleEqualsCore: the engine with its timers, goroutines and store gives the same messages as the core alone.
func TestBubbleEqualsCore(t *testing.T) {
	messages := 0
	for seed := range uint64(40) {
		acts := script(seed)
		var fromEngine, fromCore map[string][]string
		synctest.Test(t, func(t *testing.T) { fromEngine = throughEngine(t, acts) })
		fromCore = throughCore(t, acts)
		require.Equal(t, fromCore, fromEngine, "seed %d", seed)
		for _, lines := range fromCore {
			messages += len(lines)
		}
	}
	require.Greater(t, messages, 500)
	t.Logf("40 logs, %d messages, seeds 0 to 39", messages)
}

const afterwards = 2 * time.Hour

func throughEngine(t *testing.T, acts []act) map[string][]string {
	start := time.Now()
	var mu sync.Mutex
	sent := 0
	count := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		sent++
		return notify.Receipt{}, nil
	})
	bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": count, "sms": count}})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	for _, a := range acts {
		time.Sleep(a.after)
		synctest.Wait()
		if a.command != nil {
			refusedOrNil(t, bell.Do(ctx, a.command))
		} else {
			require.NoError(t, bell.Submit(ctx, a.event))
		}
		synctest.Wait()
	}
	time.Sleep(afterwards)
	stop()
	require.NoError(t, <-done)

	lines, total := make(map[string][]string), 0
	incidents, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
	require.NoError(t, err)
	for _, inc := range incidents {
		timeline, err := bell.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
		for i := range timeline {
			if timeline[i].Word.Kind() == incident.KindPage {
				lines[inc.ID] = append(lines[inc.ID], timeline[i].Line(start))
				total++
			}
		}
		slices.Sort(lines[inc.ID]) // those of one instant come in any order
	}
	assert.Equal(t, total, sent, "every message that was sent is on a timeline")
	return lines
}

func throughCore(t *testing.T, acts []act) map[string][]string {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	s, err := sim.New(twoLevels(), start)
	require.NoError(t, err)
	for _, a := range acts {
		require.NoError(t, s.Advance(a.after))
		if a.command != nil {
			refusedOrNil(t, s.Do(a.command))
		} else {
			require.NoError(t, s.Submit(a.event))
		}
	}
	require.NoError(t, s.Advance(afterwards))
	lines := make(map[string][]string)
	for _, e := range s.Entries() {
		if e.Word.Kind() == incident.KindPage {
			lines[e.About] = append(lines[e.About], e.Line(start))
		}
	}
	for _, l := range lines {
		slices.Sort(l)
	}
	return lines
}

func refusedOrNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		var refused *respond.RefusedError
		require.ErrorAs(t, err, &refused)
	}
}
