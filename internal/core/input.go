package core

import (
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Input is something to decide about. The set is closed: [Events], [Do], [Outcome], [Acted], [Advance] and [Erase]. Each has its
// own instant.
type Input interface{ input() }

// Events are assessed events; each takes effect when it was received.
type Events []*Assessed

// Do carries out a command.
type Do struct {
	At      time.Time
	Command respond.Command
}

// Outcome is the result of one try to send a message. With neither Sent nor Retry the message failed for good.
type Outcome struct {
	At      time.Time
	Record  store.Key // of the incident
	Message notify.Message
	Sent    bool
	Error   string    `erase:"words"` // why it was not sent
	Retry   time.Time // when it will be tried again
	// Lost says that the task was cancelled, or taken over, while the try was under way.
	Lost    bool
	With    int  `json:",omitempty"` // other pages that left in the same message
	Delayed bool `json:",omitempty"` // it was not tried: a rate, or the state of the channel, forbade it
}

// Acted is the result of one try to call an action. With neither an Error nor a Retry the call is done.
type Acted struct {
	At         time.Time
	Record     store.Key // of the incident
	Invocation automate.Invocation
	Result     automate.Result
	Error      string    `erase:"words"` // why it is not done
	Retry      time.Time // when it will be tried again
}

// Advance lets a record, and its group if it is one, do what is due.
type Advance struct {
	At  time.Time
	Key store.Key
}

func (Events) input()  {}
func (Do) input()      {}
func (Outcome) input() {}
func (Acted) input()   {}
func (Advance) input() {}
func (Erase) input()   {}

// fewFields bounds the fields of events by which a Scope looks for groups. Decide asks for others.
const fewFields = 16

// Scope returns the locks that the store takes before it decides about the inputs. Decide asks for further ones. Groups of events
// are in it, since most events change their group; a repeat of an alert that fires changes the alert alone, and fires says
// which alerts fire. A nil fires knows none. A wrong answer costs a second look.
func (c *Core) Scope(s *Scratch, inputs []Input, fires func(alert store.Key) bool) store.Scope {
	if s.named == nil {
		s.named = make(map[store.Key]struct{})
	}
	clear(s.named)
	s.write = s.write[:0]
	add := func(k store.Key) {
		if _, twice := s.named[k]; !twice {
			s.named[k] = struct{}{}
			s.write = append(s.write, k)
		}
	}
	var refs []store.Ref
	find := func(a *Assessed) {
		if !a.MayOpen() {
			return
		}
		for _, field := range a.findableBy() {
			if ref := fieldRef(a.Event.Tenant, field); len(refs) < fewFields && !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	for _, in := range inputs {
		switch in := in.(type) {
		case Events:
			for _, a := range in {
				if a.change() {
					continue
				}
				add(a.alert)
				if fires == nil || a.Event.Signal != event.Trigger || !fires(a.alert) {
					add(a.group)
					find(a)
				}
			}
		case Do:
			if key, ok := c.target(in.Command); ok {
				add(key)
			}
			if id := in.Command.Head().Incident; id != "" {
				refs = append(refs, IDRef(id))
			}
		case Outcome:
			add(in.Record)
		case Acted:
			add(in.Record)
		case Advance:
			add(in.Key)
		case Erase:
			add(in.Record)
		}
	}
	return store.Scope{Write: s.write, Refs: refs}
}
