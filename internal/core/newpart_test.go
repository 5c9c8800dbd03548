package core

import (
	"context"
	"errors"
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
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// This file adds a part of its own to the core, as docs/adding-a-part.md describes: a command that files a ticket about an incident, a
// record for the ticket, a deadline at which the ticket is overdue, and a gate that keeps the incident open until it is closed.

// fileTicket is the command. Done closes the ticket.
type fileTicket struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	ID       string            `erase:"keep"`
	Text     string            `erase:"said"`
	Done     bool
}

func (c fileTicket) Head() respond.Head {
	return respond.Head{Incident: c.Incident, By: c.By, ID: c.ID}
}

func (c fileTicket) Check() error {
	if c.Text == "" && !c.Done {
		return errors.New("text is missing")
	}
	return nil
}

// ticket is the record.
type ticket struct {
	Incident string        `erase:"keep"`
	Said     incident.Said // by whom it was filed, and why
	Due      time.Time
	Overdue  bool
	Closed   time.Time
}

func ticketKey(u *unit) store.Key {
	return store.Key{Tenant: u.inc.Tenant, Kind: "ticket", ID: u.inc.ID}
}

// tickets is the part. Its messages go to a customer, who is no responder.
type tickets struct{ untimed }

func (tickets) hear(t *turn, u *unit, at time.Time, f fact) bool {
	if f, ok := f.(moved); ok && f.to == incident.Resolved {
		t.send(u, at, Pending{Part: "tickets", Kind: notify.Notice, Note: "it works again", Audience: true},
			escalate.Recipient{Contacts: []escalate.Contact{"mail:customer@example.org"}})
	}
	return true
}

func (tickets) shut(t *turn, u *unit, _ time.Time, _ incident.Phase) []string {
	if row, tk := load[ticket](t, ticketKey(u)); row != nil && !tk.Due.IsZero() && tk.Closed.IsZero() {
		return []string{"its ticket is open"}
	}
	return nil
}

func doTicket(t *turn, u *unit, c fileTicket, at time.Time) error {
	row, tk := load[ticket](t, ticketKey(u))
	if row == nil {
		return nil
	}
	row.dirty = true
	if c.Done {
		tk.Closed = at
		return nil
	}
	*tk = ticket{Incident: u.inc.ID, Said: incident.Said{By: c.By, Text: c.Text}, Due: at.Add(time.Hour)}
	u.enter(at, incident.Entry{Word: "ticket", Actor: string(c.By), Said: tk.Said})
	return nil
}

func (tk *ticket) next() (time.Time, bool) {
	return tk.Due, !tk.Due.IsZero() && tk.Closed.IsZero() && !tk.Overdue
}

func overdue(_ *turn, _ *record, tk *ticket, _ time.Time) bool {
	tk.Overdue = true
	return true
}

// withTickets is the core with one more part, kind and command.
func withTickets() *Core {
	c := New()
	c.parts = append(c.parts, tickets{})
	c.kinds = append(c.kinds, timed(kindOf("ticket", unlisted[ticket]), (*ticket).next, overdue))
	c.commands = append(c.commands, commandOf("ticket", doTicket))
	return c
}

// bench is a core over a store in memory.
type bench struct {
	t    *testing.T
	core *Core
	cat  *catalog.Compiled
	kept *memory.Store
}

func newBench(t *testing.T, c *Core, edits ...func(*catalog.Catalog, *catalog.Plan)) *bench {
	t.Helper()
	source := catalog.Builtin([]event.Class{{Name: "disk.full"}})
	plan := source.Plans["default"]
	plan.Soak = new(time.Duration)
	for _, edit := range edits {
		edit(source, &plan)
	}
	source.Plans["default"] = plan
	cat, err := source.Compile()
	require.NoError(t, err)
	return &bench{t, c, cat, memory.New()}
}

func (b *bench) decide(now time.Time, inputs ...Input) (d Decision) {
	b.t.Helper()
	err := b.kept.Update(context.Background(), b.core.Scope(new(Scratch), inputs, nil), func(v store.View) (store.Batch, store.Need, error) {
		var need store.Need
		if d, need = b.core.Decide(new(Scratch), b.cat, v, inputs); !need.Empty() {
			return store.Batch{}, need, nil
		}
		return d.Batch(now, nil, nil), store.Need{}, nil
	})
	require.NoError(b.t, err)
	return d
}

// open lets an incident open, and returns its id.
func (b *bench) open(now time.Time) string {
	b.t.Helper()
	e := &event.Event{Type: "disk.full", Summary: "disk full", Severity: severity.Error, Intake: "app", Received: now}
	b.decide(now, Events{Assess(b.cat, e)})
	rows, err := b.kept.Read(context.Background(), store.Query{Kind: KindIncident})
	require.NoError(b.t, err)
	require.Len(b.t, rows, 1)
	return rows[0].Key.ID
}

// all returns every record of a kind.
func (b *bench) all(kind string) []store.Snapshot {
	b.t.Helper()
	rows, err := b.kept.Read(context.Background(), store.Query{Kind: kind, Limit: 10_000})
	require.NoError(b.t, err)
	return rows
}

func (b *bench) incident(id string) *Incident {
	b.t.Helper()
	rows, err := b.kept.Read(context.Background(), store.Query{Keys: []store.Key{{Kind: KindIncident, ID: id}}})
	require.NoError(b.t, err)
	require.Len(b.t, rows, 1)
	return rows[0].Rec.(*Incident)
}

// TestANewPart adds a part without a change to any other file: its command, its gate, its record and its deadline work, and codec,
// input log and erasure know them.
func TestANewPart(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, withTickets())
	id := b.open(start)
	do := func(c respond.Command) error {
		return b.decide(start, Do{At: start, Command: c}).Refused[0]
	}
	resolve := respond.Resolve{Incident: id, By: "ana", Alerts: true}
	require.ErrorContains(t, do(fileTicket{Incident: id, By: "ana"}), "text is missing")
	require.NoError(t, do(fileTicket{Incident: id, By: "ana", Text: "the disk is too small"}))
	require.ErrorContains(t, do(resolve), "its ticket is open")

	claimed, err := b.kept.Claim(context.Background(), store.ClaimRequest{Now: start.Add(time.Hour), Owner: "test", Limit: 10, LeaseFor: time.Minute})
	require.NoError(t, err)
	require.Equal(t, []store.Key{{Kind: "ticket", ID: id}}, claimed.Due)
	b.decide(start.Add(time.Hour), Advance{At: start.Add(time.Hour), Key: claimed.Due[0]})
	rows, err := b.kept.Read(context.Background(), store.Query{Kind: "ticket"})
	require.NoError(t, err)
	require.True(t, rows[0].Rec.(*ticket).Overdue)

	doc, err := b.core.Encode("ticket", Schema, rows[0].Rec)
	require.NoError(t, err)
	again, err := b.core.Decode("ticket", Schema, doc)
	require.NoError(t, err)
	assert.Equal(t, rows[0].Rec, again)
	logged, err := b.core.EncodeInputs([]Input{Do{At: start, Command: fileTicket{Incident: id, By: "ana", Text: "too small"}}}, &Decision{})
	require.NoError(t, err)
	x, err := b.core.NewEraser("", "ana", nil, nil)
	require.NoError(t, err)
	left, err := x.Inputs(logged)
	require.NoError(t, err)
	assert.NotContains(t, string(left), "too small")
	erasedTicket, changed, err := x.record(rows[0].Key, rows[0].Rec, start)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.Equal(t, "erased", erasedTicket.(*ticket).Said.Text)

	require.NoError(t, do(fileTicket{Incident: id, By: "ana", Done: true}))
	require.NoError(t, do(resolve))
	assert.Equal(t, incident.Resolved, b.incident(id).Phases.Phase)

	require.NoError(t, do(fileTicket{Incident: id, By: "ana", Text: "buy a bigger one"}))
	require.ErrorContains(t, do(respond.Close{Incident: id, By: "ana"}), "its ticket is open")
	require.NoError(t, do(respond.Close{Incident: id, By: "ana", Waive: "the disk is gone"}))
	assert.Equal(t, incident.Closed, b.incident(id).Phases.Phase)
	assert.Equal(t, incident.Said{By: "ana", Text: "the disk is gone"}, b.incident(id).Phases.Waived)
}

// TestAnAudienceIsNoResponder: a message to somebody outside holds nothing but its note, and whoever it reaches hears no all-clear.
func TestAnAudienceIsNoResponder(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, withTickets())
	id := b.open(start)
	d := b.decide(start, Do{At: start, Command: respond.Resolve{Incident: id, By: "ana", Alerts: true, Override: "by ana alone"}})
	var outside []notify.Message
	for _, task := range d.Tasks {
		p, err := payloadOf(task.Payload)
		require.NoError(t, err)
		if m := p.(*notify.Message); m.Audience {
			outside = append(outside, *m)
		}
	}
	require.Len(t, outside, 1)
	m := outside[0]
	assert.Equal(t, "tickets", m.Part)
	assert.Equal(t, "it works again", m.Note)
	assert.Empty(t, m.Why+m.Owner+m.Runbook+m.Person)
	assert.NotContains(t, m.Title+m.Text, "by ana alone")
	b.decide(start, Outcome{At: start, Record: store.Key{Kind: KindIncident, ID: id}, Message: m, Sent: true})
	for _, told := range b.incident(id).Delivery.Told {
		assert.NotContains(t, string(told.Contact), "customer")
	}
}
