package sim_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

// raced is a catalog with two levels of two minutes each. An acknowledgement ends after five minutes.
func raced() *catalog.Catalog {
	contacts := func(c escalate.Contact) catalog.Person { return catalog.Person{Contacts: []escalate.Contact{c}} }
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		People:   map[escalate.PersonID]catalog.Person{"ana": contacts("slack:@ana"), "ben": contacts("slack:@ben"), "cho": contacts("slack:@cho")},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}, Lead: "ben"}},
		Services: map[string]catalog.Service{"checkout": {Owner: "shop", Tier: 1}},
		Classes:  []event.Class{{Name: "checkout.down", Service: "checkout", Severity: severity.Critical}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "two", Soak: new(2 * time.Minute)}},
		Policies: map[string]escalate.Policy{"two": {Repeat: new(1), AckTimeout: new(5 * time.Minute), Levels: []escalate.Level{
			{Page: []escalate.Target{"owner"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 2 * time.Minute},
		}}},
	}
}

// race is one order of commands, signals and deadlines about one incident.
type race struct {
	*sim.Sim
	rng  *rand.Rand
	seen escalate.Position // that somebody looked at, perhaps long ago
	acts []string
}

// act does something at once. It returns why it was refused.
func (r *race) act() (err error) {
	all, err := r.Incidents()
	if err != nil || len(all) == 0 {
		return err
	}
	inc := &all[len(all)-1]
	for i := range all {
		if all[i].Class == "checkout.down" {
			inc = &all[i]
		}
	}
	if r.rng.IntN(3) == 0 {
		r.seen = inc.Escalation.Position
	}
	by := []escalate.PersonID{"ana", "ben", "cho"}[r.rng.IntN(3)]
	var c respond.Command
	switch n := r.rng.IntN(12); {
	case n < 5: // a link, a button, the API and a command are one command
		c = respond.Acknowledge{Incident: inc.ID, By: by, Via: []string{"link", "slack", "api", "dashboard"}[r.rng.IntN(4)]}
	case n < 7:
		c = respond.Unacknowledge{Incident: inc.ID, By: by}
	case n < 9:
		c = respond.Escalate{Incident: inc.ID, By: by, AsOf: r.seen}
	case n == 9:
		c = respond.Resolve{Incident: inc.ID, By: by, Alerts: r.rng.IntN(2) == 0}
	default:
		e := event.Event{Type: "checkout.down", Summary: "Checkout is down"}
		if n == 10 {
			e.Signal = event.Resolve
		}
		r.acts = append(r.acts, fmt.Sprint(r.Now().Format("04:05"), " ", e.Signal))
		return r.Submit(e)
	}
	err = r.Do(c)
	if c, ok := c.(respond.Escalate); ok && err == nil && c.AsOf != inc.Escalation.Position {
		err = fmt.Errorf("escalated as of %v, at %v", c.AsOf, inc.Escalation.Position)
	}
	r.acts = append(r.acts, fmt.Sprintf("%s %T %+v: %v", r.Now().Format("04:05"), c, c, err))
	return err
}

// replayedHolders replays the timeline of an incident. It returns who has the incident by it, and what contradicts itself.
func replayedHolders(lines []sim.Entry, id string) (holders map[string]bool, wrong []string) {
	holders = map[string]bool{}
	for i := range lines {
		e := &lines[i]
		if e.About != id {
			continue
		}
		switch e.Word {
		case incident.WordAcknowledged:
			if holders[e.Actor] {
				wrong = append(wrong, "acknowledged twice: "+e.Line(t0))
			}
			holders[e.Actor] = true
		case incident.WordUnacknowledged:
			if e.Actor == "" {
				clear(holders)
			}
			delete(holders, e.Actor)
		case incident.WordEscalated, incident.WordAlarmsAgain, incident.WordMonitoring, incident.WordIncidentResolved, incident.WordReopened:
			clear(holders)
		case incident.WordLevel:
			if len(holders) > 0 {
				wrong = append(wrong, "a level fires though somebody has the incident: "+e.Line(t0))
			}
		}
	}
	return holders, wrong
}

// TestRaces plays acknowledgements by every door, their ends, escalations of an old position, resolves and signals in seeded orders, many
// of them at the very instant of a deadline. Each command has one outcome, and the timeline tells who has the incident: 1,000 orders, and
// 100,000 with TOCSIN_LONG=1.
func TestRaces(t *testing.T) {
	orders := 1_000
	if os.Getenv("TOCSIN_LONG") == "1" {
		orders = 100_000
	}
	accepted, refused := 0, 0
	for seed := range uint64(orders) {
		s, err := sim.New(raced(), t0)
		require.NoError(t, err)
		r := &race{Sim: s, rng: rand.New(rand.NewPCG(seed, 5))}
		require.NoError(t, r.Submit(event.Event{Type: "checkout.down", Summary: "Checkout is down"}))
		for range 12 {
			pause := time.Duration(r.rng.IntN(4)) * time.Minute / 2
			if r.rng.IntN(4) == 0 {
				pause = time.Duration(r.rng.Int64N(int64(3 * time.Minute)))
			}
			require.NoError(t, r.Advance(pause))
			switch err := r.act(); {
			case err == nil:
				accepted++
			default:
				var no *respond.RefusedError
				require.True(t, errors.As(err, &no), "seed %d: %v", seed, err)
				refused++
			}
			all, err := r.Incidents()
			require.NoError(t, err)
			lines := r.Entries()
			for i := range all {
				has := map[string]bool{}
				if all[i].Phase == incident.Active {
					for _, a := range all[i].Escalation.Acks {
						has[string(a.By)] = true
					}
				}
				holders, wrong := replayedHolders(lines, all[i].ID)
				if len(wrong) > 0 || !maps.Equal(has, holders) {
					for _, e := range lines {
						r.acts = append(r.acts, e.About+" "+e.Line(t0))
					}
					t.Fatalf("seed %d: %v has it, the timeline tells %v; %v\n%s", seed, slices.Sorted(maps.Keys(has)),
						slices.Sorted(maps.Keys(holders)), wrong, r.acts)
				}
			}
		}
	}
	t.Logf("%d orders, %d commands and signals accepted, %d refused", orders, accepted, refused)
}
