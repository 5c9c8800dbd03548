package tocsintest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

var (
	fires    = payoutStuck.Trigger("payout waits", "merchant", "m-42")
	resolves = payoutStuck.Resolve("merchant", "m-42")
)

func TestSentShowsWhatIsMissing(t *testing.T) {
	probe := &failing{TB: t}
	w := tocsintest.New(probe, payments(t), saturday)
	w.Submit(fires)
	w.Sent("+0s  page  level 1  ben  slack")
	assert.Equal(t, `messages sent:
- +0s page level 1 ben slack
+ +0s page level 1 ana slack

because:
+0s  opened  critical "payout waits"  by app
+0s  opened  P1 = impact high (checkout, tier 1) × urgency high (critical)  class payments.payout.stuck  owner payments  "payout waits"  by app
+0s  level 1  pages ana
+0s  page  level 1  ana  slack`, probe.text)
}

// TestGolden: all that happened stands in a file, and a change of it shows the lines.
func TestGolden(t *testing.T) {
	play := func(t testing.TB, ack string) *tocsintest.World {
		w := tocsintest.New(t, payments(t), saturday)
		w.Submit(fires)
		w.Advance(5 * time.Minute)
		w.Do(respond.Acknowledge{Incident: w.Incident().ID, By: "ben", Via: ack})
		w.Submit(resolves)
		w.Advance(20 * time.Minute)
		return w
	}
	play(t, "slack").Golden("testdata/golden.txt")
	if *update {
		return
	}
	probe := &failing{TB: t}
	play(probe, "sms").Golden("testdata/golden.txt")
	assert.Contains(t, probe.text, "- +5m acknowledged via slack by ben")
	assert.Contains(t, probe.text, "+ +5m acknowledged via sms by ben")
}

// failing takes a failure down instead of failing.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) { f.text += fmt.Sprintf(format, args...) }

// Fatalf takes the failure down and ends the goroutine, as that of testing does.
func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}
