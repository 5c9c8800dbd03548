package core

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// Queue is the queue of the tasks that send messages over a channel. Each channel has its own queue, so a slow channel delays no other.
// The payload of such a task is a [notify.Message] as JSON.
func Queue(channel string) string { return "send/" + channel }

// QueueInbox is the queue of events that a store has taken in by itself, within a transaction of the application. Each event is a
// task of its own whose payload is the event as JSON. Whoever claims the task settles it in the commit that applies the event.
const QueueInbox = "inbox"

// Delivery is the share of the messages in an incident record.
type Delivery struct {
	Pending  []Pending `json:"pending,omitempty" erase:"keep"` // messages on their way
	Told     []Told    `json:"told,omitempty"`                 // responders who were paged or informed
	Messages uint64    `json:"messages"`                       // counts messages: the sequence in their keys
	Latest   time.Time `json:"latest,omitzero"`                // when the latest message was made
	// Held is until when no message leaves that says that the incident is over: an alert may still fire.
	Held time.Time `json:"held,omitzero"`
	// Posted is when the ledger got its latest line. An earlier version did not write it.
	Posted time.Time `json:"posted,omitzero"`
}

// Pending is a message to one recipient that was neither accepted nor failed for good.
type Pending struct {
	Part string      `json:"part"` // whose message it is
	Seq  uint64      `json:"seq"`
	Kind notify.Kind `json:"kind"`
	Detail
	escalate.Position
	escalate.Recipient
	Try     int       `json:"try"`     // index of the contact under way
	Expires time.Time `json:"expires"` // when it has failed, if nothing else is heard by then
	Note    string    `json:"note,omitempty"`
	// Last says that the policy asks nobody after this page, so that it goes on trying when its level is over.
	Last bool `json:"last,omitempty"`
	// Audience marks a message to somebody outside: it holds nothing but its note, and nobody counts as told by it.
	Audience bool `json:"audience,omitempty"`
}

// Detail is what a message says beside what the incident is, as of when it was made.
type Detail struct {
	Occasion notify.Occasion     `json:"occasion,omitempty"`
	Joined   int                 `json:"joined,omitempty"`
	Which    string              `json:"which,omitempty"`
	Latest   string              `json:"latest,omitempty"`
	Ended    time.Time           `json:"ended,omitzero"`
	Taken    time.Time           `json:"taken,omitzero"`
	Until    time.Time           `json:"until,omitzero"`
	Holders  []escalate.PersonID `json:"holders,omitempty"`
	Next     []string            `json:"next,omitempty"`
	NextAt   time.Time           `json:"nextAt,omitzero"`
	Said     incident.Said       `json:"said,omitzero"`
	Role     incident.Role       `json:"role,omitempty"` // for which somebody is asked
}

// ends reports whether a message says that the incident is over, or will be.
func (p *Pending) ends() bool {
	return p.Occasion == notify.OccasionRecovered || p.Occasion == notify.OccasionOver || p.Kind == notify.Close
}

// byHand reports whether a person asks by the message, and not a level.
func (p *Pending) byHand() bool { return p.Occasion == notify.OccasionAsked }

// beside reports whether a page stands beside the escalation: an acknowledgement does not answer it.
func (p *Pending) beside() bool { return p.byHand() || p.Occasion == notify.OccasionYours }

// asks reports whether a message that asks, of a level or by hand, is on its way.
func (d *Delivery) asks() bool {
	return slices.ContainsFunc(d.Pending, func(p Pending) bool { return p.Level > 0 || p.byHand() })
}

// goesTo reports whether a message that asks the person, of a level or by hand, is on its way.
func (d *Delivery) goesTo(person escalate.PersonID) bool {
	return slices.ContainsFunc(d.Pending, func(p Pending) bool { return (p.Level > 0 || p.byHand()) && p.Person == person })
}

// Contact returns the contact under way; empty if the message is withheld.
func (p *Pending) Contact() escalate.Contact {
	if len(p.Contacts) == 0 {
		return ""
	}
	return p.Contacts[p.Try]
}

// lane is which messages over a contact wait for each other. Pages of levels have a lane of their own, so that they wait for no other
// message, not even for a page by hand or about alerts that joined.
func (p *Pending) lane() string {
	switch {
	case p.Kind != notify.Page:
		return " other"
	case p.Occasion == notify.OccasionJoined:
		return " joined"
	case p.beside():
		return " by hand"
	}
	return " page"
}

// key is the id of the task that sends the message over the contact under way.
func (p *Pending) key(incident string) string {
	return fmt.Sprintf("%s-%d-%d", incident, p.Seq, p.Try)
}

// tag names the tasks of a message.
func (p *Pending) tag() string { return string(p.Kind) + "/" + strconv.FormatUint(p.Seq, 10) }

// Told is a responder who was reached, and over which contact first.
type Told struct {
	Person  escalate.PersonID `json:"person,omitempty" erase:"by"`
	Contact escalate.Contact  `json:"contact" erase:"words"`
	Pages   int               `json:"pages,omitempty"` // how many pages reached it; -1: unknown
	Last    time.Time         `json:"last,omitzero"`   // when a message last did; zero in records of old versions
}

// send puts a message on its way over the recipient's first contact.
func (t *turn) send(u *unit, at time.Time, m Pending, to escalate.Recipient) {
	u.inc.Delivery.Messages++
	u.inc.Delivery.Latest = at
	m.Seq, m.Recipient, m.Try = u.inc.Delivery.Messages, to, 0
	t.dispatch(u, at, m)
}

// tellHolders sends a message to those who have the incident, or had it when it ended; if none of them can be contacted, to every
// responder who was reached.
func (t *turn) tellHolders(u *unit, at time.Time, m Pending) {
	switch {
	case t.tellAcked(u, at, m):
	case len(u.inc.Delivery.Told) == 0:
		u.withhold(at, m, "", "nobody was reached before")
	default:
		t.tellAll(u, at, m)
	}
}

// tellAcked sends a message to those who have the incident, or had it when it ended. It reports whether there was one.
func (t *turn) tellAcked(u *unit, at time.Time, m Pending) (held bool) {
	for _, holder := range u.holders() {
		held = t.tell(u, at, m, holder) || held
	}
	return held
}

// yours is a notice that something is for a person to do.
func yours(part, note string) Pending {
	return Pending{Part: part, Kind: notify.Notice, Note: note, Detail: Detail{Occasion: notify.OccasionYours}}
}

// tell sends a message to a person, and reports whether the catalog has a contact of that person. A runbook that has the incident reads none.
func (t *turn) tell(u *unit, at time.Time, m Pending, who escalate.PersonID) bool {
	contacts := t.cat.Contacts(who)
	switch {
	case len(contacts) > 0:
		t.send(u, at, m, escalate.Recipient{Person: who, Contacts: contacts})
	case !slices.ContainsFunc(u.inc.Runs.List, func(r run.Run) bool { return r.Holder() == string(who) }):
		u.withhold(at, m, who, "the catalog has no contact")
	}
	return len(contacts) > 0
}

// tellAll sends a message to every responder who was paged or informed.
func (t *turn) tellAll(u *unit, at time.Time, m Pending) {
	for _, told := range u.inc.Delivery.Told {
		t.send(u, at, m, t.recipient(told))
	}
}

// recipient returns a responder with the contacts of today, that over which the responder was reached first.
func (t *turn) recipient(told Told) escalate.Recipient {
	contacts := slices.Clone(t.cat.Contacts(told.Person))
	i := slices.Index(contacts, told.Contact)
	switch {
	case len(contacts) == 0:
		contacts = []escalate.Contact{told.Contact}
	case i > 0:
		contacts = slices.Insert(slices.Delete(contacts, i, i+1), 0, told.Contact)
	}
	return escalate.Recipient{Person: told.Person, Contacts: contacts}
}

// longestLife is how long a message is tried.
const longestLife = 24 * time.Hour

// dispatch makes the task that sends a message over the contact under way.
func (t *turn) dispatch(u *unit, at time.Time, p Pending) {
	channel, address := p.Contact().Split()
	m := notify.Message{
		Key: p.key(u.inc.ID), Seq: p.Seq, Contact: p.Try, Kind: p.Kind, Channel: channel, To: address,
		Part: p.Part, Audience: p.Audience, Incident: u.inc.ID, Note: p.Note, At: at,
	}
	if !p.Audience {
		u.inc.describe(&m, &p, t.cat.ZoneOf(p.Person, u.inc.Owner))
	}
	if err := t.cat.Render(&m); err != nil {
		t.broken(u, at, &escalate.Failed{What: "template " + string(p.Kind), Err: err, Instead: "it is sent in plain words"})
	}
	life := longestLife
	if u.plan != nil && p.Kind == notify.Page && !(p.Last && p.Try == len(p.Contacts)-1) {
		life = min(life, u.plan.Policy.WaitOf(p.Level))
	}
	d, due := &u.inc.Delivery, at
	if p.ends() && d.Held.After(at) {
		due = d.Held
	}
	p.Expires = due.Add(life)
	head := !slices.ContainsFunc(d.Pending, func(q Pending) bool { return q.Contact() == p.Contact() && q.lane() == p.lane() })
	d.Pending = append(slices.Clip(d.Pending), p)
	u.touch(at)
	t.task(u, store.Task{
		ID: m.Key, Queue: Queue(channel), Order: string(p.Contact()) + p.lane(), Tag: p.tag(), Kind: "message", Due: due, Expires: p.Expires,
		Payload: payload(&m),
	}, head)
}

// payload encodes a message for its task.
func payload(m *notify.Message) []byte {
	doc, err := json.Marshal(m)
	if err != nil { // texts, numbers and instants only: cannot happen
		panic(fmt.Sprintf("core: message: %v", err))
	}
	return doc
}

// describe fills a message with what responders are told, in the zone.
func (i *Incident) describe(m *notify.Message, p *Pending, zone *time.Location) {
	s := &i.Subject
	m.Person, m.Round, m.Level, m.Occasion = string(p.Person), p.Round, p.Level, p.Occasion
	m.Why, m.Priority, m.Was = i.Reason(), i.Rating.Priority, s.Was
	m.Summary, m.Began, m.Which, m.Latest = s.Title, i.Title, cmp.Or(p.Which, s.Which), cmp.Or(p.Latest, s.Latest)
	if m.Began == m.Summary {
		m.Began = ""
	}
	m.Class, m.Service, m.Owner, m.Runbook, m.Links, m.TraceParent = i.Class, i.Service, i.Owner, i.Runbook, i.Links, i.TraceParent
	m.Alerts, m.Joined = i.Phases.Firing, p.Joined
	if more := uint64(max(i.Phases.Alerts-1, 0)); i.Absorbed.Count > more {
		m.Repeats = i.Absorbed.Count - more
	}
	for _, holder := range p.Holders {
		m.Holders = append(m.Holders, string(holder))
	}
	for _, ask := range i.Escalation.Asked {
		if !ask.At.Equal(m.At) || ask.Who != recipientName(p.Recipient) {
			m.Asked = append(m.Asked, notify.Asked{Who: ask.Who, At: in(ask.At, zone)})
		}
	}
	m.Next, m.NextAt = p.Next, in(p.NextAt, zone)
	m.Since, m.Ended, m.Taken, m.Until = in(i.Phases.Detected, zone), in(p.Ended, zone), in(p.Taken, zone), in(p.Until, zone)
	m.Said = notify.Said{By: string(p.Said.By), Text: p.Said.Text}
	m.At = in(m.At, zone)
	if zone != time.UTC {
		m.Zone = zone.String()
	}
}

// in returns the instant in the zone; the zero instant stays as it is.
func in(at time.Time, zone *time.Location) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(zone)
}

// weighs reports whether the impact decides the priority: it is worse than the computed one, and than one that a person has set.
func (r *Rating) weighs() bool {
	return r.Weighed != 0 && r.Weighed.Above(r.Computed) && (r.Forced == 0 || r.Weighed.Above(r.Forced))
}

// byHand returns the priority that counts if a person has to do with it, by setting it or by what the incident costs; else 0.
func (r *Rating) byHand() severity.Priority {
	if r.weighs() {
		return r.Weighed
	}
	return r.Forced
}

// because returns why a person set the priority.
func (r *Rating) because() string {
	if !r.weighs() {
		return r.Said.Text
	}
	return string(r.Worst) + " " + r.Impact[r.Worst].String() + ": " + r.Cost.Text
}

// Reason returns why the incident has its priority, as pages say it.
func (i *Incident) Reason() string {
	r := &i.Rating
	return incident.Reason(r.Priority, r.Computed, r.Why, r.byHand(), r.because())
}

// withdraw takes back, for a reason, the messages that have not left and that which accepts. again is when they are made anew; zero: never.
// A message of this turn never comes to be.
func (t *turn) withdraw(u *unit, at time.Time, why string, again time.Time, which func(*Pending) bool) {
	d := &u.inc.Delivery
	var stay []Pending
	for i := range d.Pending {
		p := &d.Pending[i]
		if !which(p) {
			stay = append(stay, *p)
			continue
		}
		if p.Kind != notify.Close {
			u.became(at, p, "", incident.Sent{Result: incident.ResultWithdrawn, Reason: why, Again: again})
		}
		t.cancelTag(u, p.tag())
	}
	d.Pending = stay
}

// what says what a message is about: the level, or its note.
func (p *Pending) what() string {
	switch {
	case p.Level > 0:
		return "level " + strconv.Itoa(p.Level)
	case p.byHand():
		return "by hand"
	}
	return p.Note
}

// plain reports whether the kind of a message says what it is about.
func (p *Pending) plain() bool { return p.Kind == notify.AllClear || p.Kind == notify.Reminder }

// columns describes a message as timelines do: level or note, person, channel.
func (p *Pending) columns() string {
	columns := []string{p.what()}
	channel, address := p.Contact().Split()
	if p.Person != "" {
		columns = append(columns, string(p.Person))
	}
	switch {
	case p.Person == "" && address != "":
		columns = append(columns, string(p.Contact()))
	case channel != "":
		columns = append(columns, channel)
	}
	if p.plain() {
		columns = columns[1:]
	}
	return strings.Join(columns, "  ")
}

// recipientName names a recipient in texts.
func recipientName(r escalate.Recipient) string {
	if r.Person != "" {
		return string(r.Person)
	}
	return string(r.Contacts[0])
}

// names names recipients in texts.
func names(who []escalate.Recipient) []string {
	all := make([]string, len(who))
	for i, r := range who {
		all[i] = recipientName(r)
	}
	return all
}

// againExhausted is how long after the latest message of an exhausted incident a repeat begins a new round.
const againExhausted = 4 * time.Hour

// againInformed is the same for an informed incident, which sends a notice.
const againInformed = 24 * time.Hour

// again returns when a repeat of a member is told again; false: it is not.
func (u *unit) again() (time.Time, bool) {
	switch u.inc.Escalation.Status {
	case escalate.Exhausted:
		return u.inc.Delivery.Latest.Add(againExhausted), true
	case escalate.Informed:
		return u.inc.Delivery.Latest.Add(againInformed), true
	}
	return time.Time{}, false
}

// look returns when a repeat that says nothing new may next mean something. The incident may be exhausted by then without another
// message; whatever else happens to it sends some.
func (u *unit) look(at time.Time) time.Time {
	next := at.Add(againExhausted)
	if due := u.inc.Delivery.Latest.Add(againExhausted); due.After(at) && due.Before(next) {
		next = due
	}
	if due, ok := u.again(); ok && due.After(at) && due.Before(next) {
		return due
	}
	return next
}
