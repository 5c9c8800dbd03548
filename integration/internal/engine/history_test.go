package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/integration/internal/stage"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// twoTeams is a catalog in which everything that can fall due does: group waits, levels, repeats, expiry, soak, stale.
func twoTeams(moved bool) *catalog.Catalog {
	c := twoLevels(moved)
	c.People["cho"] = catalog.Person{Contacts: []escalate.Contact{"slack:@cho"}}
	c.Teams["platform"] = catalog.Team{Members: []escalate.PersonID{"cho"}}
	c.Services["hub"] = catalog.Service{Owner: "platform", Tier: 3}
	c.Classes = []event.Class{
		{Name: "pay.*", Service: "checkout", StaleAfter: 40 * time.Minute},
		{Name: "pay.slow", For: 3 * time.Minute},
		{Name: "hub.*", Service: "hub", Plan: "quiet", StaleAfter: 90 * time.Minute},
		{Name: "hub.lag", Count: 3, Within: 20 * time.Minute},
	}
	c.Objectives = map[severity.Priority]severity.Objectives{
		severity.P1: {severity.ToAcknowledge: 2 * time.Minute, severity.ToResolve: 12 * time.Minute},
		severity.P2: {severity.ToAcknowledge: 6 * time.Minute, severity.ToUpdate: 9 * time.Minute},
	}
	c.Plans["loud"] = catalog.Plan{
		Policy: "two", Triage: true, Roles: []incident.Role{incident.Commander}, Reopen: new(20 * time.Minute),
		Group: catalog.Grouping{Window: 10 * time.Minute, MaxMembers: 2, OnJoin: catalog.JoinPage}, Comms: "customers",
	}
	c.Plans["quiet"] = catalog.Plan{
		Policy: "one", Recovered: incident.Resolved, Soak: new(3 * time.Minute),
		Group: catalog.Grouping{By: []string{"class", "subject"}, Any: true},
	}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"chat"}, Approve: "commander", Valid: 6 * time.Minute,
		First:    map[severity.Priority]time.Duration{severity.P1: 7 * time.Minute, severity.P2: 12 * time.Minute},
		Every:    map[severity.Priority]time.Duration{severity.P1: 9 * time.Minute},
		Messages: map[comms.Stage]string{comms.Investigating: "We look.", comms.Monitoring: "We watch.", comms.Resolved: "It works."},
	}}
	c.Audiences = map[string]catalog.Audience{"chat": {Channels: []escalate.Contact{"slack:#status"}, Fallback: []escalate.Contact{"sms:3"}}}
	c.Policies["one"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 4 * time.Minute}}, Repeat: new(1)}
	if moved {
		c.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"sms:2"}}
	}
	return c
}

// live lets two engines live through a history of a seed over a store, and returns all that it holds in the end.
func live(t *testing.T, at place, seed uint64) (all []string) {
	t.Helper()
	kept, end := at.make(t)
	defer end()
	synctest.Test(t, func(t *testing.T) {
		s := stage.New(t, kept, twoTeams(false), twoTeams(false))
		rng := rand.New(rand.NewPCG(seed, 6))
		s.Answer = func() stage.Fate { // of providers, most of which are well
			return [...]stage.Fate{stage.Again, stage.Undone, stage.Unheard, stage.Through}[min(rng.IntN(20), 3)]
		}
		for n := range int(sized(15, 300)) {
			s.Calm(time.Duration(rng.IntN(240)) * time.Second)
			switch rng.IntN(20) {
			case 0:
				s.Crash(rng.IntN(2))
			case 1:
				s.Reload(rng.IntN(2), twoTeams(rng.IntN(2) == 0))
			case 2, 3, 4, 5, 6:
				s.Do(someCommand(rng, fmt.Sprint(n)))
			default:
				s.Submit(someEvent(rng, fmt.Sprint(n-rng.IntN(8)/7))) // now and then under the id of the one before
			}
		}
		s.Calm(30 * time.Minute)
		s.End()
		all = stage.Everything(t, kept)
	})
	return all
}

func someEvent(rng *rand.Rand, id string) event.Event {
	e := event.Event{
		ID: id, Source: "test", Intake: "test", Type: []string{"pay.stuck", "pay.slow", "hub.lag", "hub.full", "unknown"}[rng.IntN(5)],
		Subject: fmt.Sprint(rng.IntN(3)), Severity: severity.Level(1 + rng.IntN(4)), Summary: "text " + id,
		Labels: map[string]string{"n": fmt.Sprint(rng.IntN(2))}, Data: map[string]any{"n": float64(rng.IntN(2)), "list": []any{"a", nil}},
	}
	if rng.IntN(3) == 0 {
		e.Signal = event.Signal(rng.IntN(4))
	}
	return e
}

func someCommand(rng *rand.Rand, id string) respond.Command {
	of := core.IncidentID("", []string{"loud/payments/pay.stuck/checkout", "loud/payments/pay.slow/checkout", "quiet/platform/hub.lag/hub", "loud/payments/pay.stuck/checkout/prices"}[rng.IntN(4)], 1+rng.IntN(2))
	if rng.IntN(3) == 0 {
		return lifeCommand(rng, of, id)
	}
	if rng.IntN(3) == 0 {
		return roomCommand(rng, of, id)
	}
	switch rng.IntN(8) {
	case 0:
		return respond.Unacknowledge{Incident: of, By: "ana", ID: id}
	case 1:
		return respond.Resolve{Incident: of, By: "ben", Alerts: rng.IntN(2) == 0, Override: []string{"", "by hand"}[rng.IntN(2)], ID: id}
	case 2:
		return respond.Reprioritise{Incident: of, By: "ben", Priority: severity.Priority(rng.IntN(6)), Because: "test", ID: id}
	case 6:
		return respond.Note{Incident: of, By: "ben", Text: "test", ID: id}
	case 7:
		return respond.Page{Incident: of, By: "ben", Target: []escalate.Target{"person:ana", "owner"}[rng.IntN(2)], Because: "test", ID: id}
	case 3:
		return respond.Escalate{Incident: of, By: "ben", AsOf: escalate.Position{Round: 1, Level: 1}, ID: id}
	}
	return respond.Acknowledge{Incident: of, By: []escalate.PersonID{"ana", "ben"}[rng.IntN(2)], ID: id}
}

// lifeCommand is a command about the phases of an incident, its times or its impact.
func lifeCommand(rng *rand.Rand, of, id string) respond.Command {
	switch rng.IntN(11) {
	case 0:
		return respond.Declare{Title: "prices", Class: "pay.stuck", Service: "checkout", Priority: severity.Priority(rng.IntN(6)), By: "ana", ID: id}
	case 1:
		return respond.Accept{Incident: of, By: "ana", ID: id}
	case 2:
		return respond.Decline{Incident: of, By: "ana", Because: "test", ID: id}
	case 3:
		return respond.Cancel{Incident: of, By: "ben", Because: "test", ID: id}
	case 4:
		return respond.Proceed{Incident: of, By: "ana", Step: incident.Identified, ID: id}
	case 5:
		return respond.Mitigate{Incident: of, By: "ana", Because: "test", ID: id}
	case 6:
		return respond.Reopen{Incident: of, By: "ben", Because: "test", ID: id}
	case 7:
		return respond.Close{Incident: of, By: "ana", Waive: "test", ID: id}
	case 8:
		return respond.Amend{Incident: of, By: "ana", Moment: incident.ImpactStarted, To: time.Now().Add(-time.Hour), Because: "test", ID: id}
	case 9:
		return respond.Assess{Incident: of, By: "ana", Impact: severity.Impacts{severity.Money: severity.High}, Because: "test", ID: id}
	}
	return respond.Note{Incident: of, By: "ana", Text: "test", When: time.Now().Add(-time.Hour), Corrects: 1, ID: id}
}

// roomCommand is a command about who does what in an incident, and what customers hear of it.
func roomCommand(rng *rand.Rand, of, id string) respond.Command {
	by, update := []escalate.PersonID{"ana", "ben", "cho"}[rng.IntN(3)], fmt.Sprint("u", 1+rng.IntN(3))
	switch rng.IntN(11) {
	case 0:
		return respond.Assume{Incident: of, Role: incident.Commander, By: []escalate.PersonID{"ana", "ben"}[rng.IntN(2)], ID: id}
	case 1:
		return respond.Offer{Incident: of, Role: incident.Commander, By: "ana", To: "ben", ID: id}
	case 2:
		return respond.AcceptRole{Incident: of, Role: incident.Commander, By: "ben", Decline: rng.IntN(3) == 0, ID: id}
	case 3:
		return respond.AddTodo{Incident: of, By: "ana", Text: "test", Owner: "ben", ID: id}
	case 4:
		return respond.AskDecision{Incident: of, By: "ana", Text: "test", Options: []string{"a", "b"}, Decider: "ben", ID: id}
	case 5:
		return respond.SetPrivate{Incident: of, By: "ana", Because: "test", Off: rng.IntN(2) == 0, ID: id}
	case 6:
		return respond.DraftUpdate{Incident: of, By: by, Text: []string{"", "We look on."}[rng.IntN(2)], ID: id}
	case 7:
		return respond.ApproveUpdate{Incident: of, By: by, Update: update, Decline: rng.IntN(4) == 0, Because: "test", ID: id}
	case 8:
		return respond.SendUpdate{Incident: of, By: by, Update: []string{"", update}[rng.IntN(2)], BreakGlass: rng.IntN(2) == 0, Because: "test", ID: id}
	case 9:
		return respond.CorrectUpdate{Incident: of, By: by, Update: update, Text: "It is worse.", BreakGlass: rng.IntN(2) == 0, Because: "test", ID: id}
	}
	return respond.RetractUpdate{Incident: of, By: by, Update: update, BreakGlass: rng.IntN(2) == 0, Because: "test", ID: id}
}

// TestSameHistory lets engines live through the same history over every store: the records, timelines, tasks and input logs
// are the same, byte for byte. TOCSIN_LONG=1 takes ten histories, each twenty times as long.
func TestSameHistory(t *testing.T) {
	same := func(t *testing.T, at place, seeds uint64) {
		for seed := range seeds {
			want, got := live(t, inMemory(), seed), live(t, at, seed)
			require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"), "seed %d", seed)
			t.Logf("seed %d: %d records, lines, tasks and rows of the log, %d bytes", seed, len(got), len(strings.Join(got, "\n")))
		}
	}
	t.Run("sqlite", func(t *testing.T) { same(t, inFiles(), sized(1, 10)) })
	t.Run("sqlite, reopened", func(t *testing.T) { same(t, inReopenedFiles(), 10) })
	t.Run("postgres", func(t *testing.T) { same(t, onServer(t), sized(1, 10)) })
}
