package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/internal/cadencetest"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// customers is the catalog twoLevels with customers, who hear by mail once a commander or a deputy has approved.
func customers() *catalog.Catalog {
	c := twoLevels(false)
	c.Services["checkout"] = catalog.Service{Owner: "payments", Tier: 1, Name: "Checkout", Impaired: "Some payments fail."}
	c.Plans["loud"] = catalog.Plan{Policy: "two", Soak: new(2 * time.Minute), Comms: "customers"}
	c.Audiences = map[string]catalog.Audience{"email": {Channels: []escalate.Contact{"slack:#customers"}}}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"email"}, Approve: "commander", Then: []string{"deputy"},
		Messages: map[comms.Stage]string{
			comms.Investigating: "{{.Impaired}}", comms.Identified: "We know why.", comms.Monitoring: "We watch.", comms.Resolved: "It works since {{.ResolvedAt}}.",
		},
	}}
	return c
}

// told draws what happens to an incident of which customers are to hear, over a store, and judges what they heard.
func told(t *testing.T, at place, seed uint64, sum *cadencetest.Sum, restarts *int) {
	t.Helper()
	kept, end := at.make(t)
	defer end()
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, kept, customers(), customers())
		rng := rand.New(rand.NewPCG(seed, 16))
		s.Submit(event.Event{ID: "0", Source: "test", Intake: "test", Type: "pay.stuck", Severity: severity.Critical, Summary: "Checkout is down"})
		for n := range 25 {
			s.Calm(time.Duration(rng.Int64N(int64(25 * time.Minute))))
			if rng.IntN(4) == 0 {
				*restarts++
				s.Crash(rng.IntN(2))
			}
			if id := fmt.Sprint(n + 1); rng.IntN(5) == 0 {
				s.Submit(event.Event{
					ID: id, Source: "test", Intake: "test", Type: "pay.stuck", Severity: severity.Critical, Summary: "Checkout is down",
					Signal: []event.Signal{event.Trigger, event.Resolve}[rng.IntN(2)],
				})
			} else {
				s.Do(someUpdate(rng, id))
			}
		}
		s.Calm(26 * time.Hour)
		until := time.Now()
		s.End()
		for _, tl := range stage.Timelines(t, kept) {
			if tl.Comms == nil {
				continue
			}
			story := cadencetest.Story{
				Lines: tl.Lines, Updates: tl.Comms.Updates, Opened: tl.Lines[0].At, Until: until, Soon: time.Minute, First: tl.Rating.Priority <= severity.P3,
			}
			if err := sum.Judge(&story); err != nil {
				for i := range tl.Lines {
					t.Log(stage.Text(&tl.Lines[i]))
				}
				t.Fatalf("%s, seed %d: %v", at.name, seed, err)
			}
		}
	})
}

// someUpdate is a command of people about an update, the priority or who has the incident.
func someUpdate(rng *rand.Rand, id string) respond.Command {
	by, update := escalate.PersonID([]string{"ana", "ben", "p7"}[rng.IntN(3)]), fmt.Sprint("u", 1+rng.IntN(4))
	switch glass := rng.IntN(3) == 0; rng.IntN(10) {
	case 0:
		return respond.Acknowledge{Incident: first, By: by, ID: id}
	case 1, 2:
		return respond.Reprioritise{Incident: first, By: by, Priority: severity.Priority(rng.IntN(6)), Because: "x", ID: id}
	case 3, 4, 5:
		return respond.SendUpdate{Incident: first, By: by, BreakGlass: glass, Because: "x", ID: id}
	case 6, 7:
		return respond.ApproveUpdate{Incident: first, By: by, Update: update, ID: id}
	case 8:
		return respond.SendUpdate{Incident: first, By: by, Update: update, BreakGlass: glass, Because: "x", ID: id}
	default:
		return respond.RetractUpdate{Incident: first, By: by, Update: update, BreakGlass: glass, Because: "x", ID: id}
	}
}

// TestCadence tells customers of random incidents, or does not, while engines crash, priorities change, incidents come back and nobody
// approves: each update that is due was sent, or is a breach of which somebody was told. TOCSIN_LONG=1 plays 1,000 in memory and 200 on
// SQLite.
func TestCadence(t *testing.T) {
	for _, c := range []struct {
		at        place
		incidents uint64
	}{{inMemory(), sized(40, 1_000)}, {inFiles(), sized(5, 200)}} {
		t.Run(c.at.name, func(t *testing.T) {
			var sum cadencetest.Sum
			var restarts int
			for seed := range c.incidents {
				told(t, c.at, seed, &sum, &restarts)
			}
			t.Logf("%d incidents, %d restarts: %+v; 0 in silence", c.incidents, restarts, sum)
			require.Positive(t, sum.Sent)
			require.Positive(t, sum.Breaches)
			require.Positive(t, sum.Promises)
			require.Positive(t, sum.Relapses)
		})
	}
}
