package tocsintest_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

var (
	payoutStuck = event.Class{Name: "payments.payout.stuck"}
	saturday    = time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC) // the night summer time begins in Berlin
)

func TestStuckPayoutReachesSecondLine(t *testing.T) {
	cat, err := catalog.Load(os.DirFS("testdata/payments"))
	if err != nil {
		t.Fatal(err)
	}
	w := tocsintest.New(t, cat, saturday)

	w.Submit(payoutStuck.Trigger("payout waits", "merchant", "m-42"))
	w.Sent("+0s  page  level 1  ana  slack")

	w.Advance(5 * time.Minute)
	w.Sent("+5m  page  level 2  ben  slack")

	w.Do(respond.Acknowledge{Incident: w.Incident().ID, By: "ben"})
	w.Submit(payoutStuck.Resolve("merchant", "m-42")) // monitoring: the escalation is done
	w.Sent("+5m  notice  recovered, being watched  ana  slack", "+5m  notice  recovered, being watched  ben  slack")

	w.Advance(15 * time.Minute) // the soak
	w.Do(respond.Resolve{Incident: w.Incident().ID, By: "ben"})
	w.Sent("+20m  reminder  ben  slack", "+20m  all-clear  ana  slack", "+20m  all-clear  ben  slack")
}

func TestDeadSlackDoesNotCostFiveMinutes(t *testing.T) {
	cat, err := catalog.Load(os.DirFS("testdata/payments"))
	if err != nil {
		t.Fatal(err)
	}
	w := tocsintest.New(t, cat, saturday)
	w.Fail("slack", notify.Permanent(errors.New("410 gone")))
	w.Submit(payoutStuck.Trigger("payout waits", "merchant", "m-42"))
	w.Sent("+0s  page  level 1  ana  slack  failed: 410 gone", "+0s  page  level 1  ana  sms")
}
