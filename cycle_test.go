package tocsin_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
)

// TestRow23: engines that lived one after the other leave no goroutine and no memory behind, and Run ends in time although
// every place of a channel is taken by a notifier that hangs.
func TestRow23(t *testing.T) {
	t.Run("1,000 lives", func(t *testing.T) {
		lives, warm := 1_000, 50
		if testing.Short() {
			lives = 100
		}
		sent := make(chan struct{}, 1)
		n := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			sent <- struct{}{}
			return notify.Receipt{}, nil
		})
		var goroutines int
		var before int64
		for i := range warm + lives {
			if i == warm {
				goroutines, before = runtime.NumGoroutine(), heap()
			}
			bell, err := tocsin.New(&tocsin.Config{Notifier: n, Classes: []event.Class{slow}})
			require.NoError(t, err)
			stop := run(t, bell)
			require.NoError(t, bell.Submit(t.Context(), slow.Trigger("slow")))
			<-sent
			stop()
		}
		grown := heap() - before
		after := rest(goroutines)
		assert.LessOrEqual(t, after, goroutines)
		assert.Less(t, grown, int64(5<<20))
		t.Logf("%d lives: %d goroutines before and %d after, the heap has grown by %d KiB", lives, goroutines, after, grown>>10)
	})
	t.Run("a channel that hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			hung := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				<-release // deaf to its context
				return notify.Receipt{}, nil
			})
			bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": hung, "sms": hung}})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- bell.Run(ctx) }()
			for i := range 18 { // more than may be under way at once
				require.NoError(t, bell.Submit(t.Context(), critical(fmt.Sprint(i))))
			}
			synctest.Wait()
			stopped := time.Now()
			cancel()
			require.NoError(t, <-done)
			assert.Equal(t, 11*time.Second, time.Since(stopped), "StopWithin and a second")
			close(release) // the bubble ends only if nothing else is left
		})
	})
}

// rest returns how many goroutines there are, once there are no more than n: some end a moment after they are told to.
func rest(n int) int {
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > n && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	return runtime.NumGoroutine()
}

// heap returns how many bytes are in use once what is not is collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first has finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
