package tocsintest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/tocsintest"

	_ "time/tzdata"
)

var (
	payoutStuck = event.Class{Name: "payments.payout.stuck"}
	saturday    = time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC) // the night summer time begins in Berlin
)

// payments is the catalog of one team: ben and ana take weekly turns, ben leads.
func payments(t testing.TB) *catalog.Catalog {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "payments", Plan: "payments"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:+491500000001"}},
			"ben": {Contacts: []escalate.Contact{"slack:@ben", "sms:+491500000002"}},
		},
		Teams: map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana", "ben"}, Schedule: "payments", Lead: "ben"}},
		Schedules: map[string]escalate.Schedule{"payments": &oncall.Schedule{Zone: berlin, Rotations: []oncall.Rotation{
			{Start: time.Date(2026, 1, 5, 9, 0, 0, 0, berlin), People: []escalate.PersonID{"ben", "ana"}},
		}}},
		Services: map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}},
		Classes: []event.Class{{
			Name: payoutStuck.Name, Severity: severity.Critical, Service: "checkout", Dedup: []string{"labels.merchant"},
		}},
		Plans: map[string]catalog.Plan{"payments": {Policy: "standard"}},
		Policies: map[string]escalate.Policy{"standard": {Repeat: new(3), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 5 * time.Minute},
			{Page: []escalate.Target{"owner.lead"}, Wait: 10 * time.Minute},
		}}},
	}
}

func TestStuckPayoutReachesSecondLine(t *testing.T) {
	w := tocsintest.New(t, payments(t), saturday)

	w.Submit(payoutStuck.Trigger("payout waits", "merchant", "m-42"))
	w.Sent("+0s  page  level 1  ana  slack")

	w.Advance(5 * time.Minute)
	w.Sent("+5m  page  level 2  ben  slack")

	w.Do(respond.Acknowledge{Incident: w.Incident().ID, By: "ben"})
	w.Submit(payoutStuck.Resolve("merchant", "m-42")) // monitoring: the escalation is done
	w.Sent("+5m  notice  recovered, being watched  ana  slack", "+5m  notice  recovered, being watched  ben  slack")

	w.Advance(15 * time.Minute) // the soak
	w.Do(respond.Resolve{Incident: w.Incident().ID, By: "ben"})
	w.Sent("+20m  all-clear  ana  slack", "+20m  all-clear  ben  slack")
}

func TestDeadSlackDoesNotCostFiveMinutes(t *testing.T) {
	w := tocsintest.New(t, payments(t), saturday)
	w.Fail("slack", notify.Permanent(errors.New("410 gone")))
	w.Submit(payoutStuck.Trigger("payout waits", "merchant", "m-42"))
	w.Sent("+0s  page  level 1  ana  slack  failed: 410 gone", "+0s  page  level 1  ana  sms")
}
