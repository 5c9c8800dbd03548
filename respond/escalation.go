package respond

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Queue is the queue of the tasks that send messages over a channel: each has its own, so that none waits behind another.
// The payload of such a task is a [notify.Message] as JSON.
func Queue(channel string) string { return "send/" + channel }

// terms tells the escalation machine what stands around it.
func (t *turn) terms(u *unit, at time.Time) *escalate.Terms {
	i := u.inc
	return &escalate.Terms{
		Policy: &u.plan.Policy, Priority: i.Priority, GroupWait: t.firstWait(u, at), Also: i.Also,
		Group: i.Group, Generation: i.Generation, Strategy: t.cat.Strategy,
		Reach: func(targets []escalate.Target) ([]escalate.Recipient, []escalate.Failed) {
			return t.cat.Reach(targets, i.Owner, at)
		},
		LastResort: func() ([]escalate.Recipient, []escalate.Failed) {
			return t.cat.Reach([]escalate.Target{escalate.Target(escalate.ToOwner)}, t.cat.CatchAll(), at)
		},
		Load: func(p escalate.PersonID) int {
			held, _ := t.refs(ackedBy(i.Tenant, p)) // without the answer the decision is made again
			return len(held)
		},
	}
}

// firstWait is how long level 1 waits from the opening on: for the group to collect, and for diagnostics.
func (t *turn) firstWait(u *unit, at time.Time) time.Duration {
	opened := u.inc.Escalation.Opened
	if opened.IsZero() {
		opened = at
	}
	return max(u.plan.GroupWait(u.inc.Priority), u.inc.pageWaits(opened))
}

// escalated carries out what the escalation machine asks for.
func (t *turn) escalated(u *unit, at time.Time, outputs []escalate.Output) {
	for _, out := range outputs {
		switch out := out.(type) {
		case escalate.Fire:
			t.fire(u, at, out)
		case escalate.Uncovered:
			u.note(at, incident.KindState, fmt.Sprintf("level %d", out.Level), "", "reaches nobody, skipped")
			t.findAbout(u, at, event.FindingUncoveredLevel, fmt.Sprintf("level %d of plan %s reaches nobody", out.Level, u.inc.Plan))
		case escalate.Failed:
			t.brokenPart(u, at, &out)
		case escalate.Ended:
			t.policyEnded(u, at, out)
		case escalate.Withdraw:
			t.withdraw(u, at)
		case escalate.Took:
			if u.inc.Taken.IsZero() && !u.inc.ranBy(out.By) {
				u.inc.Taken = at
			}
			u.note(at, incident.KindAck, "acknowledged", string(out.By), "%s", via(out.Via))
		case escalate.GaveBack:
			u.note(at, incident.KindAck, "unacknowledged", "", "%s", out.Why)
		case escalate.Alarm:
			u.note(at, incident.KindState, "alarms again", "", "%s", out.Why)
		case escalate.Expiring:
			for _, holder := range out.Holders {
				if contacts := t.cat.Contacts(holder); len(contacts) > 0 {
					note := "the acknowledgement ends in " + incident.Short(out.Ends.Sub(at)) + " without activity"
					t.send(u, at, Pending{Kind: notify.Reminder, Recipient: escalate.Recipient{Person: holder, Contacts: contacts}, Note: note})
				}
			}
		}
		u.touch(at)
	}
	if len(outputs) > 0 && u.group.Stales && !u.inc.Escalation.Unanswered() {
		u.group.Earlier(at) // members that waited for an answer may be stale by now
	}
}

func via(channel string) string {
	if channel == "" {
		return ""
	}
	return "via " + channel
}

func (t *turn) fire(u *unit, at time.Time, f escalate.Fire) {
	verb, kind := "pages", notify.Page
	if f.Notice {
		verb, kind = "informs", notify.Notice
	}
	names := make([]string, len(f.Recipients))
	for i, r := range f.Recipients {
		names[i] = recipientName(r)
	}
	text := fmt.Sprintf("%s %s", verb, strings.Join(names, ", "))
	if f.Round > 1 {
		text += fmt.Sprintf("  round %d", f.Round)
	}
	u.note(at, incident.KindState, fmt.Sprintf("level %d", f.Level), "", "%s", text)
	lacks := u.inc.diagnosed()
	for _, r := range f.Recipients {
		t.send(u, at, Pending{Kind: kind, Position: f.Position, Recipient: r, Note: lacks})
	}
}

func recipientName(r escalate.Recipient) string {
	if r.Person != "" {
		return string(r.Person)
	}
	return string(r.Contacts[0])
}

func (t *turn) policyEnded(u *unit, at time.Time, out escalate.Ended) {
	if out.Status == escalate.Informed {
		u.note(at, incident.KindState, "informed", "", "nobody is asked for an answer")
		return
	}
	u.note(at, incident.KindState, "exhausted", "", "policy %s has ended and nobody has acknowledged", u.inc.Plan)
	t.findAbout(u, at, event.FindingExhausted, fmt.Sprintf("nobody has acknowledged %q (%v)", u.inc.Title, u.inc.Priority))
}

// findAbout reports something wrong with the response to an incident, unless that incident is itself such a report.
func (t *turn) findAbout(u *unit, at time.Time, kind, summary string) {
	if !event.IsFinding(u.inc.Class) {
		t.find(event.Finding(kind, u.inc.ID, summary), u.inc.Tenant, at)
	}
}

// brokenPart says what of the catalog's own failed in the response to an incident: on its timeline each time, and as one finding
// about the part, however many incidents it fails.
func (t *turn) brokenPart(u *unit, at time.Time, f *escalate.Failed) {
	why := strings.ToValidUTF8(strings.Join(strings.Fields(notify.Public(f.Err).Error()), " "), "")
	text := event.Shorten(why, noteLength) + "; " + f.Instead
	u.say(at, incident.KindNote, f.What, "", text)
	if !event.IsFinding(u.inc.Class) {
		t.find(event.Finding(event.FindingCatalogError, f.What, f.What+": "+text), u.inc.Tenant, at)
	}
}

// send puts a message on its way over the recipient's first contact.
func (t *turn) send(u *unit, at time.Time, p Pending) {
	u.inc.Messages++
	p.Seq = u.inc.Messages
	t.dispatch(u, at, p)
}

// QueueInbox is the queue of events that a store has taken in by itself, within a transaction of the application: each is a
// task of its own whose payload is the event as JSON. Whoever claims it settles it in the commit that applies the event.
const QueueInbox = "inbox"

// longestLife is how long a message is tried.
const longestLife = 24 * time.Hour

// dispatch makes the task that sends a message over the contact under way.
func (t *turn) dispatch(u *unit, at time.Time, p Pending) {
	i := u.inc
	channel, address := p.Contact().Split()
	m := notify.Message{
		Key: fmt.Sprintf("%s/%d/%s", i.ID, p.Seq, p.Contact()), Kind: p.Kind, Channel: channel, To: address,
		Person: string(p.Person), Why: i.Reason(), Incident: i.ID, Priority: i.Priority, Round: p.Round, Level: p.Level,
		Summary: i.Title, Class: i.Class, Service: i.Service, Owner: i.Owner, Runbook: i.Runbook, Links: i.Links,
		Note: p.Note, TraceParent: i.TraceParent, At: at,
	}
	if err := t.cat.Render(&m); err != nil {
		t.brokenPart(u, at, &escalate.Failed{What: "template " + string(p.Kind), Err: err, Instead: "it is sent in plain words"})
	}
	payload, err := json.Marshal(m)
	if err != nil { // texts, numbers and instants only: cannot happen
		panic(fmt.Sprintf("respond: message: %v", err))
	}
	life := longestLife
	if p.Kind == notify.Page && !t.comesLast(u, at, &p) {
		life = min(life, u.plan.Policy.WaitOf(p.Level))
	}
	p.Expires = at.Add(life)
	head := !slices.ContainsFunc(i.Pending, func(q Pending) bool { return q.Contact() == p.Contact() })
	i.Pending = append(i.Pending[:len(i.Pending):len(i.Pending)], p)
	u.touch(at)
	t.heads = append(t.heads, head)
	t.tasks = append(t.tasks, store.Task{
		ID: m.Key, Record: u.irow.key, Queue: Queue(channel), Order: string(p.Contact()), Tag: p.tag(), Kind: "message",
		Priority: uint8(i.Priority), Rank: t.rank(at, i.Priority), Due: at, Expires: p.Expires, Payload: payload,
	})
}

// comesLast reports whether nobody else is asked after the contact under way: such a page goes on trying when its level is over.
func (t *turn) comesLast(u *unit, at time.Time, p *Pending) bool {
	e := &u.inc.Escalation
	return p.Position == e.Position && p.Try == len(p.Contacts)-1 && e.Last(t.terms(u, at))
}

// withdraw cancels the pages that have not left. One that was made in this very turn never comes to be.
func (t *turn) withdraw(u *unit, at time.Time) {
	var kept []Pending
	for _, p := range u.inc.Pending {
		if p.Kind != notify.Page {
			kept = append(kept, p)
			continue
		}
		u.note(at, incident.KindNote, "withdrawn", "", "%s", p.columns())
		t.drop(u, &p)
	}
	u.inc.Pending = kept
}

// drop takes back the task of a message.
func (t *turn) drop(u *unit, p *Pending) { t.dropTag(u, p.tag()) }

// dropTag takes back the tasks of the incident that carry the tag, be they stored or made in this very turn.
func (t *turn) dropTag(u *unit, tag string) {
	t.cancel = append(t.cancel, store.CancelTag{Record: u.irow.key, Tag: tag})
	for i := len(t.tasks) - 1; i >= 0; i-- {
		if t.tasks[i].Record == u.irow.key && t.tasks[i].Tag == tag {
			t.tasks = slices.Delete(t.tasks, i, i+1)
			t.heads = slices.Delete(t.heads, i, i+1)
		}
	}
}

// tag names the tasks of a message.
func (p *Pending) tag() string { return string(p.Kind) + "/" + strconv.FormatUint(p.Seq, 10) }

// columns describes a message as timelines do: level or note, person, channel.
func (p *Pending) columns() string {
	what := p.Note
	if p.Level > 0 {
		what = "level " + strconv.Itoa(p.Level)
	}
	columns := []string{what}
	channel, address := p.Contact().Split()
	switch {
	case p.Person != "":
		columns = append(columns, string(p.Person), channel)
	case address != "":
		columns = append(columns, string(p.Contact()))
	default:
		columns = append(columns, channel)
	}
	if p.Kind == notify.AllClear || p.Kind == notify.Reminder { // the kind says it already
		columns = columns[1:]
	}
	return strings.Join(columns, "  ")
}
