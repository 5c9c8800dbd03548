package outbox

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/notify"
)

// keeper is a notifier whose provider keeps incidents open.
type keeper struct{ notify.NotifierFunc }

func (keeper) Keeps() {}

// TestOnlyAKeeperGetsAClose: a provider that keeps an incident open hears of its end, and nobody else is told.
func TestOnlyAKeeperGetsAClose(t *testing.T) {
	for name, wants := range map[string]int{"keeps": 1, "does not keep": 0} {
		t.Run(name, func(t *testing.T) {
			got := 0
			var n notify.Notifier = notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
				got++
				return notify.Receipt{}, nil
			})
			if wants > 0 {
				n = keeper{n.(notify.NotifierFunc)}
			}
			c := &channel{notifier: n}
			require.NoError(t, c.notify(t.Context(), notify.Message{Kind: notify.Close}))
			assert.Equal(t, wants, got)
			require.NoError(t, c.notify(t.Context(), notify.Message{Kind: notify.Page}))
			assert.Equal(t, wants+1, got)
		})
	}
}
