package respond

import (
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Input is what Decide decides about. The set is closed: [Events], [Do], [Outcome], [Acted], [Advance] and [Erase]. Each has
// its own instant.
type Input interface {
	// Keys returns the records that the input certainly writes. Decide asks for the others.
	Keys() []store.Key
	input()
}

// Events are assessed events; each takes effect when it was received.
type Events []*Assessed

// Do carries out a command.
type Do struct {
	At      time.Time
	Command Command
}

// Outcome is what became of one try to send a message. With neither Sent nor Retry it failed for good.
type Outcome struct {
	At      time.Time
	Task    string    // id of the task
	Record  store.Key // of the incident
	Message notify.Message
	Sent    bool
	Error   string    // why it was not sent
	Retry   time.Time // when it will be tried again
	// Lost says that the task was cancelled, or taken over, while the try was under way.
	Lost bool
}

// Acted is what became of one try to call an action. With neither an Error nor a Retry it is done.
type Acted struct {
	At         time.Time
	Record     store.Key // of the incident
	Invocation automate.Invocation
	Result     automate.Result
	Error      string    // why it is not done
	Retry      time.Time // when it will be tried again
}

// Advance lets a group do what is due.
type Advance struct {
	At    time.Time
	Group store.Key
}

// Keys implements Input.
func (in Events) Keys() []store.Key {
	keys := make([]store.Key, 0, len(in))
	for _, a := range in {
		if !a.change() {
			keys = append(keys, a.alert)
		}
	}
	return keys
}

// Keys implements Input.
func (in Do) Keys() []store.Key {
	if c, ok := in.Command.(KillSwitch); ok {
		return []store.Key{switchKey(c.Tenant)}
	}
	key, ok := IncidentKey(in.Command.Target())
	if !ok {
		return nil
	}
	return []store.Key{key, GroupOf(key)}
}

// Keys implements Input.
func (in Outcome) Keys() []store.Key { return []store.Key{in.Record, GroupOf(in.Record)} }

// Keys implements Input.
func (in Acted) Keys() []store.Key { return []store.Key{in.Record, GroupOf(in.Record)} }

// Keys implements Input.
func (in Advance) Keys() []store.Key { return []store.Key{in.Group} }

func (Events) input()  {}
func (Do) input()      {}
func (Outcome) input() {}
func (Acted) input()   {}
func (Advance) input() {}

// Scope is what the store must lock before it decides about the inputs. Decide asks for the rest. The groups of events are
// in it besides, since most events change them, but for repeats of alerts that fire, as far as fires knows them; nil knows
// none. What it gets wrong costs a second look and nothing else.
func Scope(room *Room, inputs []Input, fires func(alert store.Key) bool) store.Scope {
	if room.named == nil {
		room.named = make(map[store.Key]struct{})
	}
	clear(room.named)
	room.write = room.write[:0]
	add := func(k store.Key) {
		if _, twice := room.named[k]; !twice {
			room.named[k] = struct{}{}
			room.write = append(room.write, k)
		}
	}
	for _, in := range inputs {
		for _, k := range in.Keys() {
			add(k)
		}
		events, _ := in.(Events)
		for _, a := range events {
			if !a.change() && (fires == nil || a.Event.Signal != event.Trigger || !fires(a.alert)) {
				add(a.group)
			}
		}
	}
	return store.Scope{Write: room.write}
}

// Batch is what the store commits for the decision. Tasks whose lane is empty are born with the lease if there is room to
// send them; a nil room is none.
func (d *Decision) Batch(now time.Time, lease *store.Lease, room func(*store.Task) bool) store.Batch {
	for i := range d.Tasks {
		if room != nil && d.Heads[i] && room(&d.Tasks[i]) {
			d.Tasks[i].Lease = lease
		}
	}
	return store.Batch{Now: now, Put: d.Put, Tasks: d.Tasks, Cancel: d.Cancel}
}
