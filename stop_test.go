package tocsin_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestAStopBlamesNobody: messages and calls that a stop cancels count as no failure of their channel, their timelines have no failed try,
// and their leases are given back: the next process tries them at once.
func TestAStopBlamesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Runbooks = map[string]automate.Runbook{"mend": {
			Owner: "payments", Mode: automate.Auto, When: "true", On: "type", Steps: []automate.Step{{Do: "act"}},
		}}
		c.Policies["two"].Levels[0].Wait = time.Hour
		kept := memory.New()
		var mu sync.Mutex
		var tries []string
		start, hang := time.Now(), true
		try := func(ctx context.Context, what string) error {
			mu.Lock()
			tries = append(tries, fmt.Sprintf("%v %s", time.Since(start), what))
			hung := hang
			mu.Unlock()
			if hung {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		life := func() (*tocsin.Engine, *meters.Provider, func()) {
			count := meters.New()
			page := notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
				return notify.Receipt{}, try(ctx, string(m.Kind))
			})
			bell, err := tocsin.New(&tocsin.Config{
				Catalog: c, Store: kept, StopWithin: 2 * time.Second, MeterProvider: count, Notifiers: map[string]notify.Notifier{"slack": page, "sms": page},
				Actions: map[string]automate.Action{"act": automate.ActionFunc(func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
					return automate.Result{}, try(ctx, "call")
				})},
			})
			require.NoError(t, err)
			return bell, count, run(t, bell)
		}
		for i := range 6 { // as many failures as open a breaker
			bell, count, stop := life()
			if i == 0 {
				require.NoError(t, bell.Submit(t.Context(), critical("x")))
			}
			settle(time.Second)
			stop()
			assert.EqualValues(t, 0, count.Count("tocsin.message.send.duration"))
			assert.EqualValues(t, 0, count.Count("tocsin.action.run.duration", "outcome", "failed"))
		}
		mu.Lock()
		hang = false
		mu.Unlock()
		bell, count, stop := life()
		settle(time.Second)
		assert.EqualValues(t, 1, count.Count("tocsin.message.send.duration", "kind", "page"))
		stop()
		var want []string
		for i := range 7 {
			at := time.Duration(i) * 3 * time.Second // a second of work and two of StopWithin
			want = append(want, fmt.Sprintf("%v page", at), fmt.Sprintf("%v call", at))
		}
		assert.Subset(t, tries, want)
		entries, err := bell.Timeline(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		for i := range entries {
			assert.NotContains(t, entries[i].Line(start), "canceled")
		}
		require.NoError(t, bell.Do(t.Context(), respond.Acknowledge{Incident: inc("pay.x/checkout#1"), By: "ana"}))
	})
}

// TestTheLookEndsWithRun: Run ends although there is always more work, and what is left is there for the next Run.
func TestTheLookEndsWithRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, in := &trying{Store: memory.New(), claim: lasts(100 * time.Millisecond)}, &inbox{}
		in.answer = func(notify.Message) error {
			time.Sleep(2 * time.Second)
			return nil
		}
		room := twoLevels() // whose pages leave one by one
		room.Policies["two"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"channel:slack:ops"}, Wait: time.Hour}}}
		bell, stop := begin(t, kept, in)
		require.NoError(t, bell.Reload(room))
		for i := range 300 {
			e := critical("x")
			e.Tenant = fmt.Sprint(i)
			require.NoError(t, bell.Submit(t.Context(), e))
		}
		settle(time.Second)
		stopped := time.Now()
		stop()
		assert.LessOrEqual(t, time.Since(stopped), 11*time.Second)
		require.Less(t, len(in.lines()), 200)
		bell, stop = begin(t, kept, in)
		require.NoError(t, bell.Reload(room))
		settle(90 * time.Second)
		first := make(map[string]bool)
		for _, m := range in.messages {
			if m.Kind == notify.Page && m.Class == "pay.x" {
				first[m.Incident] = true
			}
		}
		assert.Equal(t, 300, len(first))
		stop()
	})
}

// TestLastOffers: what is offered until Run ends is stored and sent before Run returns.
func TestLastOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, in := &trying{Store: memory.New(), update: lasts(100 * time.Millisecond)}, &inbox{}
		bell, stop := begin(t, kept, in)
		settle(time.Minute)
		for i := range 40 { // more than one commit takes
			require.True(t, bell.Offer(critical(fmt.Sprint(i))))
		}
		stop()
		pages := make(map[string]bool)
		for _, m := range in.messages {
			pages[m.Summary] = m.Kind == notify.Page
		}
		for i := range 40 {
			assert.True(t, pages[fmt.Sprint(i)], "the page about %d", i)
		}
	})
}
