package sim_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

var t0 = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func base() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "team", Plan: "p"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Teams:    map[string]catalog.Team{"team": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{"shop": {Owner: "team", Tier: 1}},
		Classes:  []event.Class{{Name: "a.*", Service: "shop"}},
		Plans:    map[string]catalog.Plan{"p": {Policy: "one"}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 10 * time.Minute}}, Repeat: new(0)}},
	}
}

func ev(typ, subject string, s severity.Level) event.Event {
	return event.Event{Type: typ, Subject: subject, Severity: s, Summary: typ + " " + subject}
}

func mk(t *testing.T, c *catalog.Catalog) *sim.Sim {
	s, err := sim.New(c, t0)
	require.NoError(t, err)
	return s
}

func dump(s *sim.Sim) string {
	var b strings.Builder
	for _, e := range s.Entries() {
		fmt.Fprintln(&b, e.About, e.Line(t0))
	}
	return b.String()
}

func count(s *sim.Sim, part string) int { return strings.Count(dump(s), part) }

func TestGroupsThatAreOverHideNoLiveOne(t *testing.T) {
	c := base()
	c.Plans["p"] = catalog.Plan{
		Policy: "one", Recovered: incident.Resolved, Soak: new(time.Second), Reopen: new(time.Second),
		Group: catalog.Grouping{By: []string{"labels.cluster", "subject"}, Any: true},
	}
	s := mk(t, c)
	send := func(subject string, sig event.Signal) {
		e := ev("a.x", subject, severity.Critical)
		e.Labels, e.Signal = map[string]string{"cluster": "c1"}, sig
		require.NoError(t, s.Submit(e))
	}
	for i := range 1001 {
		send(fmt.Sprintf("a%04d", i), event.Trigger)
		send(fmt.Sprintf("a%04d", i), event.Resolve)
		require.NoError(t, s.Advance(3*time.Second))
	}
	n := len(s.Entries())
	send("z1", event.Trigger)
	send("z2", event.Trigger)
	opened, joined := 0, 0
	for _, e := range s.Entries()[n:] {
		if !strings.Contains(e.About, "/") {
			if e.Word == incident.WordOpened {
				opened++
			}
			if e.Word == incident.WordJoined {
				joined++
			}
		}
	}
	assert.Equal(t, 1, opened)
	assert.Equal(t, 1, joined)
}

func TestJoinsOfP4AreNotices(t *testing.T) {
	c := base()
	c.Services["shop"] = catalog.Service{Owner: "team", Tier: 3}
	c.Plans["p"] = catalog.Plan{Policy: "one", Group: catalog.Grouping{OnJoin: catalog.JoinPage}}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Warning)))
	require.NoError(t, s.Advance(5*time.Minute))
	require.NoError(t, s.Submit(ev("a.x", "2", severity.Warning)))
	require.NoError(t, s.Advance(5*time.Minute))
	incs, _ := s.Incidents()
	require.Len(t, incs, 1)
	require.Greater(t, incs[0].Priority, severity.P3)
	for _, e := range s.Entries() {
		assert.NotEqual(t, incident.WordPage, e.Word, "P4 and P5 send notices")
	}
}

func TestAJoinThatRaisesPagesOnce(t *testing.T) {
	c := base()
	c.Plans["p"] = catalog.Plan{Policy: "one", Group: catalog.Grouping{OnJoin: catalog.JoinPage}}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Warning)))
	require.NoError(t, s.Advance(5*time.Minute))
	n := len(s.Entries())
	require.NoError(t, s.Submit(ev("a.x", "2", severity.Critical)))
	require.NoError(t, s.Advance(5*time.Minute))
	pages := 0
	for _, e := range s.Entries()[n:] {
		if e.Word == incident.WordPage {
			pages++
		}
	}
	assert.Equal(t, 1, pages, "the raise alarms; the join adds nothing")
}

func book(steps ...automate.Step) automate.Runbook {
	return automate.Runbook{Owner: "team", Mode: automate.Auto, When: `event.type == "a.x"`, Steps: steps}
}

func TestARunEndsWithItsIncident(t *testing.T) {
	c := base()
	c.Plans["p"] = catalog.Plan{Policy: "one", Recovered: incident.Resolved, Soak: new(time.Second), Reopen: new(time.Minute)}
	c.Runbooks = map[string]automate.Runbook{"fix": {Owner: "team", Mode: automate.Auto, When: `event.type == "a.x" && event.subject != "first"`, Steps: []automate.Step{{Wait: 10 * time.Minute}, {Do: "fix"}}}}
	s := mk(t, c)
	first := ev("a.x", "first", severity.Critical)
	require.NoError(t, s.Submit(first))
	first.Signal = event.Resolve
	require.NoError(t, s.Submit(first))
	require.NoError(t, s.Advance(5*time.Second))
	require.NoError(t, s.Do(respond.StartRun{Incident: core.IncidentID("", "p/team/a.x/shop", 1), Runbook: "fix", By: "ana"}))
	require.NoError(t, s.Advance(5*time.Minute))
	require.NoError(t, s.Submit(ev("a.x", "first", severity.Critical)))
	require.NoError(t, s.Advance(48*time.Hour))
	require.NoError(t, s.Do(respond.StartRun{Incident: core.IncidentID("", "p/team/a.x/shop", 2), Runbook: "fix", By: "ana"}))
	require.NoError(t, s.Advance(time.Hour))
	incs, _ := s.Incidents()
	for _, i := range incs {
		for _, r := range i.Runs {
			t.Log(i.ID, r.ID, r.State, r.Why)
			assert.NotEqual(t, automate.Running, r.State)
			assert.NotEqual(t, automate.Refused, r.State)
		}
	}
}

func TestAFailedRunTellsThoseWhoHaveTheIncident(t *testing.T) {
	c := base()
	c.Runbooks = map[string]automate.Runbook{"fix": book(automate.Step{Wait: 5 * time.Minute}, automate.Step{Check: "fix"})}
	s := mk(t, c)
	s.Act("fix", automate.ActionFunc(func(_ context.Context, _ automate.Invocation) (automate.Result, error) {
		return automate.Result{}, fmt.Errorf("broken")
	}))
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(time.Minute))
	require.NoError(t, s.Do(respond.Acknowledge{Incident: core.IncidentID("", "p/team/a.x/shop", 1), By: "ana"}))
	n := len(s.Entries())
	require.NoError(t, s.Advance(10*time.Minute))
	sent := 0
	for _, e := range s.Entries()[n:] {
		if e.Word.Kind() == incident.KindPage {
			sent++
		}
	}
	assert.NotZero(t, sent, "a person must be asked")
}

func TestJoinsAreToldThoughARunHasTheIncident(t *testing.T) {
	c := base()
	c.Plans["p"] = catalog.Plan{Policy: "one", Group: catalog.Grouping{OnJoin: catalog.JoinPage}}
	b := book(automate.Step{Wait: 20 * time.Minute})
	b.Owning, b.Mode = true, automate.Manual
	c.Runbooks = map[string]automate.Runbook{"fix": b}
	c.Runbooks["other"] = automate.Runbook{Owner: "team", Mode: automate.Manual, Steps: []automate.Step{{Do: "x"}}}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(time.Minute))
	require.NoError(t, s.Do(respond.StartRun{Incident: core.IncidentID("", "p/team/a.x/shop", 1), Runbook: "fix", By: "ana"}))
	n := len(s.Entries())
	require.NoError(t, s.Submit(ev("a.x", "2", severity.Critical)))
	require.NoError(t, s.Advance(5*time.Minute))
	sent := 0
	for _, e := range s.Entries()[n:] {
		if e.Word.Kind() == incident.KindPage {
			sent++
		}
	}
	assert.NotZero(t, sent)
	incs, _ := s.Incidents()
	assert.True(t, incs[0].Taken.IsZero(), "no person has acknowledged")
}

func TestEqualContactsAreTriedOnce(t *testing.T) {
	c := base()
	c.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"slack:@ana", "slack:@ana"}}
	s := mk(t, c)
	s.Fail("slack", notify.Permanent(fmt.Errorf("gone")))
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(5*time.Minute))
}

func TestRunbooksWhoseNamesBeginAlike(t *testing.T) {
	c := base()
	c.Runbooks = map[string]automate.Runbook{"db": book(automate.Step{Do: "x"}), "db/1": book(automate.Step{Do: "y"})}
	s := mk(t, c)
	for _, n := range []string{"x", "y"} {
		s.Act(n, automate.ActionFunc(func(_ context.Context, in automate.Invocation) (automate.Result, error) {
			return automate.Result{Output: "did " + in.Action}, nil
		}))
	}
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(time.Hour))
	incs, _ := s.Incidents()
	for _, r := range incs[0].Runs {
		t.Log(r.ID, r.State, r.Why)
		assert.Equal(t, automate.Done, r.State)
	}
}

func TestADryRunTakesNothing(t *testing.T) {
	c := base()
	b := book(automate.Step{Do: "fix"})
	b.Owning, b.Mode = true, automate.Manual
	c.Runbooks = map[string]automate.Runbook{"fix": b}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Error)))
	require.NoError(t, s.Advance(5*time.Second))
	require.NoError(t, s.Do(respond.StartRun{Incident: core.IncidentID("", "p/team/a.x/shop", 1), Runbook: "fix", By: "ana", DryRun: true}))
	assert.Zero(t, count(s, "acknowledged"))
}

func TestARefusedRunGivesNothingBack(t *testing.T) {
	c := base()
	b := book(automate.Step{Wait: time.Hour}, automate.Step{Do: "fix"})
	b.Owning, b.Mode = true, automate.Manual
	c.Runbooks = map[string]automate.Runbook{"fix": b}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	for range 2 {
		require.NoError(t, s.Do(respond.StartRun{Incident: core.IncidentID("", "p/team/a.x/shop", 1), Runbook: "fix", By: "ana"}))
		require.NoError(t, s.Advance(time.Minute))
	}
	incs, _ := s.Incidents()
	assert.Equal(t, automate.Running, incs[0].Runs[0].State)
	assert.Equal(t, escalate.Paused, incs[0].Escalation.Status)
}

func TestAnActionThatNamesAPauseIsCalledAgain(t *testing.T) {
	c := base()
	c.Runbooks = map[string]automate.Runbook{"fix": book(automate.Step{Do: "fix"})}
	s := mk(t, c)
	calls := 0
	s.Act("fix", automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
		if calls++; calls == 1 {
			return automate.Result{}, notify.RetryAfter(fmt.Errorf("busy"), 20*time.Second)
		}
		return automate.Result{}, nil
	}))
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(19*time.Second))
	assert.Equal(t, 1, calls)
	require.NoError(t, s.Advance(time.Minute))
	assert.Equal(t, 2, calls)
	incs, err := s.Incidents()
	require.NoError(t, err)
	assert.Equal(t, automate.Done, incs[0].Runs[0].State)
}

// broken is what a user may write by mistake.
type broken struct{}

func (broken) OnCall(time.Time) []escalate.PersonID       { panic("no rotation") }
func (broken) Pick(*escalate.Choice) []escalate.Recipient { panic("nobody") }

func TestABrokenScheduleOrStrategyKeepsNobodyAsleep(t *testing.T) {
	c := base()
	c.Schedules = map[string]escalate.Schedule{"night": broken{}}
	c.Strategies = map[string]escalate.Strategy{"odd": broken{}}
	c.Policies["one"] = escalate.Policy{Levels: []escalate.Level{
		{Page: []escalate.Target{"schedule:night"}, Wait: 5 * time.Minute},
		{Page: []escalate.Target{"person:ana", "person:ben"}, Strategy: "odd", Wait: 5 * time.Minute},
	}}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(time.Minute))
	assert.Contains(t, dump(s), "level 2  pages ana, ben")
	assert.Contains(t, dump(s), event.FindingUncoveredLevel)
}

func TestReloadRefusesWhatCannotRun(t *testing.T) {
	s := mk(t, base())
	broken := base()
	broken.Defaults.Owner = "nobody"
	require.EqualError(t, s.Reload(broken), `sim: reload: the current catalog stays: catalog: defaults: team "nobody" does not exist, expected one of team`)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	assert.Equal(t, 1, count(s, "page  level 1  ana"), "the old one is at work")
}

// TestALetterIsResentOnce: a refused command leaves a dead letter where it is, an accepted one takes it.
func TestALetterIsResentOnce(t *testing.T) {
	s := mk(t, base())
	s.Fail("slack", notify.Permanent(fmt.Errorf("gone")))
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	letters, err := s.DeadLetters()
	require.NoError(t, err)
	require.NotEmpty(t, letters)
	s.Fail("slack", nil)
	sent := count(s, "page  level 1  ana  slack\n")
	require.Error(t, s.Do(respond.Resend{Letter: letters[0]}), "nobody asks for it")
	assert.Equal(t, sent, count(s, "page  level 1  ana  slack\n"))
	require.NoError(t, s.Do(respond.Resend{Letter: letters[0], By: "ben"}))
	assert.Equal(t, sent+1, count(s, "page  level 1  ana  slack\n"))
	var refused *respond.RefusedError
	require.ErrorAs(t, s.Do(respond.Resend{Letter: letters[0], By: "ben"}), &refused)
}

// TestAPageOfALevelWaitsForNoJoin: a page about alerts that joined, over a channel that is away, keeps no level from being tried.
func TestAPageOfALevelWaitsForNoJoin(t *testing.T) {
	c := base()
	c.Plans["p"] = catalog.Plan{Policy: "one", Group: catalog.Grouping{OnJoin: catalog.JoinPage}}
	c.Policies["one"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}
	s := mk(t, c)
	require.NoError(t, s.Submit(ev("a.x", "1", severity.Critical)))
	require.NoError(t, s.Advance(3*time.Minute))
	s.Fail("slack", fmt.Errorf("away"))
	require.NoError(t, s.Submit(ev("a.x", "2", severity.Critical)))
	require.NoError(t, s.Advance(2*time.Minute))
	assert.Contains(t, dump(s), "+3m  retry  page 1 joined: a.x 2  ana  slack")
	assert.Contains(t, dump(s), "+5m  retry  page level 1  ana  slack")
}

// TestARepeatIsToldAgainThoughTheOneBeforeCameLate: four hours after the last message of an exhausted incident, and not after the last
// repeat, a repeat asks again.
func TestARepeatIsToldAgainThoughTheOneBeforeCameLate(t *testing.T) {
	s := mk(t, base())
	at := func(d time.Duration, summary string) {
		e := ev("a.x", "1", severity.Error)
		e.Summary, e.Sender.Ends = summary, true // so that a gap says nothing
		require.NoError(t, s.Advance(t0.Add(d).Sub(s.Now())))
		require.NoError(t, s.Submit(e))
	}
	at(0, "slow")
	at(5*time.Minute, "slower") // the page left after 30 seconds; ten minutes later nobody has answered
	at(4*time.Hour+2*time.Minute, "slower")
	assert.Contains(t, dump(s), "+4h2m  alarms again  it still fires")
}
