package tocsin_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
)

// TestRow23: Run ends in time although every place of a channel is taken by a notifier that hangs. What lives leave behind is
// looked at over all stores, in module integration.
func TestRow23(t *testing.T) {
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
}
