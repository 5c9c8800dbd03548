package core

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// echo answers facts of some sorts with a fact that it answers, for ever.
type echo struct {
	untimed
	answers func(*unit, fact) bool
}

func (e echo) hear(t *turn, u *unit, at time.Time, f fact) bool {
	if _, again := f.(touched); again || e.answers(u, f) {
		t.emit(u, at, touched{})
	}
	return true
}

// lazy never moves its deadline on.
type lazy struct{ from time.Time }

func (l lazy) due(u *unit) (time.Time, bool)                  { return l.from, u.inc != nil }
func (lazy) act(t *turn, u *unit, at time.Time) bool          { t.emit(u, at, readied{}); return true }
func (lazy) hear(t *turn, u *unit, at time.Time, f fact) bool { return true }

func is[F fact](_ *unit, f fact) bool { _, ok := f.(F); return ok }

var overflow = event.Finding(event.FindingOverflow, "", "").Type

// classes returns the classes of all alerts.
func (b *bench) classes() (list []string) {
	b.t.Helper()
	for _, row := range b.all(KindAlert) {
		list = append(list, row.Rec.(*Alert).Class)
	}
	return list
}

func (b *bench) event(kind, subject string, at time.Time) *Assessed {
	return Assess(b.cat, &event.Event{
		Type: kind, Subject: subject, DedupKey: subject, Summary: "it broke", Severity: severity.Error, Intake: "app", Received: at,
		StaleAfter: time.Hour,
	})
}

// TestTooManyFacts: what brings about facts without end is refused whole, with a finding; the inputs and events beside it are applied.
func TestTooManyFacts(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	recovers := func(_ *catalog.Catalog, p *catalog.Plan) { p.Recovered = incident.Resolved }

	t.Run("a command", func(t *testing.T) {
		c := New()
		c.parts = append(c.parts, echo{answers: is[touched]})
		b := newBench(t, c)
		id := b.open(start)
		d := b.decide(start, Do{At: start, Command: respond.Acknowledge{Incident: id, By: "ana"}}, Events{b.event("other", "", start)})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		require.NoError(t, d.Refused[1])
		assert.Empty(t, b.incident(id).Escalation.Acks, "nothing of it is applied")
		assert.Contains(t, b.classes(), event.Unclassified)
	})

	t.Run("one event of many", func(t *testing.T) {
		c := New()
		c.parts = append(c.parts, echo{answers: func(_ *unit, f fact) bool {
			o, ok := f.(opened)
			return ok && o.a.Event.Subject == "b"
		}})
		b := newBench(t, c)
		d := b.decide(start, Events{b.event("disk.full", "a", start), b.event("disk.full", "b", start), b.event("disk.full", "c", start)})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		assert.Len(t, b.classes(), 3, "two alerts and the finding")
		assert.Contains(t, b.classes(), overflow)
	})

	t.Run("the finding of one event of many", func(t *testing.T) {
		unclassified := event.Finding(event.FindingUnclassified, "", "").Type
		c := New()
		c.parts = append(c.parts, echo{answers: func(u *unit, f fact) bool { return is[opened](u, f) && u.inc.Class == unclassified }})
		b := newBench(t, c)
		d := b.decide(start, Events{b.event("disk.full", "a", start), b.event("other", "b", start), b.event("disk.full", "c", start)})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		assert.ElementsMatch(t, []string{"disk.full", "disk.full", overflow}, b.classes())
	})

	t.Run("a deadline", func(t *testing.T) {
		c := New()
		c.parts = append(c.parts, echo{answers: is[moved]})
		b := newBench(t, c, recovers)
		b.decide(start, Events{b.event("disk.full", "", start)})
		at := start.Add(48 * time.Hour) // its page is over
		d := b.decide(at, Advance{At: at, Key: b.all(KindGroup)[0].Key})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		assert.Equal(t, at.Add(time.Minute), d.due(t, KindGroup), "it rests")
		assert.Contains(t, b.classes(), overflow)
	})

	t.Run("a deadline whose report does so too", func(t *testing.T) {
		c := New()
		b := newBench(t, c, recovers)
		b.decide(start, Events{b.event("disk.full", "", start)})
		c.parts = append(c.parts, echo{answers: func(u *unit, f fact) bool {
			return is[moved](u, f) || is[opened](u, f) && u.inc.Class == overflow
		}})
		at := start.Add(48 * time.Hour) // its page is over
		d := b.decide(at, Advance{At: at, Key: b.all(KindGroup)[0].Key}, Events{b.event("other", "2", at)})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		require.NoError(t, d.Refused[1])
	})

	t.Run("a deadline that never moves on", func(t *testing.T) {
		c := New()
		b := newBench(t, c)
		id := b.open(start)
		c.parts = append(c.parts, lazy{start.Add(-time.Hour)})
		d := b.decide(start, Do{At: start, Command: respond.Acknowledge{Incident: id, By: "ana"}})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
	})

	t.Run("a deadline of a record", func(t *testing.T) {
		b := newBench(t, withTickets())
		id := b.open(start)
		require.NoError(t, b.decide(start, Do{At: start, Command: fileTicket{Incident: id, By: "ana", Text: "x"}}).Refused[0])
		ticketKind := &b.core.kinds[len(b.core.kinds)-1]
		ticketKind.act = func(t *turn, _ *record, at time.Time) bool {
			u, ok := t.unitOf(store.Key{Kind: KindIncident, ID: id}, at)
			if ok {
				t.emit(u, at, touched{})
			}
			return ok
		}
		b.core.parts = append(b.core.parts, echo{answers: is[touched]})
		at := start.Add(time.Hour)
		d := b.decide(at, Advance{At: at, Key: store.Key{Kind: "ticket", ID: id}})
		require.ErrorIs(t, d.Refused[0], ErrOverflow)
		assert.Equal(t, at.Add(time.Minute), d.due(t, "ticket"), "it rests")
	})
}

// due returns when the record of the kind is looked at again.
func (d Decision) due(t *testing.T, kind string) time.Time {
	for _, c := range d.Put {
		if c.Key.Kind == kind && c.Key.ID != "" && !c.Due.IsZero() {
			return c.Due
		}
	}
	require.Fail(t, "no record of the kind is due")
	return time.Time{}
}

// TestAFullBatchIsNoLoop: as many events of one alert at one instant as an intake takes are far from too much.
func TestAFullBatchIsNoLoop(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New())
	var events Events
	for i := range 8_000 {
		a := b.event("disk.full", "", start)
		a.Event.Time = start.Add(time.Duration(i) * time.Millisecond)
		if i%2 == 1 {
			a.Event.Signal = event.Resolve
		}
		events = append(events, a)
	}
	require.NoError(t, b.decide(start, events).Refused[0])
}

// TestResolveMoreThanTheStoreNames: of a group with more alerts than can be resolved at once, the incident stays open for the others,
// and its counts are true.
func TestResolveMoreThanTheStoreNames(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New(), func(_ *catalog.Catalog, p *catalog.Plan) {
		p.Group.By, p.Group.MaxMembers = []string{"class"}, -1
	})
	var events Events
	for i := range refsAtOnce + 500 {
		events = append(events, b.event("disk.full", fmt.Sprint(i), start))
	}
	b.decide(start, events)
	id := b.all(KindIncident)[0].Key.ID
	d := b.decide(start, Do{At: start, Command: respond.Resolve{Incident: id, By: "ana", Alerts: true}})
	require.ErrorContains(t, d.Refused[0], "500 of 1500 alerts still fire")
	firing := 0
	for _, row := range b.all(KindAlert) {
		if row.Rec.(*Alert).State == "firing" {
			firing++
		}
	}
	assert.Equal(t, refsAtOnce+500, firing)
	assert.Equal(t, firing, b.incident(id).Phases.Firing)
}

// hearing notes the facts that it hears, and brings about two more on the first.
type hearing struct {
	untimed
	heard *[]string
}

func (h hearing) hear(t *turn, u *unit, at time.Time, f fact) bool {
	switch f.(type) {
	case seized:
		t.emit(u, at, stuck{"a test"})
		t.emit(u, at, readied{})
	case stuck, readied, released:
	default:
		return true
	}
	*h.heard = append(*h.heard, fmt.Sprintf("%T", f))
	return true
}

// TestFactsInOrder: what a fact brings about is heard, in its order, before the facts that waited behind it.
func TestFactsInOrder(t *testing.T) {
	var heard []string
	turn := &turn{Core: &Core{parts: []part{hearing{heard: &heard}}}, Scratch: new(Scratch)}
	u, at := new(unit), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	turn.emit(u, at, seized{})
	turn.emit(u, at, released{})
	require.True(t, turn.hear())
	assert.Equal(t, []string{"core.seized", "core.stuck", "core.readied", "core.released"}, heard)
}
