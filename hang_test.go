package tocsin_test

import (
	"context"
	"fmt"
	"maps"
	"runtime"
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
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// threeChannels is a catalog whose plans page a room of each of three channels; the second level of all is over sms. Pages to a room do not
// wait for each other, as those to a person do.
func threeChannels() *catalog.Catalog {
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "sms"}, Teams: map[string]catalog.Team{"shop": {}},
		Services: map[string]catalog.Service{}, Plans: map[string]catalog.Plan{}, Policies: map[string]escalate.Policy{},
	}
	for _, name := range []string{"slack", "sms", "mail"} {
		c.Services[name] = catalog.Service{Owner: "shop", Tier: 2}
		c.Classes = append(c.Classes, event.Class{Name: name + ".*", Service: name, Plan: name})
		c.Plans[name] = catalog.Plan{Policy: name}
		c.Policies[name] = escalate.Policy{Repeat: new(0), Levels: []escalate.Level{
			{Page: []escalate.Target{escalate.Target("channel:" + name + ":1")}, Wait: 2 * time.Minute},
			{Page: []escalate.Target{"channel:sms:1"}, Wait: 3 * time.Minute},
		}}
	}
	return c
}

// TestAHangHoldsNobodyElse: while the notifier of slack hangs for ten minutes, deaf even to its context, every message over
// another channel leaves at the very instant at which it leaves without the hang.
func TestAHangHoldsNobodyElse(t *testing.T) {
	const (
		workers = 3 * 16 // places of the three channels
		events  = 300
	)
	play := func(t *testing.T, hang bool) (left map[string]time.Duration, hung, goroutines int) {
		left = make(map[string]time.Duration)
		synctest.Test(t, func(t *testing.T) {
			start, before := time.Now(), runtime.NumGoroutine()
			var mu sync.Mutex
			note := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
				mu.Lock()
				defer mu.Unlock()
				goroutines = max(goroutines, runtime.NumGoroutine()-before)
				if !event.IsFinding(m.Class) { // those are about the hang
					left[m.Key] = time.Since(start)
				}
				return notify.Receipt{}, nil
			})
			slack := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				if wait := time.Until(start.Add(10 * time.Minute)); hang && wait > 0 {
					mu.Lock()
					hung++
					mu.Unlock()
					time.Sleep(wait)
				}
				return notify.Receipt{}, nil
			})
			bell, err := tocsin.New(&tocsin.Config{Catalog: threeChannels(), Notifiers: map[string]notify.Notifier{"slack": slack, "sms": note, "mail": note}})
			require.NoError(t, err)
			defer run(t, bell)()
			for i := range events {
				class := fmt.Sprintf("%s.%d", []string{"slack", "sms", "mail"}[i%3], i)
				require.NoError(t, bell.Submit(t.Context(), event.Event{Type: class, Severity: severity.Level(1 + i%4), Summary: class}))
				time.Sleep(1900 * time.Millisecond)
			}
			settle(20 * time.Minute)
		})
		return left, hung, goroutines
	}
	calm, _, _ := play(t, false)
	storm, hung, goroutines := play(t, true)
	assert.Equal(t, 12, hung, "every place of slack but those of P1 is stuck")
	assert.Greater(t, len(calm), 200)
	late := 0
	for key, at := range calm {
		if storm[key] != at {
			late++
		}
	}
	assert.Zero(t, late)
	assert.Equal(t, len(calm), len(storm))
	assert.True(t, maps.Equal(calm, storm))
	assert.LessOrEqual(t, goroutines, workers+20)
	t.Logf("%d messages over other channels, %d at another instant; %d tries hang; at most %d goroutines for %d places",
		len(calm), late, hung, goroutines, workers)
}

// TestNothingHeard: a message that hangs beyond its time counts as failed, so that the next contact and the next level are
// asked; that it leaves after all is written down and taken for no second page.
func TestNothingHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, start := &inbox{}, time.Now()
		slack := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			time.Sleep(time.Until(start.Add(3 * time.Minute)))
			return notify.Receipt{}, nil
		})
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": slack, "sms": in}})
		require.NoError(t, err)
		defer run(t, bell)()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(2*time.Minute - time.Second)
		assert.Empty(t, in.lines())
		settle(2 * time.Second)
		assert.Equal(t, []string{"page anasms x"}, in.lines())
		settle(time.Minute)
		entries, err := bell.Timeline(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		var lines []string
		for i := range entries {
			lines = append(lines, entries[i].Line(start))
		}
		assert.Subset(t, lines, []string{
			"+2m  page  level 1  ana  slack  failed: its time passed before it was sent",
			"+2m  level 2  pages ben",
			"+2m  page  level 1  ana  sms",
			"+3m  page  level 1  ana  slack  left while it was withdrawn",
			"+3m  page  level 2  ben  slack",
		})
	})
}
