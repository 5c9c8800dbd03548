package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// spoken is an event of an intake.
func spoken(tenant, intake string) event.Event {
	e := critical("x")
	e.Tenant, e.Intake = tenant, intake
	return e
}

// TestHeard tells a day of two intakes: one speaks each minute and stops, the other speaks once.
func TestHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bell, stop := begin(t, memory.New(), &inbox{})
		defer stop()
		began := time.Now()
		h := bell.Heard("")
		assert.Equal(t, tocsin.Heard{Since: began}, h, "nothing was heard yet")
		require.NoError(t, bell.Submit(t.Context(), spoken("", "once"), spoken("a", "theirs")))
		for range 25 * 60 {
			time.Sleep(time.Minute)
			require.NoError(t, bell.Submit(t.Context(), spoken("", "prometheus-eu"), spoken("", "prometheus-eu")))
		}
		last := time.Now()
		want := []tocsin.Intake{{Name: "once", Last: began}, {Name: "prometheus-eu", Last: last, Usual: time.Minute}}
		assert.Equal(t, want, bell.Heard("").Intakes)
		require.Error(t, bell.Submit(t.Context(), event.Event{Intake: "odd"}), "an event that is refused")
		require.NoError(t, bell.Submit(t.Context(), event.Finding(event.FindingLoss, "x", "a finding is heard of nobody")))
		settle(40 * time.Minute)
		want[1].Silent = true
		assert.Equal(t, want, bell.Heard("").Intakes)
		assert.Equal(t, []tocsin.Intake{{Name: "theirs", Last: began}}, bell.Heard("a").Intakes)
		settle(8 * 24 * time.Hour)
		assert.False(t, bell.Heard("").Intakes[1].Silent, "it is not missed any more")
	})
}

// TestHeardSent: what a channel took counts as delivered, what it refused does not, and a test message is told apart.
func TestHeardSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		bell, stop := begin(t, memory.New(), notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			if down {
				return notify.Receipt{}, errors.New("busy")
			}
			return notify.Receipt{}, nil
		}))
		defer stop()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(time.Second)
		assert.Zero(t, bell.Heard("").Delivered)
		down = false
		settle(time.Minute)
		paged := bell.Heard("")
		assert.NotZero(t, paged.Delivered)
		assert.Zero(t, paged.Tested)
		assert.Zero(t, bell.Heard("a").Delivered, "of another tenant")
		settle(time.Second)
		require.NoError(t, bell.SendTest(t.Context(), "slack:@ana"))
		settle(time.Second)
		tested := bell.Heard("")
		assert.True(t, tested.Tested.After(paged.Delivered))
		assert.Equal(t, tested.Tested, tested.Delivered)
	})
}

// TestHeardBounds: senders who make up names fill what is kept of names, which is said, and those who are known stay known.
func TestHeardBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bell, stop := begin(t, memory.New(), &inbox{})
		defer stop()
		submit := func(intakes ...string) {
			for _, name := range intakes {
				require.NoError(t, bell.Submit(t.Context(), spoken("", name)))
			}
		}
		submit("known")
		for k := range 1_100 {
			submit(fmt.Sprint("\u202e", strings.Repeat("x", 240), k))
		}
		h := bell.Heard("")
		assert.Len(t, h.Intakes, 1_000)
		assert.True(t, h.Further)
		settle(time.Hour)
		submit("known", "new")
		h = bell.Heard("")
		assert.Equal(t, "known", h.Intakes[0].Name)
		assert.Equal(t, time.Now(), h.Intakes[0].Last)
		assert.True(t, h.Further)
		settle(9 * 24 * time.Hour)
		submit("new")
		h = bell.Heard("")
		assert.Equal(t, []tocsin.Intake{{Name: "new", Last: time.Now()}}, h.Intakes, "the others have not spoken for eight days")
		assert.False(t, h.Further)
	})
}
