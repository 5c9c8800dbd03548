package sim_test

import (
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

// profile is how people answer.
type profile struct {
	name        string
	nobody      bool
	soon, late  time.Duration // until a page is acknowledged
	confirm     float64
	interrupted bool // a channel is away now and then
	reloads     bool
}

func someProfile(r *rand.Rand) profile {
	p := profile{name: "fast", soon: time.Minute, late: 10 * time.Minute, confirm: .9}
	switch x := r.Float64(); {
	case x < .15:
		p = profile{name: "nobody", nobody: true}
	case x < .55:
		p = profile{name: "slow", soon: 5 * time.Minute, late: 2 * time.Hour, confirm: .6}
	}
	p.interrupted, p.reloads = chance(r, .2), chance(r, .2)
	return p
}

// situation is how an alert and its incident stand.
type situation struct {
	state    alert.State
	incident string
	phase    incident.Phase
	status   escalate.Status
	alone    bool          // the incident has no other alert
	resolved time.Duration // when it was resolved
	byHand   bool          // a person resolved it
	acted    time.Duration // when a person last acted upon it; negative: nobody did
	told     time.Duration // when a message of it was last made; negative: none was
	flaps    bool          // the alert goes on and off
}

func (s situation) String() string { return fmt.Sprintf("%s/%s/%s", s.state, s.phase, s.status) }

// desk is what a history is played to: a simulation, or an engine.
type desk interface {
	Submit(e ...event.Event) error
	Do(c respond.Command) error
	Reload(c *catalog.Catalog) error
	Fail(channel string, err error)
	Alerts() ([]incident.Alert, error)
	Incidents() ([]incident.Incident, error)
	Tail(n int) []sim.Entry
}

// player feeds a history to a desk, and answers as people do.
type player struct {
	agenda
	desk
	t      testing.TB
	h      *history
	origin time.Time // by the clock of the desk
	r      *rand.Rand
	seen   int
	post   *post
	busy   map[string]bool
	acted  map[string]time.Duration   // by incident: when a person last acted upon it
	byHand map[string][]time.Duration // by incident: when a person resolved it
}

func newPlayer(t testing.TB, h *history, d desk, origin time.Time) *player {
	p := &player{
		desk: d, t: t, h: h, origin: origin, r: rand.New(rand.NewSource(h.seed)), post: newPost(h), busy: map[string]bool{},
		acted: map[string]time.Duration{}, byHand: map[string][]time.Duration{},
	}
	for _, g := range h.signals {
		p.at(g.at, func() { p.submit(g) })
	}
	p.disturb()
	return p
}

// play plays a history to its end in a simulation.
func play(t testing.TB, h *history) *player {
	t.Helper()
	s, err := sim.New(h.world.make(false), t0)
	require.NoError(t, err)
	p := newPlayer(t, h, s, t0)
	for {
		due := p.next(h.end)
		over, err := s.Step(t0.Add(due))
		require.NoError(t, err)
		p.now = s.Now().Sub(t0)
		p.watch()
		if over && !p.take(due) && due == h.end {
			return p
		}
	}
}

// disturb lets channels be away and catalogs change.
func (p *player) disturb() {
	if p.h.person.reloads {
		for i := range 4 {
			p.at(upTo(p.r, p.h.end), func() { require.NoError(p.t, p.Reload(p.h.world.make(i%2 == 0))) })
		}
	}
	if !p.h.person.interrupted || len(p.h.signals) == 0 {
		return
	}
	away := errors.New("away")
	faults := [...]error{notify.Permanent(away), away, notify.RetryAfter(away, 20*time.Second)}
	for range 1 + p.r.Intn(6) {
		at, lasts := p.h.signals[p.r.Intn(len(p.h.signals))].at, within(p.r, time.Minute, 2*time.Hour)
		channel, fault := "slack", faults[p.r.Intn(len(faults))]
		if p.h.world.name == samples[0].name { // it has one way only
			channel, lasts, fault = "default", time.Minute, away
		}
		p.at(at, func() { p.Fail(channel, fault) })
		p.at(at+lasts, func() { p.Fail(channel, nil) })
	}
}

// submit lets a signal come.
func (p *player) submit(g *signal) {
	p.watch()
	g.before = p.stands(g.of)
	require.NoError(p.t, p.Submit(eventOf(g, t0)))
	p.post.because = g
	p.watch()
	p.post.because = nil
	g.incidentAt = p.stands(g.of).incident
}

// stands returns how a condition's alert and incident stand.
func (p *player) stands(c *condition) situation {
	alerts, err := p.Alerts()
	require.NoError(p.t, err)
	of := situation{acted: -1, told: -1}
	i := slices.IndexFunc(alerts, func(a incident.Alert) bool { return a.ID == c.alert() })
	if i < 0 {
		return of
	}
	of.state, of.incident, of.flaps = alert.State(alerts[i].State), alerts[i].Incident, alerts[i].Flaps > 0
	inc, ok := p.incident(of.incident)
	if !ok {
		return of
	}
	of.phase, of.status, of.alone, of.resolved = inc.Phase, inc.Escalation.Status, inc.Alerts == 1, inc.Resolved.Sub(p.origin)
	of.byHand = slices.Contains(p.byHand[inc.ID], of.resolved)
	if at, ok := p.acted[inc.ID]; ok {
		of.acted = at
	}
	if at, ok := p.post.told[inc.ID]; ok {
		of.told = at
	}
	return of
}

func (p *player) incident(id string) (incident.Incident, bool) {
	all, err := p.Incidents()
	require.NoError(p.t, err)
	i := slices.IndexFunc(all, func(i incident.Incident) bool { return i.ID == id })
	if i < 0 {
		return incident.Incident{}, false
	}
	return all[i], true
}

// watch reads what is new, and lets people answer it.
func (p *player) watch() {
	for _, e := range p.Tail(p.seen) {
		p.seen++
		if m := p.post.read(&e); m != nil && m.sent && !p.h.person.nobody {
			p.answer(m)
		}
	}
}

// do carries a command out. One that is refused, since the incident has moved on, changes nothing.
func (p *player) do(id string, c respond.Command) bool {
	before := p.seen
	err := p.desk.Do(c)
	var refused *respond.RefusedError
	if errors.As(err, &refused) {
		return false
	}
	require.NoError(p.t, err)
	if len(p.Tail(before)) == 0 {
		return true // a repeat
	}
	p.acted[id] = p.now
	if _, ok := c.(respond.Resolve); ok {
		p.byHand[id] = append(p.byHand[id], p.now)
	}
	p.watch()
	return true
}

// answer lets whoever got a message answer it, or not.
func (p *player) answer(m *message) {
	inc, ok := p.incident(m.incident)
	if !ok || p.post.foreign(m.incident) {
		return
	}
	by := escalate.PersonID(m.who)
	if !slices.Contains([]escalate.PersonID{"ana", "ben", "cem", "dee"}, by) {
		return // a room
	}
	resolve := respond.Resolve{Incident: m.incident, By: by}
	switch {
	case m.topic == topicRecovered && inc.Priority <= severity.P2 && chance(p.r, p.h.person.confirm):
		p.at(p.now+15*time.Minute+within(p.r, time.Minute, 4*time.Hour), func() { p.do(m.incident, resolve) })
	case m.topic == topicConfirm && chance(p.r, .7):
		p.at(p.now+within(p.r, time.Minute, time.Hour), func() { p.do(m.incident, resolve) })
	case m.topic == topicAck && chance(p.r, .3):
		p.at(p.now+time.Minute, func() { p.works(m.incident, by) })
	case m.kind == incident.WordPage || m.kind == incident.WordNotice && m.topic == "" && chance(p.r, .1):
		p.answerPage(m.incident, by)
	}
}

// answerPage lets a person who was asked take the incident some time later, and end it, give it back, or work on it.
func (p *player) answerPage(id string, by escalate.PersonID) {
	if p.busy[id] || chance(p.r, .2) {
		return
	}
	p.busy[id] = true
	p.at(p.now+within(p.r, p.h.person.soon, p.h.person.late), func() {
		p.busy[id] = false
		if inc, ok := p.incident(id); !ok || inc.Phase != incident.Active || !p.do(id, respond.Acknowledge{Incident: id, By: by}) {
			return
		}
		switch x := p.r.Float64(); {
		case x < .08:
			p.at(p.now+within(p.r, time.Minute, 20*time.Minute), func() { p.do(id, respond.Unacknowledge{Incident: id, By: by}) })
		case x < .38:
			c := respond.Resolve{Incident: id, By: by, Override: "it was the deploy", Alerts: chance(p.r, .5)}
			p.at(p.now+within(p.r, 2*time.Minute, 2*time.Hour), func() { p.do(id, c) })
		case x < .58:
			p.worksOn(id, by, 20)
		}
	})
}

// works is an act of a person that changes nothing.
func (p *player) works(id string, by escalate.PersonID) {
	p.do(id, respond.Reprioritise{Incident: id, By: by, Because: "no other"})
}

// worksOn lets a person act every 20 minutes while the incident is theirs.
func (p *player) worksOn(id string, by escalate.PersonID, times int) {
	inc, ok := p.incident(id)
	if !ok || times == 0 || inc.Escalation.Status != escalate.Paused {
		return
	}
	p.works(id, by)
	p.at(p.now+20*time.Minute, func() { p.worksOn(id, by, times-1) })
}
