package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/store"
)

// maxSkew is how far ahead of ours a sender's clock may be; what is further does not count.
const maxSkew = 5 * time.Minute

// Assessed is an event and what it means, before anything is known about what happened earlier.
type Assessed struct {
	Event *event.Event
	*catalog.Assessment
	Key      string        // dedup key
	Skew     time.Duration // by how much its Time was ahead, if too much; Event.Time is then zero
	Findings []event.Event // what is wrong with the catalog for it, beside the rules that failed

	alert, group store.Key // of the records
	record       *record   // working copy of the alert, in Decide
	// said and command are by whom and why an incident is declared by hand, and the id of the command.
	said    incident.Said
	command string
}

// Complete fills in what the sender left out but for the id: source and intake are those of the service, and the event came now. It takes
// out secrets: every way in leads through here.
func Complete(e *event.Event, service string, now time.Time) {
	e.Received = now
	if e.Source == "" {
		e.Source = service
	}
	if e.Intake == "" {
		e.Intake = service
	}
	e.UnifyNumbers()
	e.Redact()
	e.Time = e.Time.UTC() // near the year 9999 another zone may have a year that no document can hold
}

// Assess classifies, keys, prioritises and routes an event. It has no state and takes no lock. The event is not changed; a
// Time too far ahead of Received is left out of a copy.
func Assess(cat *catalog.Compiled, e *event.Event) *Assessed {
	a := new(Assessed)
	a.assess(cat, e)
	return a
}

// AssessAll assesses the events of one Submit. It calls pause before each. The result is valid until the next call with the same
// Scratch.
func AssessAll(s *Scratch, cat *catalog.Compiled, events []event.Event, pause func(i int)) Events {
	if cap(s.assessed) < len(events) {
		piece := make([]Assessed, len(events))
		s.assessed = make(Events, len(events))
		for i := range piece {
			s.assessed[i] = &piece[i]
		}
	}
	all := s.assessed[:len(events)]
	for i := range events {
		pause(i)
		all[i].assess(cat, &events[i])
	}
	return all
}

func (a *Assessed) assess(cat *catalog.Compiled, e *event.Event) {
	*a = Assessed{Event: e, Assessment: cat.Assess(e)}
	a.clamp()
	var buf [256]byte
	id := string(a.Class.AppendKey(append(append(buf[:0], e.Intake...), '/'), e))
	a.Key = id[len(e.Intake)+1:]
	a.alert = store.Key{Tenant: e.Tenant, Kind: KindAlert, ID: id}
	a.group = store.Key{Tenant: e.Tenant, Kind: KindGroup, ID: a.GroupOf(e)}
	if !event.IsFinding(e.Type) {
		a.find(cat)
	}
}

func (a *Assessed) clamp() {
	e := a.Event
	if e.Received.IsZero() || !e.Time.After(e.Received.Add(maxSkew)) {
		return
	}
	clamped := *e
	clamped.Time = time.Time{}
	a.Event, a.Skew = &clamped, e.Time.Sub(e.Received)
}

func (a *Assessed) find(cat *catalog.Compiled) {
	e := a.Event
	if !a.Known {
		a.Findings = append(a.Findings, event.Finding(event.FindingUnclassified, e.Type,
			fmt.Sprintf("no class names the type %q, sent by %s", e.Type, e.Source)))
	} else if cat.Unrouted(a.Assessment) {
		a.Findings = append(a.Findings, event.Finding(event.FindingUnrouted, e.Type,
			fmt.Sprintf("no route matches events of %q, and the class names no plan", e.Type)))
	}
	for _, path := range a.Missing {
		a.Findings = append(a.Findings, event.Finding(event.FindingMissingField, e.Type+" "+path,
			fmt.Sprintf("an event of %q from %s has no %s, which its class requires", e.Type, e.Source, path)))
	}
}

// AlertKey returns the key of the alert's record.
func (a *Assessed) AlertKey() store.Key { return a.alert }

// GroupKey returns the key of the record of the group for which the event is routed.
func (a *Assessed) GroupKey() store.Key { return a.group }

// MayOpen reports whether the event may open an incident: it is a trigger of an alert that is promoted.
func (a *Assessed) MayOpen() bool {
	return a.Promote && a.Event.Signal == event.Trigger && !a.change()
}

// findableBy returns the fields by which an alert finds groups, and groups with it are found.
func (a *Assessed) findableBy() []string {
	if a.BySubject {
		return []string{a.Group}
	}
	return a.Fields
}

func (a *Assessed) change() bool {
	return a.Event.Signal == event.Change || a.Class.Kind == event.Changes
}

// staleAfter returns how long the alert may go without a signal.
func (a *Assessed) staleAfter() time.Duration {
	return cmp.Or(a.Class.StaleAfter, a.Event.StaleAfter, a.Event.Sender.StaleAfter, event.DefaultStaleAfter)
}

// tellingLabels name the thing that an alert is about, at senders that have no subject.
var tellingLabels = [...]string{"instance", "pod", "host", "hostname", "node", "container", "device", "queue", "topic", "job"}

// which names what tells the alert of an event from others, but for what the title says.
func (a *Assessed) which(title string) string {
	var parts []string
	add := func(value string) {
		if value != "" && !strings.Contains(title, value) && !slices.Contains(parts, value) {
			parts = append(parts, value)
		}
	}
	for _, path := range a.Class.Dedup {
		value, _ := a.Event.Field(path)
		add(value)
	}
	if len(a.Class.Dedup) == 0 {
		add(a.Event.Subject)
	}
	for _, name := range tellingLabels {
		if len(parts) == 0 && !strings.Contains(title, cmp.Or(a.Event.Subject, "\x00")) {
			add(a.Event.Labels[name])
		}
	}
	return strings.Join(parts, ", ")
}
