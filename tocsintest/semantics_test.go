package tocsintest_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// story is a simulation with the shorthands of these tests.
type story struct {
	*sim.Sim
	t *testing.T
}

// tell begins a story at the payments team, whose catalog change may alter first.
func tell(t *testing.T, change func(*catalog.Catalog)) *story {
	t.Helper()
	c := payments(t)
	if change != nil {
		change(c)
	}
	s, err := sim.New(c, saturday)
	require.NoError(t, err)
	return &story{s, t}
}

func (s *story) submit(e event.Event) {
	s.t.Helper()
	require.NoError(s.t, s.Submit(e))
}

func (s *story) pass(d time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.Advance(d))
}

func (s *story) do(c respond.Command) {
	s.t.Helper()
	require.NoError(s.t, s.Do(c))
}

// lines renders what happened to the incident or alert.
func (s *story) lines(of string) []string {
	var lines []string
	for _, e := range s.Entries() {
		if e.Of == of {
			lines = append(lines, e.Line(saturday))
		}
	}
	return lines
}

func (s *story) incident(id string) respond.Incident {
	s.t.Helper()
	all, err := s.Incidents()
	require.NoError(s.t, err)
	for _, i := range all {
		if i.ID == id {
			return i
		}
	}
	s.t.Fatalf("there is no incident %s", id)
	return respond.Incident{}
}

const (
	first  = "payments.payout.stuck/checkout#1"
	second = "payments.payout.stuck/checkout#2"
	m42    = "app/payments.payout.stuck/m-42"
)

var (
	fires    = payoutStuck.Trigger("payout waits", "merchant", "m-42")
	resolves = payoutStuck.Resolve("merchant", "m-42")
	another  = payoutStuck.Trigger("payout waits too", "merchant", "m-43")
)

var third = payoutStuck.Trigger("a third payout waits", "merchant", "m-44")

// in adds the label region.
func in(e event.Event, region string) event.Event {
	e.Labels = maps.Clone(e.Labels)
	e.Labels["region"] = region
	return e
}

// grouped sets the grouping of the payments plan.
func grouped(g catalog.Grouping) func(*catalog.Catalog) {
	return func(c *catalog.Catalog) {
		plan := c.Plans["payments"]
		plan.Group = g
		c.Plans["payments"] = plan
	}
}

func with(e event.Event, level severity.Level) event.Event {
	e.Severity = level
	return e
}

func at(e event.Event, when time.Time) event.Event {
	e.Time = when
	return e
}

// noSoak is a plan without soak, which resolves by command at once.
func noSoak(c *catalog.Catalog) {
	p := c.Plans["payments"]
	p.Soak = new(time.Duration)
	c.Plans["payments"] = p
}

func TestSemantics(t *testing.T) {
	rows := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"3.1.1", func(t *testing.T) { // a trigger fires
			s := tell(t, nil)
			s.submit(fires)
			assert.Equal(t, `+0s  opened  critical "payout waits"  by app`, s.lines(m42)[0])
		}},
		{"3.1.5", func(t *testing.T) { // a repeat is counted, not paged
			s := tell(t, nil)
			s.submit(fires)
			s.pass(time.Minute)
			s.submit(payoutStuck.Trigger("payout waits longer", "merchant", "m-42"))
			assert.Contains(t, s.lines(first), "+1m  repeated  2 times, not paged  payout waits longer  by app")
			assert.Equal(t, 1, count(s.lines(first), "  page  "))
		}},
		{"3.1.2", func(t *testing.T) { // a trigger of a pending alert counts, and the latest text is kept
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].Count, c.Classes[0].Within = 3, 10*time.Minute })
			s.submit(fires)
			s.pass(time.Minute)
			s.submit(payoutStuck.Trigger("payout waits longer", "merchant", "m-42"))
			assert.Equal(t, []string{`+0s  pending  fires if it comes 3 times in 10m  critical "payout waits"  by app`}, s.lines(m42))
			incidents, err := s.Incidents()
			require.NoError(t, err)
			assert.Empty(t, incidents)
		}},
		{"3.1.3", func(t *testing.T) { // what resolves while it is pending opens no incident, nor does it come back to life
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].For = 2 * time.Minute })
			s.submit(fires)
			s.pass(2*time.Minute - time.Second)
			s.submit(resolves)
			s.submit(fires)
			s.pass(time.Minute)
			assert.Equal(t, []string{
				`+0s  pending  fires if it comes for 2m  critical "payout waits"  by app`,
				"+1m59s  resolved  signal  by app",
				`+1m59s  pending  fires if it comes for 2m  critical "payout waits"  by app`,
			}, s.lines(m42))
			incidents, err := s.Incidents()
			require.NoError(t, err)
			assert.Empty(t, incidents)
		}},
		{"3.1.4 for", func(t *testing.T) { // it fires at the very instant
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].For = 2 * time.Minute })
			s.submit(fires)
			s.pass(time.Hour)
			assert.Contains(t, s.lines(m42), `+2m  opened  critical "payout waits"  by app`)
			assert.Contains(t, s.lines(first), "+2m  page  level 1  ana  slack")
		}},
		{"3.1.4 count", func(t *testing.T) { // the third within ten minutes, not the third in all
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].Count, c.Classes[0].Within = 3, 10*time.Minute })
			s.submit(fires)
			s.pass(9 * time.Minute)
			s.submit(fires)
			s.pass(time.Minute) // the first no longer counts
			s.submit(fires)
			assert.Equal(t, 1, len(s.lines(m42)))
			s.pass(8 * time.Minute)
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+18m  page  level 1  ana  slack")
		}},
		{"3.1.4 both", func(t *testing.T) { // whichever is met first
			s := tell(t, func(c *catalog.Catalog) {
				c.Classes[0].For, c.Classes[0].Count, c.Classes[0].Within = time.Hour, 2, time.Minute
			})
			s.submit(fires)
			s.pass(30 * time.Second)
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+30s  page  level 1  ana  slack")
		}},
		{"3.1.4 lapse", func(t *testing.T) { // what does not come often enough ends, and says so
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].Count, c.Classes[0].Within = 3, 10*time.Minute })
			s.submit(fires)
			s.submit(fires)
			s.pass(10 * time.Minute)
			assert.Contains(t, s.lines(m42), "+10m  resolved  lapsed: it came 2 times in all")
			s.submit(fires)
			assert.Equal(t, 3, len(s.lines(m42)), "it begins anew")
		}},
		{"3.1.14 pending", func(t *testing.T) { // there is no incident yet that could be acknowledged
			s := tell(t, func(c *catalog.Catalog) { c.Classes[0].For = time.Hour })
			s.submit(fires)
			ack := fires
			ack.Signal = event.Acknowledge
			s.submit(ack)
			assert.Equal(t, 1, count(s.lines(m42), "  orphan  acknowledge"))
		}},
		{"3.1.6", func(t *testing.T) { // a resolve ends it, and the incident learns of it
			s := tell(t, nil)
			s.submit(fires)
			s.submit(resolves)
			assert.Contains(t, s.lines(m42), "+0s  resolved  signal  by app")
			assert.Equal(t, incident.Monitoring, s.incident(first).Phase)
		}},
		{"3.1.8", func(t *testing.T) { // a resolve that was overtaken is recorded, not applied
			s := tell(t, nil)
			s.submit(at(fires, saturday))
			s.submit(at(resolves, saturday.Add(-time.Minute)))
			assert.Equal(t, 1, s.incident(first).Firing)
			assert.Equal(t, 1, count(s.lines(m42), "resolve of 2026-03-28T22:59:00Z arrived after a newer trigger"))
		}},
		{"3.1.9", func(t *testing.T) { // an unanswered page never goes stale, an acknowledged one does
			stale := func(c *catalog.Catalog) { c.Classes[0].StaleAfter = 10 * time.Minute }
			s := tell(t, stale)
			s.submit(fires)
			s.pass(20 * time.Minute)
			assert.Equal(t, 1, s.incident(first).Firing, "somebody is still asked")
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.pass(0)
			assert.Contains(t, s.lines(m42), "+20m  resolved  stale")
		}},
		{"3.1.10", func(t *testing.T) { // a trigger within the reopen window reopens the same alert
			s := tell(t, nil)
			s.submit(fires)
			s.submit(resolves)
			s.pass(30 * time.Minute)
			s.submit(fires)
			assert.Contains(t, s.lines(m42), `+30m  reopened  critical "payout waits"  by app`)
			assert.Equal(t, 1, s.incident(first).Alerts)
		}},
		{"3.1.11", func(t *testing.T) { // a later trigger is a new alert, with a link
			s := tell(t, noSoak)
			s.submit(fires)
			s.submit(resolves)
			s.do(respond.Resolve{Incident: first, By: "ben"})
			s.pass(time.Hour)
			s.submit(fires)
			assert.Equal(t, first, s.incident(second).Previous)
			assert.Equal(t, 2, count(s.lines(m42), "  opened  "))
		}},
		{"3.1.12", func(t *testing.T) { // a trigger that was overtaken by the resolve does not reopen
			s := tell(t, nil)
			s.submit(at(fires, saturday.Add(-time.Minute)))
			s.submit(at(resolves, saturday))
			s.submit(at(fires, saturday.Add(-time.Second)))
			assert.Equal(t, 0, s.incident(first).Firing)
			assert.Equal(t, 1, count(s.lines(m42), "arrived after a newer resolve"))
		}},
		{"3.1.13", func(t *testing.T) { // an acknowledge signal acts on the incident
			s := tell(t, nil)
			s.submit(fires)
			ack := event.Event{Type: payoutStuck.Name, Signal: event.Acknowledge, Labels: fires.Labels, Source: "pager", Intake: "app"}
			s.submit(ack)
			assert.Equal(t, escalate.Paused, s.incident(first).Escalation.Status)
			assert.Contains(t, s.lines(first), "+0s  acknowledged  via app  by pager")
		}},
		{"3.1.14", func(t *testing.T) { // without an incident there is nothing to acknowledge
			s := tell(t, nil)
			s.submit(with(fires, severity.Info))
			s.submit(event.Event{Type: payoutStuck.Name, Signal: event.Acknowledge, Labels: fires.Labels})
			assert.Equal(t, 1, count(s.lines(m42), "orphan  acknowledge"))
		}},
		{"3.1.15", func(t *testing.T) { // neither is there when nothing fires
			s := tell(t, nil)
			s.submit(resolves)
			assert.Equal(t, 1, count(s.lines(m42), "orphan  resolve"))
		}},
		{"3.2.1", func(t *testing.T) { // info is never promoted; raised, it is
			s := tell(t, nil)
			s.submit(with(fires, severity.Info))
			all, err := s.Incidents()
			require.NoError(t, err)
			assert.Empty(t, all)
			s.submit(with(fires, severity.Error))
			assert.Equal(t, severity.P2, s.incident(first).Priority)
		}},
		{"3.2.2", func(t *testing.T) { // alerts of a group join one incident
			s := tell(t, nil)
			s.submit(fires)
			s.submit(another)
			assert.Equal(t, 2, s.incident(first).Alerts)
			assert.Equal(t, 1, count(s.lines(first), "  page  "))
		}},
		{"3.2.4", func(t *testing.T) { // an alert that fires again returns to its incident
			s := tell(t, noSoak)
			s.submit(fires)
			s.submit(resolves)
			s.do(respond.Resolve{Incident: first, By: "ben"})
			s.pass(10 * time.Minute)
			s.submit(fires)
			assert.Equal(t, incident.Active, s.incident(first).Phase)
			assert.Len(t, s.incident(first).Reopened, 1)
		}},
		{"3.3.1", func(t *testing.T) { // level 1 fires after the group wait, at once for P1
			s := tell(t, nil)
			s.submit(with(fires, severity.Error)) // P2
			s.pass(29 * time.Second)
			assert.Zero(t, count(s.lines(first), "  page  "))
			s.pass(time.Second)
			assert.Contains(t, s.lines(first), "+30s  page  level 1  ana  slack")
		}},
		{"3.3.2", func(t *testing.T) {
			s := tell(t, nil)
			s.submit(fires)
			s.pass(5 * time.Minute)
			assert.Contains(t, s.lines(first), "+5m  page  level 2  ben  slack")
		}},
		{"3.3.3", func(t *testing.T) { // an acknowledgement stops it
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.pass(20 * time.Minute)
			assert.Equal(t, 1, count(s.lines(first), "  page  "))
		}},
		{"3.3.3 withdraws what has not left", func(t *testing.T) {
			s := tell(t, nil)
			s.Fail("slack", errors.New("busy"))
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.Fail("slack", nil)
			s.pass(20 * time.Minute)
			assert.Contains(t, s.lines(first), "+0s  withdrawn  level 1  ana  slack")
			assert.Zero(t, count(s.lines(first), "  page  "))
		}},
		{"3.3.5", func(t *testing.T) { // a member that joins an acknowledged incident does not page
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.submit(another)
			assert.Equal(t, 1, count(s.lines(first), "  page  "))
			assert.Equal(t, escalate.Paused, s.incident(first).Escalation.Status)
		}},
		{"3.3.6", func(t *testing.T) { // a priority that rises alarms again
			s := tell(t, nil)
			s.submit(with(fires, severity.Error))
			s.pass(30 * time.Second)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.submit(with(another, severity.Critical))
			assert.Contains(t, s.lines(first), "+30s  alarms again  priority rose from P2 to P1")
			assert.Equal(t, 2, count(s.lines(first), "  page  level 1"))
			assert.Empty(t, s.incident(first).Escalation.Acks)
		}},
		{"3.3.7", func(t *testing.T) { // another person adds to the holders
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.do(respond.Unacknowledge{Incident: first, By: "ana"})
			assert.Equal(t, escalate.Paused, s.incident(first).Escalation.Status)
		}},
		{"3.3.9", func(t *testing.T) { // an acknowledgement without activity expires, after a reminder
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.pass(30 * time.Minute)
			assert.Contains(t, s.lines(first), "+25m  reminder  ben  slack")
			assert.Contains(t, s.lines(first), "+30m  page  level 1  ana  slack")
			assert.Contains(t, s.lines(first), "+30m  page  level 1  ben  slack", "the previous holder beside who is on call")
		}},
		{"3.3.12", func(t *testing.T) { // exhausted is a finding that pages
			s := tell(t, func(c *catalog.Catalog) {
				p := c.Policies["standard"]
				p.Repeat = new(0)
				c.Policies["standard"] = p
			})
			s.submit(fires)
			s.pass(16 * time.Minute)
			assert.Equal(t, escalate.Exhausted, s.incident(first).Escalation.Status)
			found := "tocsin.exhausted/" + "payments.payout.stuck%2Fcheckout%231#1"
			assert.Equal(t, 1, count(s.lines(found), "  page  level 1  ana"))
		}},
		{"3.3.13", func(t *testing.T) { // a notice informs and asks for nothing
			s := tell(t, func(c *catalog.Catalog) { c.Services["checkout"] = catalog.Service{Owner: "payments", Tier: 3} })
			s.submit(with(fires, severity.Error)) // P4
			s.pass(time.Hour)
			assert.Contains(t, s.lines(first), "+30s  notice  level 1  ana  slack")
			assert.Equal(t, escalate.Informed, s.incident(first).Escalation.Status)
		}},
		{"3.3.14", func(t *testing.T) { // by hand it goes on to the next level, also while acknowledged
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.do(respond.Escalate{Incident: first, By: "ana", AsOf: escalate.Position{Round: 1, Level: 1}})
			assert.Contains(t, s.lines(first), "+0s  page  level 2  ben  slack")
		}},
		{"3.3.15", func(t *testing.T) { // monitoring ends the escalation with one notice
			s := tell(t, nil)
			s.submit(fires)
			s.submit(resolves)
			s.pass(time.Hour)
			assert.Equal(t, escalate.Done, s.incident(first).Escalation.Status)
			assert.Equal(t, 1, count(s.lines(first), "  notice  recovered, being watched  ana"))
		}},
		{"3.3.16", func(t *testing.T) { // resolved sends the all-clear to everybody who was reached
			s := tell(t, noSoak)
			s.submit(fires)
			s.pass(5 * time.Minute)
			s.do(respond.Resolve{Incident: first, By: "ben", Alerts: true})
			assert.Contains(t, s.lines(first), "+5m  all-clear  ana  slack")
			assert.Contains(t, s.lines(first), "+5m  all-clear  ben  slack")
		}},
		{"3.3.17", func(t *testing.T) { // a relapse begins a new round, with the previous holder
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.submit(resolves)
			s.pass(time.Minute)
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+1m  page  level 1  ana  slack")
			assert.Contains(t, s.lines(first), "+1m  page  level 1  ben  slack")
		}},
		{"3.3.commands", func(t *testing.T) { // a command that does not apply says how things stand; a repeat succeeds
			s := tell(t, nil)
			s.submit(fires)
			var refused *respond.RefusedError
			require.ErrorAs(t, s.Do(respond.Unacknowledge{Incident: first, By: "ana"}), &refused)
			assert.Equal(t, escalate.Running, refused.Status)
			assert.Equal(t, escalate.Position{Round: 1, Level: 1}, refused.At)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			assert.Equal(t, 1, count(s.lines(first), "  acknowledged"))
		}},
		{"3.4.1", func(t *testing.T) { // resolving the last alert leads to monitoring, not to the end
			s := tell(t, nil)
			s.submit(fires)
			s.submit(another)
			s.submit(resolves)
			assert.Equal(t, incident.Active, s.incident(first).Phase)
			s.submit(payoutStuck.Resolve("merchant", "m-43"))
			assert.Equal(t, incident.Monitoring, s.incident(first).Phase)
			s.pass(24 * time.Hour)
			assert.Equal(t, incident.Monitoring, s.incident(first).Phase)
		}},
		{"3.4.2", func(t *testing.T) { // with never, the phase and the escalation go on
			s := tell(t, func(c *catalog.Catalog) {
				p := c.Plans["payments"]
				p.ResolveOn = incident.OnNever
				c.Plans["payments"] = p
			})
			s.submit(fires)
			s.submit(resolves)
			s.pass(5 * time.Minute)
			assert.Equal(t, incident.Active, s.incident(first).Phase)
			assert.Contains(t, s.lines(first), "+5m  page  level 2  ben  slack")
		}},
		{"3.4.3", func(t *testing.T) { // by hand, alerts resolve only when the person says so
			s := tell(t, noSoak)
			s.submit(fires)
			var refused *respond.RefusedError
			require.ErrorAs(t, s.Do(respond.Resolve{Incident: first, By: "ben"}), &refused)
			assert.Contains(t, refused.Reason, "1 of 1 alerts still fire")
			s.do(respond.Resolve{Incident: first, By: "ben", Alerts: true})
			assert.Contains(t, s.lines(m42), "+0s  resolved  by hand  by ben")
		}},
		{"5.1", func(t *testing.T) { // the plan names the fields in which the alerts of an incident are equal
			s := tell(t, grouped(catalog.Grouping{By: []string{"class", "labels.region"}}))
			s.submit(in(fires, "eu"))
			s.submit(in(another, "us"))
			s.submit(in(third, "eu"))
			assert.Equal(t, 2, s.incident("*payments/payments.payout.stuck/eu#1").Alerts)
			assert.Equal(t, 1, s.incident("*payments/payments.payout.stuck/us#1").Alerts)
		}},
		{"5.1 any", func(t *testing.T) { // one equal field is enough, also one that only a later member brought
			s := tell(t, grouped(catalog.Grouping{By: []string{"labels.region", "subject"}, Any: true}))
			about := func(e event.Event, subject string) event.Event { e.Subject = subject; return e }
			s.submit(about(in(fires, "eu"), "db-1"))
			s.submit(about(in(another, "eu"), "db-2"))
			s.submit(about(in(third, ""), "db-2"))
			s.submit(about(in(payoutStuck.Trigger("a fourth", "merchant", "m-45"), "us"), ""))
			assert.Equal(t, 3, s.incident("*payments/eu/db-1#1").Alerts)
			assert.Equal(t, 1, s.incident("*payments/us/#1").Alerts)
		}},
		{"5.2 rolling", func(t *testing.T) { // the window rolls on from the last one that joined
			s := tell(t, nil)
			s.submit(fires)
			s.pass(29 * time.Minute)
			s.submit(another)
			s.pass(29 * time.Minute)
			s.submit(third)
			assert.Equal(t, 3, s.incident(first).Alerts)
			s.pass(30 * time.Minute)
			s.submit(payoutStuck.Trigger("a fourth", "merchant", "m-45"))
			late := s.incident("payments.payout.stuck/checkout*2#1")
			assert.Equal(t, 1, late.Alerts)
			assert.Equal(t, first, late.Previous)
			s.submit(fires)
			assert.Equal(t, 3, s.incident(first).Alerts, "a member comes back to its own")
			s.submit(resolves)
			assert.Equal(t, 2, s.incident(first).Firing)
		}},
		{"5.2 bounds", func(t *testing.T) { // an age and a number beyond which a new incident begins
			s := tell(t, grouped(catalog.Grouping{MaxAge: time.Hour, Window: 50 * time.Minute}))
			s.submit(fires)
			s.pass(40 * time.Minute)
			s.submit(another)
			s.pass(20 * time.Minute)
			s.submit(third)
			assert.Equal(t, 2, s.incident(first).Alerts)
			assert.Equal(t, 1, s.incident("payments.payout.stuck/checkout*2#1").Alerts)

			s = tell(t, grouped(catalog.Grouping{MaxMembers: 2}))
			for i := range 5 {
				s.submit(payoutStuck.Trigger("one of many", "merchant", fmt.Sprint(i)))
			}
			assert.Equal(t, 2, s.incident(first).Alerts)
			assert.Equal(t, 2, s.incident("payments.payout.stuck/checkout*2#1").Alerts)
			assert.Equal(t, 1, s.incident("payments.payout.stuck/checkout*3#1").Alerts)
		}},
		{"5.2 waits", func(t *testing.T) { // a member counts when it fires, and goes where there is room then
			s := tell(t, func(c *catalog.Catalog) {
				grouped(catalog.Grouping{MaxMembers: 2})(c)
				c.Classes[0].For = time.Minute
			})
			for i := range 5 {
				s.submit(payoutStuck.Trigger("one of many", "merchant", fmt.Sprint(i)))
			}
			s.pass(time.Minute)
			assert.Equal(t, 2, s.incident(first).Alerts)
			assert.Equal(t, 2, s.incident("payments.payout.stuck/checkout*2#1").Alerts)
			assert.Equal(t, 1, s.incident("payments.payout.stuck/checkout*3#1").Alerts)
		}},
		{"5.1 any, waits", func(t *testing.T) { // what shares a field meets though all of it waited at first
			for name, wait := range map[string]func(*event.Class){
				"for":   func(c *event.Class) { c.For = time.Minute },
				"count": func(c *event.Class) { c.Count, c.Within = 2, time.Hour },
			} {
				s := tell(t, func(c *catalog.Catalog) {
					grouped(catalog.Grouping{By: []string{"labels.region", "subject"}, Any: true})(c)
					wait(&c.Classes[0])
				})
				about := func(e event.Event, subject string) event.Event { e.Subject = subject; return e }
				for range 2 {
					s.submit(about(in(fires, "eu"), "db-1"))
					s.submit(about(in(another, "eu"), "db-2"))
				}
				s.pass(time.Minute)
				assert.Equal(t, 2, s.incident("*payments/eu/db-1#1").Alerts, name)
			}
		}},
		{"5.4", func(t *testing.T) { // who has the incident is told of joining alerts once in a group wait, if the plan says so
			s := tell(t, func(c *catalog.Catalog) {
				grouped(catalog.Grouping{OnJoin: catalog.JoinPage})(c)
				plan := c.Plans["payments"]
				plan.GroupWait = new(time.Minute)
				c.Plans["payments"] = plan
			})
			s.submit(fires)
			s.pass(2 * time.Minute)
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.submit(another)
			s.pass(30 * time.Second)
			s.submit(third)
			s.pass(30 * time.Second)
			assert.Contains(t, s.lines(first), "+3m  page  2 more alerts joined  ben  slack")
			s.pass(time.Hour)
			assert.Equal(t, 1, count(s.lines(first), "more alerts joined"))
		}},
		{"5.4 silent", func(t *testing.T) { // as it is without a word
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "ben"})
			s.submit(another)
			s.pass(10 * time.Minute)
			assert.Equal(t, 0, count(s.lines(first), "joined  ben"))
			assert.Equal(t, 1, count(s.lines(first), "  joined  "))
		}},
		{"5.7", func(t *testing.T) { // what changed about the service within the hour before stands in the incident
			s := tell(t, func(c *catalog.Catalog) {
				c.Classes = append(c.Classes, event.Class{Name: "deploy", Kind: event.Changes, Service: "checkout"})
			})
			deploy := event.Class{Name: "deploy"}
			s.submit(deploy.Change("v41"))
			s.pass(50 * time.Minute)
			s.submit(deploy.Change("v42"))
			s.pass(20 * time.Minute)
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+1h10m  changed  20m before: deploy  v42  by app")
			assert.Equal(t, 1, count(s.lines(first), "  changed  "))
		}},
		{"9.2", func(t *testing.T) { // owner, lead, person, schedule and channel are targets
			s := tell(t, func(c *catalog.Catalog) {
				c.Policies["standard"] = escalate.Policy{Levels: []escalate.Level{{
					Page: []escalate.Target{"owner", "owner.lead", "person:cho", "schedule:payments", "channel:slack:#pci"},
				}}}
				c.People["cho"] = catalog.Person{Contacts: []escalate.Contact{"slack:@cho"}}
			})
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+0s  level 1  pages ana, ben, cho, slack:#pci", "nobody twice")
		}},
		{"9.2 least-loaded", func(t *testing.T) { // who has acknowledged the fewest open incidents
			s := tell(t, func(c *catalog.Catalog) {
				c.Policies["standard"] = escalate.Policy{Levels: []escalate.Level{{
					Page: []escalate.Target{"person:ana", "person:ben"}, Strategy: escalate.PickLeastLoaded,
				}}}
			})
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+0s  level 1  pages ana")
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.submit(event.Event{Type: "payments.refund", Severity: severity.Critical, Summary: "refunds wait"})
			s.pass(30 * time.Second)
			assert.Contains(t, s.lines("unclassified/#1"), "+30s  level 1  pages ben")
		}},
		{"8.continue", func(t *testing.T) { // a route that continues adds whom level 1 reaches
			s := tell(t, func(c *catalog.Catalog) {
				c.Routes = []catalog.Route{{ID: "pci", When: `label("merchant") == "m-42"`, Also: []escalate.Target{"channel:slack:#pci"}, Continue: true}}
			})
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+0s  page  level 1  slack:#pci")
			assert.Contains(t, s.lines(first), "+0s  page  level 1  ana  slack")
		}},
		{"9.4 finding", func(t *testing.T) { // a level that reaches nobody is a finding
			s := tell(t, func(c *catalog.Catalog) {
				c.Teams["ghosts"] = catalog.Team{}
				c.Classes[0].Owner = "ghosts"
			})
			s.submit(fires)
			assert.Equal(t, 1, count(s.lines("tocsin.uncovered-level/"+url.PathEscape(first)+"#1"), "level 1 of plan payments reaches nobody"))
		}},
		{"9.12 finding", func(t *testing.T) { // and so is somebody whom no contact reaches
			s := tell(t, nil)
			s.Fail("slack", notify.Permanent(errors.New("410 gone")))
			s.Fail("sms", notify.Permanent(errors.New("no such number")))
			s.submit(fires)
			lines := s.lines("tocsin.dead-letter/" + url.PathEscape(first) + "#1")
			assert.Equal(t, 1, count(lines, `no contact takes messages for ana: no such number`))
		}},
		{"3.2.1 changes", func(t *testing.T) { // a class of kind change pages nobody, whatever its events say
			s := tell(t, func(c *catalog.Catalog) {
				c.Classes = append(c.Classes, event.Class{Name: "deploy", Kind: event.Changes})
			})
			s.submit(event.Event{Type: "deploy", Severity: severity.Critical, Summary: "v42"})
			s.pass(time.Hour)
			incidents, err := s.Incidents()
			require.NoError(t, err)
			assert.Empty(t, incidents)
			assert.Empty(t, s.Entries())
		}},
		{"9.6", func(t *testing.T) { // a pause keeps the position
			s := tell(t, nil)
			s.submit(fires)
			s.pass(5 * time.Minute)
			s.do(respond.Acknowledge{Incident: first, By: "ana"})
			s.pass(20 * time.Minute)
			s.do(respond.Unacknowledge{Incident: first, By: "ana"})
			assert.Contains(t, s.lines(first), "+25m  page  level 2  ben  slack")
			assert.Contains(t, s.lines(first), "+25m  page  level 2  ana  slack", "the previous holder, too")
			assert.Equal(t, escalate.Position{Round: 1, Level: 2}, s.incident(first).Escalation.Position)
		}},
		{"9.7", func(t *testing.T) { // people are resolved when the level fires
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "cho"})
			s.pass(30 * time.Minute)
			assert.Equal(t, 2, count(s.lines(first), "page  level 1  ana"), "the one on call now")
		}},
		{"9.8", func(t *testing.T) { // P3 pages
			s := tell(t, func(c *catalog.Catalog) { c.Services["checkout"] = catalog.Service{Owner: "payments", Tier: 2} })
			s.submit(with(fires, severity.Error))
			s.pass(30 * time.Second)
			assert.Equal(t, severity.P3, s.incident(first).Priority)
			assert.Contains(t, s.lines(first), "+30s  page  level 1  ana  slack")
		}},
		{"9.11", func(t *testing.T) { // who is not on the target list may acknowledge too
			s := tell(t, nil)
			s.submit(fires)
			s.do(respond.Acknowledge{Incident: first, By: "dee", Via: "room"})
			assert.Contains(t, s.lines(first), "+0s  acknowledged  via room  by dee")
		}},
		{"9.12", func(t *testing.T) { // when all contacts fail for good the next level does not wait
			s := tell(t, func(c *catalog.Catalog) {
				c.People["ben"] = catalog.Person{Contacts: []escalate.Contact{"mail:ben"}}
			})
			s.Fail("slack", notify.Permanent(errors.New("gone")))
			s.Fail("sms", notify.Permanent(errors.New("no such number")))
			s.submit(fires)
			assert.Contains(t, s.lines(first), "+0s  page  level 1  ana  sms  failed: no such number")
			assert.Contains(t, s.lines(first), "+0s  page  level 2  ben  mail")
		}},
		{"12.1", func(t *testing.T) {
			s := tell(t, nil)
			s.submit(fires)
			assert.Equal(t, incident.Active, s.incident(first).Phase)
			assert.Equal(t, saturday, s.incident(first).Detected)
		}},
		{"12.6", func(t *testing.T) { // recovery by the last alert that joined
			s := tell(t, func(c *catalog.Catalog) {
				p := c.Plans["payments"]
				p.ResolveOn = incident.OnLast
				c.Plans["payments"] = p
			})
			s.submit(fires)
			s.submit(another)
			s.submit(payoutStuck.Resolve("merchant", "m-43"))
			assert.Equal(t, incident.Monitoring, s.incident(first).Phase)
		}},
		{"12.7", func(t *testing.T) { // a plan may resolve by itself after the soak
			s := tell(t, func(c *catalog.Catalog) {
				p := c.Plans["payments"]
				p.Recovered = incident.Resolved
				c.Plans["payments"] = p
			})
			s.submit(fires)
			s.submit(resolves)
			s.pass(15 * time.Minute)
			assert.Contains(t, s.lines(first), "+15m  incident resolved  every alert has been resolved for 15m")
			assert.Equal(t, incident.Resolved, s.incident(first).Phase)
		}},
		{"12.8", func(t *testing.T) { // a new alert that joins in monitoring is a relapse
			s := tell(t, nil)
			s.submit(fires)
			s.submit(resolves)
			s.submit(another)
			assert.Equal(t, incident.Active, s.incident(first).Phase)
			assert.Equal(t, 1, count(s.lines(first), "  relapsed  "))
		}},
		{"12.9", func(t *testing.T) { // within the reopen window it reopens, later a new incident opens with a link
			s := tell(t, noSoak)
			s.submit(fires)
			s.do(respond.Resolve{Incident: first, By: "ben", Alerts: true})
			s.pass(29 * time.Minute)
			s.submit(another)
			assert.Equal(t, incident.Active, s.incident(first).Phase, "a new alert joins")
			s.do(respond.Resolve{Incident: first, By: "ben", Alerts: true})
			s.pass(59 * time.Minute)
			s.submit(another)
			assert.Equal(t, incident.Active, s.incident(first).Phase, "a member fires again")
			s.do(respond.Resolve{Incident: first, By: "ben", Alerts: true})
			s.pass(time.Hour)
			s.submit(payoutStuck.Trigger("a third", "merchant", "m-44"))
			assert.Equal(t, first, s.incident(second).Previous)
		}},
		{"12.gate", func(t *testing.T) { // the soak holds a person back, unless a reason is given
			s := tell(t, nil)
			s.submit(fires)
			s.submit(resolves)
			s.pass(14 * time.Minute)
			var refused *respond.RefusedError
			require.ErrorAs(t, s.Do(respond.Resolve{Incident: first, By: "ben"}), &refused)
			assert.Contains(t, refused.Reason, "15m0s")
			s.do(respond.Resolve{Incident: first, By: "ben", Override: "seen with my own eyes"})
			assert.Contains(t, s.lines(first), "+14m  incident resolved  by command  override: seen with my own eyes  by ben")
		}},
	}
	for _, row := range rows {
		t.Run(row.name, row.run)
	}
}

func count(lines []string, part string) int {
	n := 0
	for _, l := range lines {
		if strings.Contains(l, part) {
			n++
		}
	}
	return n
}

// TestAlertLeftFiringByAnOverride: mere repeats do not reopen what a person resolved, a priority that rises does.
func TestAlertLeftFiringByAnOverride(t *testing.T) {
	s := tell(t, nil)
	s.submit(with(fires, severity.Error))
	s.do(respond.Resolve{Incident: first, By: "ben", Override: "known and harmless"})
	s.submit(with(fires, severity.Error))
	assert.Equal(t, incident.Resolved, s.incident(first).Phase)
	s.submit(with(fires, severity.Critical))
	assert.Equal(t, incident.Active, s.incident(first).Phase)
	assert.Equal(t, 1, count(s.lines(first), "  page  level 1"), "nobody had been paged before the group wait was over")
}

// TestForcedPriority: a person's priority wins; a worse one that alerts bring is recorded and does not page.
func TestForcedPriority(t *testing.T) {
	s := tell(t, nil)
	s.submit(with(fires, severity.Error))
	s.pass(30 * time.Second)
	s.do(respond.Reprioritise{Incident: first, By: "ben", Priority: severity.P4, Because: "test traffic"})
	s.submit(with(another, severity.Critical))
	i := s.incident(first)
	assert.Equal(t, severity.P4, i.Priority)
	assert.Equal(t, severity.P1, i.Computed)
	assert.Equal(t, "P4: forced (test traffic), computed P1 = impact high (checkout, tier 1) × urgency high (critical)", i.Reason())
	assert.Equal(t, 1, count(s.lines(first), "  page  level 1"))
	s.do(respond.Reprioritise{Incident: first, By: "ben", Because: "it is real"})
	assert.Equal(t, severity.P1, s.incident(first).Priority)
	assert.Equal(t, 2, count(s.lines(first), "  page  level 1"))
}

func TestSentShowsWhatIsMissing(t *testing.T) {
	probe := &failing{TB: t}
	w := tocsintest.New(probe, payments(t), saturday)
	w.Submit(fires)
	w.Sent("+0s  page  level 1  ben  slack")
	assert.Contains(t, probe.text, "- +0s page level 1 ben slack\n+ +0s page level 1 ana slack\n")
	assert.Contains(t, probe.text, "opened  P1 = impact high (checkout, tier 1)")
}

// TestGolden: a whole story stands in a file, and a change of it shows the lines.
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
	play(t, "slack").Golden("testdata/story.txt")
	if *update {
		return
	}
	probe := &failing{TB: t}
	play(probe, "sms").Golden("testdata/story.txt")
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
