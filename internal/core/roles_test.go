package core

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestOneCommander plays 10,000 random orders of assumptions, offers, answers and timers. There is one commander at every instant at most,
// and none is lost while the role is handed over.
func TestOneCommander(t *testing.T) {
	orders := 10_000
	if testing.Short() {
		orders = 500
	}
	cat, err := catalog.Builtin(nil).Compile()
	require.NoError(t, err)
	assignments, passed, timedOut := 0, 0, 0
	for seed := range uint64(orders) {
		rng := rand.New(rand.NewPCG(seed, 13))
		r := newRoleRig(t, cat, rng)
		for range 20 {
			r.step(rng)
		}
		r.check(seed)
		assignments, passed, timedOut = assignments+len(r.u.inc.Roles.Assigned), passed+r.passed, timedOut+r.timedOut
	}
	t.Logf("%d orders, %d assignments, %d handed over, %d offers ended by time", orders, assignments, passed, timedOut)
	assert.Greater(t, passed, orders/5, "roles are handed over")
	assert.Greater(t, timedOut, orders/10, "offers end by time")
}

// roleRig drives the part of the roles by itself: a unit without a store.
type roleRig struct {
	t                *testing.T
	turn             *turn
	u                *unit
	now              time.Time
	was              escalate.PersonID // commander before the step
	passed, timedOut int
}

func newRoleRig(t *testing.T, cat *catalog.Compiled, rng *rand.Rand) *roleRig {
	r := &roleRig{t: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	r.turn = &turn{Core: New(), Scratch: new(Scratch), cat: cat}
	r.turn.reset()
	r.u = &unit{
		row: new(record), group: new(Group), inc: &Incident{About: About{ID: "a", Owner: "default"}}, irow: new(record),
		plan: &catalog.Pinned{Plan: catalog.Plan{Roles: []incident.Role{incident.Commander}[:rng.IntN(2)]}},
	}
	r.u.inc.Phases.Phase = incident.Active
	r.turn.fill(r.u, r.now)
	return r
}

// step lets some time pass, in which timers end, and gives a command.
func (r *roleRig) step(rng *rand.Rand) {
	r.t.Helper()
	to := r.now.Add(time.Duration(rng.IntN(5)) * 3 * time.Minute)
	for at, ok := (roles{}).due(r.u); ok && !at.After(to); at, ok = (roles{}).due(r.u) {
		before, offers := r.u.holder(incident.Commander), len(r.u.inc.Roles.Offers)
		require.True(r.t, roles{}.act(r.turn, r.u, at))
		require.Equal(r.t, before, r.u.holder(incident.Commander), "a timer changes no holder")
		r.timedOut += offers - len(r.u.inc.Roles.Offers)
	}
	r.now, r.was = to, r.u.holder(incident.Commander)
	people := []escalate.PersonID{"ana", "ben", "cho"}
	by, other, role := people[rng.IntN(3)], people[rng.IntN(3)], incident.Commander
	offers := r.u.inc.Roles.Offers
	var err error
	switch k := rng.IntN(10); {
	case k < 3:
		err = assume(r.turn, r.u, respond.Assume{Role: role, By: by}, r.now)
	case k < 4:
		err = assume(r.turn, r.u, respond.Assume{Role: role, By: by, From: other}, r.now)
	case k < 5:
		err = renounce(r.turn, r.u, respond.Renounce{Role: role, By: by}, r.now)
		require.True(r.t, err != nil || r.was != by || r.u.holder(role) == "")
		return
	case k < 8:
		if rng.IntN(3) > 0 && r.was != "" {
			by = r.was
		}
		err = offer(r.turn, r.u, respond.Offer{Role: role, By: by, To: other}, r.now)
		require.Equal(r.t, r.was, r.u.holder(role), "an offer changes no holder")
	default:
		if rng.IntN(3) > 0 && len(offers) > 0 {
			by = offers[0].To
		}
		err = acceptRole(r.turn, r.u, respond.AcceptRole{Role: role, By: by, Decline: rng.IntN(4) == 0}, r.now)
		if err == nil && r.was != r.u.holder(role) {
			r.passed++
		}
	}
	require.True(r.t, r.was == "" || r.u.holder(role) != "", "the role is lost: %v", err)
	require.True(r.t, err == nil || r.was == r.u.holder(role), "what is refused changes nothing")
}

// check holds that the assignments of the commander do not overlap.
func (r *roleRig) check(seed uint64) {
	r.t.Helper()
	all := r.u.inc.Roles.Assigned
	for i := range all {
		require.True(r.t, all[i].Held() || !all[i].Renounced.Before(all[i].Assumed), "seed %d: %v", seed, all)
		if i > 0 {
			require.False(r.t, all[i-1].Held(), "seed %d: two hold it: %v", seed, all)
			require.False(r.t, all[i].Assumed.Before(all[i-1].Renounced), "seed %d: they overlap: %v", seed, all)
		}
	}
	for _, o := range r.u.inc.Roles.Offers {
		require.Equal(r.t, r.u.holder(incident.Commander), o.From, "seed %d: an offer of somebody who does not hold it", seed)
	}
}

// TestAssignmentsAreBounded: of more than 200 assignments the first that have ended are forgotten, and never one that is held.
func TestAssignmentsAreBounded(t *testing.T) {
	cat, err := catalog.Builtin(nil).Compile()
	require.NoError(t, err)
	r := newRoleRig(t, cat, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, assume(r.turn, r.u, respond.Assume{Role: incident.Scribe, By: "ben"}, r.now))
	for range 300 {
		require.NoError(t, assume(r.turn, r.u, respond.Assume{Role: incident.Commander, By: "ana"}, r.now))
		require.NoError(t, renounce(r.turn, r.u, respond.Renounce{Role: incident.Commander, By: "ana"}, r.now))
	}
	assert.Len(t, r.u.inc.Roles.Assigned, mostAssumed)
	assert.EqualValues(t, "ben", r.u.holder(incident.Scribe))
}

// TestOffersAtTheirEnd: an offer that is accepted at the instant of its end has ended.
func TestOffersAtTheirEnd(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	id := b.open(start)
	do := func(after time.Duration, c respond.Command) error {
		return b.decide(start.Add(after), Do{At: start.Add(after), Command: c}).Refused[0]
	}
	require.NoError(t, do(0, respond.Assume{Incident: id, Role: incident.Commander, By: "ana"}))
	require.NoError(t, do(0, respond.Offer{Incident: id, Role: incident.Commander, By: "ana", To: "ben"}))
	require.ErrorContains(t, do(offerLife, respond.AcceptRole{Incident: id, Role: incident.Commander, By: "ben"}), "nobody offers ben the role commander")
	require.NoError(t, do(offerLife, respond.Offer{Incident: id, Role: incident.Commander, By: "ana", To: "ben"}))
	require.NoError(t, do(2*offerLife-1, respond.AcceptRole{Incident: id, Role: incident.Commander, By: "ben"}))
	inc := b.core.View(b.incident(id), b.cat.Pin("default"))
	assert.Equal(t, []incident.Assignment{
		{Role: incident.Commander, Person: "ana", Assumed: start, Renounced: start.Add(2*offerLife - 1)},
		{Role: incident.Commander, Person: "ben", Assumed: start.Add(2*offerLife - 1)},
	}, inc.Roles)
	assert.EqualValues(t, "ben", inc.Holder(incident.Commander))
}

// TestNobodyHasACancelledIncident: who held a role in an incident that was opened in error holds it no more, and nobody takes one.
func TestNobodyHasACancelledIncident(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	id := b.open(start)
	assume := respond.Assume{Incident: id, Role: incident.Scribe, By: "ana"}
	refused := b.decide(start, Do{At: start, Command: assume}, Do{At: start, Command: respond.Cancel{Incident: id, By: "ben", Because: "x"}}).Refused
	require.NoError(t, errors.Join(refused...))
	assert.Equal(t, []incident.Assignment{{Role: incident.Scribe, Person: "ana", Assumed: start, Renounced: start}}, b.incident(id).Roles.Assigned)
	assume.By = "ben"
	require.ErrorContains(t, b.decide(start, Do{At: start, Command: assume}).Refused[0], "it is cancelled, and nobody has a role in it any more")
}
