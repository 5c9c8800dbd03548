package tocsin_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// clocked is a store whose clock is ahead of ours.
type clocked struct {
	store.Store
	ahead atomic.Int64
	down  atomic.Bool
	asked atomic.Int64
}

func (c *clocked) Ahead(context.Context) (time.Duration, error) {
	c.asked.Add(1)
	if c.down.Load() {
		return 0, errors.New("no answer")
	}
	return time.Duration(c.ahead.Load()), nil
}

// TestEnginesGoByTheClockOfTheStore: an engine whose own clock is wrong dates everything as one whose clock is right, waits as
// long, tries again as soon, and follows when the clocks come apart further.
func TestEnginesGoByTheClockOfTheStore(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"right": 0, "slow": time.Hour, "fast": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &clocked{Store: memory.New()}
				kept.ahead.Store(int64(ahead))
				start, tries := time.Now(), 0
				var sent []time.Duration
				send := func(_ context.Context, m notify.Message) (notify.Receipt, error) {
					if tries++; tries == 1 {
						return notify.Receipt{}, notify.RetryAfter(errors.New("busy"), 20*time.Second)
					}
					sent = append(sent, time.Since(start))
					return notify.Receipt{}, nil
				}
				c, slack := twoLevels(), notify.NotifierFunc(send)
				c.Policies["two"].Levels[0].Wait = 10 * time.Minute
				e, err := tocsin.New(&tocsin.Config{
					Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": slack, "sms": slack},
				})
				require.NoError(t, err)
				stop := run(t, e)
				require.NoError(t, e.Submit(t.Context(), critical("stuck")))
				settle(time.Minute)
				require.Len(t, sent, 1)
				assert.Equal(t, 20*time.Second, sent[0], "the second try of the first page")
				inc, err := e.Incident(t.Context(), inc("pay.stuck/checkout#1"))
				require.NoError(t, err)
				assert.True(t, inc.Detected.Equal(start.Add(ahead)), "detected %v, by the store's clock %v", inc.Detected, start.Add(ahead))

				kept.down.Store(true) // what it told last holds
				settle(2 * time.Minute)
				kept.down.Store(false)
				kept.ahead.Add(int64(30 * time.Second))
				settle(8 * time.Minute)
				require.Len(t, sent, 2)
				assert.Equal(t, 10*time.Minute-30*time.Second, sent[1], "level 2 comes when it is due by the store's clock")
				stop()
			})
		})
	}
}

// TestAClockThatDidNotAnswerIsAskedSoonAgain: a store that is away when the clocks are compared is asked every 5 seconds until it
// answers, and then once a minute as ever. What has come apart meanwhile counts from then on.
func TestAClockThatDidNotAnswerIsAskedSoonAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &clocked{Store: memory.New()}
		e, err := tocsin.New(&tocsin.Config{
			Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}},
		})
		require.NoError(t, err)
		defer run(t, e)()
		asked := func(d time.Duration) int64 {
			before := kept.asked.Load()
			settle(d)
			return kept.asked.Load() - before
		}
		asked(time.Second)
		assert.EqualValues(t, 2, asked(2*time.Minute))
		kept.down.Store(true)
		assert.EqualValues(t, 1+4, asked(time.Minute+20*time.Second), "once in its time, and then every 5 seconds")
		start := time.Now()
		kept.down.Store(false)
		kept.ahead.Store(int64(time.Hour))
		assert.EqualValues(t, 1, asked(5*time.Second))
		require.NoError(t, e.Submit(t.Context(), critical("stuck")))
		inc, err := e.Incident(t.Context(), inc("pay.stuck/checkout#1"))
		require.NoError(t, err)
		assert.Equal(t, start.Add(5*time.Second+time.Hour).UTC(), inc.Detected)
		assert.EqualValues(t, 2, asked(2*time.Minute))
	})
}
