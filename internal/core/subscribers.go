package core

import (
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// SubscriberState is how far a subscription is.
type SubscriberState string

// The states of a subscriber.
const (
	SubscriberPending   SubscriberState = "pending"      // the address was asked to confirm
	SubscriberConfirmed SubscriberState = "confirmed"    // it gets updates
	SubscriberGone      SubscriberState = "unsubscribed" // it wants none: the address is forgotten, the id is kept for ever
	SubscriberOff       SubscriberState = "off"          // too many updates in a row could not be delivered
)

// Subscriber is the record of an address that gets the updates of a list. Its id is a keyed hash of the address, so that the record can be
// found by the address when the address itself is forgotten.
type Subscriber struct {
	List    string          `json:"list" erase:"keep"`
	Channel string          `json:"channel" erase:"keep"`
	Address string          `json:"address,omitempty" erase:"words"` // empty: forgotten
	State   SubscriberState `json:"state" erase:"keep"`
	Filter  comms.Filter    `json:"filter"`
	Since   time.Time       `json:"since,omitzero"` // when it was confirmed
	// Before is the filter until Changed. Corrections of updates from before go by it.
	Before  comms.Filter `json:"before"`
	Changed time.Time    `json:"changed,omitzero"`
	Asked   *Asked       `json:"asked,omitempty"`
	Serial  uint64       `json:"serial,omitempty"` // counts the messages that asked
	Mails   []time.Time  `json:"mails,omitempty"`  // when these left, of the last 24 hours
	Fails   int          `json:"fails,omitempty"`  // updates in a row that could not be delivered
	Fault   string       `json:"fault,omitempty" erase:"words"`
	Ended   time.Time    `json:"ended,omitzero"` // when it was unsubscribed, or turned off
	// Never says that the answer to a request was to unsubscribe: the address is not even asked again.
	Never bool `json:"never,omitempty"`
}

// Asked is what an address was asked to confirm.
type Asked struct {
	Filter comms.Filter `json:"filter"`
	Until  time.Time    `json:"until"`
}

const (
	confirmLife  = 24 * time.Hour // of a request to confirm
	mostRequests = 3              // requests to one address in that time
	mostFails    = 5              // updates in a row
)

// The parts of messages to subscribers, by which they get their links.
const (
	PartConfirm    = "confirm"
	PartSubscriber = "subscriber"
)

func subscriberKey(tenant, id string) store.Key {
	return store.Key{Tenant: tenant, Kind: KindSubscriber, ID: id}
}

func indexSubscriber(t *turn, r *record, s *Subscriber, c *store.Change) {
	c.State = string(s.State)
	if s.State == SubscriberOff {
		c.Ended = s.Ended
	}
	if s.State == SubscriberConfirmed {
		t.publish(r.key.Tenant, refList, s.List)
		t.publish(r.key.Tenant, refShare, share(s.List, shareOf(r.key.ID)))
	}
}

func (s *Subscriber) due() (time.Time, bool) {
	if s.Asked == nil {
		return time.Time{}, false
	}
	return s.Asked.Until, true
}

// lapse forgets a request that was not confirmed, and who it was sent to.
func lapse(_ *turn, r *record, s *Subscriber, _ time.Time) bool {
	s.Asked = nil
	switch s.State {
	case SubscriberPending:
		r.dirty, r.gone = false, true
		*s = Subscriber{}
	case SubscriberGone:
		s.Address = ""
	}
	return true
}

// subscribe asks an address to confirm, unless it was asked too often. Who gives the command learns nothing of the address.
func subscribe(t *turn, _ *unit, c respond.Subscribe, at time.Time) error {
	row, s := load[Subscriber](t, subscriberKey(c.Tenant, c.Subscriber))
	if row == nil || s.Never {
		return nil
	}
	mails := slices.DeleteFunc(slices.Clone(s.Mails), func(m time.Time) bool { return !m.After(at.Add(-confirmLife)) })
	if len(mails) >= mostRequests {
		return nil
	}
	row.dirty, row.gone = true, false
	if s.State == "" || s.State == SubscriberOff {
		s.State, s.Fails, s.Fault, s.Ended = SubscriberPending, 0, "", time.Time{}
	}
	s.Serial++
	s.List, s.Channel, s.Address = c.List, c.Channel, c.Address
	s.Mails, s.Asked = append(mails, at), &Asked{Filter: c.Filter, Until: at.Add(confirmLife)}
	t.dropTasks(row.key, PartConfirm)
	m := notify.Message{
		Key: "confirm-" + hashed(20, c.Tenant, c.Subscriber, at.UTC().Format(time.RFC3339Nano), strconv.FormatUint(s.Serial, 10)), Seq: s.Serial, Part: PartConfirm,
		Title: "Please confirm that you want updates",
		Text: "Somebody, most likely you, asked for updates about our service at this address.\n" +
			"Open the first link within 24 hours and confirm. If it was not you, do nothing: nothing else will come.",
	}
	t.toSubscriber(row.key, s, m, at, confirmLife)
	return nil
}

// confirmSubscriber lets an address get updates from now on, by the latest request.
func confirmSubscriber(t *turn, _ *unit, c respond.ConfirmSubscriber, at time.Time) error {
	row, s := load[Subscriber](t, subscriberKey(c.Tenant, c.Subscriber))
	switch {
	case row == nil:
		return nil
	case s.State == SubscriberConfirmed && s.Asked == nil && s.Serial == c.Serial: // once more
		return nil
	case s.Asked == nil || s.Serial != c.Serial || !at.Before(s.Asked.Until):
		return &respond.RefusedError{Reason: "it was not asked, or was asked again later"}
	}
	row.dirty = true
	if s.State == SubscriberConfirmed {
		s.Before, s.Changed = s.Filter, at
	} else {
		s.State, s.Since, s.Ended = SubscriberConfirmed, at, time.Time{}
	}
	s.Filter, s.Asked = s.Asked.Filter, nil
	return nil
}

// unsubscribe lets an address get no more updates.
func unsubscribe(t *turn, _ *unit, c respond.Unsubscribe, at time.Time) error {
	row, s := load[Subscriber](t, subscriberKey(c.Tenant, c.Subscriber))
	if row == nil || s.State == "" || s.State == SubscriberGone && s.Asked == nil {
		return nil
	}
	row.dirty = true
	s.forget(at)
	t.dropTasks(row.key, PartConfirm)
	t.dropTasks(row.key, PartSubscriber)
	return nil
}

// forget keeps of a subscriber that there are to be no updates.
func (s *Subscriber) forget(at time.Time) {
	never := s.Never || s.State != SubscriberConfirmed && s.Asked != nil
	*s = Subscriber{List: s.List, Channel: s.Channel, State: SubscriberGone, Serial: s.Serial, Since: s.Since, Ended: at, Never: never}
}

// hears reports whether an update is for the subscriber.
func (s *Subscriber) hears(m *Mailing) bool {
	wants := &s.Filter
	if m.First.Before(s.Changed) {
		wants = &s.Before
	}
	return s.State == SubscriberConfirmed && s.List == m.List && !m.First.Before(s.Since) && wants.Takes(m.Service, m.Regions, m.Topic)
}

// toSubscriber puts a message to a subscriber on its way.
func (t *turn) toSubscriber(key store.Key, s *Subscriber, m notify.Message, at time.Time, life time.Duration) {
	m.Kind, m.Channel, m.To, m.Audience, m.At = notify.Notice, s.Channel, s.Address, true, at
	t.tasks = append(t.tasks, store.Task{
		ID: m.Key, Record: key, Queue: Queue(s.Channel), Order: s.Channel, Tag: m.Part, Priority: 5, Rank: t.rank(at, 5), Kind: "message",
		Due: at, Expires: at.Add(life), Payload: payload(&m),
	})
	t.heads = append(t.heads, false)
}

// dropTasks takes back the messages of a part to a subscriber.
func (t *turn) dropTasks(of store.Key, part string) {
	t.cancel = append(t.cancel, store.CancelTag{Record: of, Tag: part})
	for i := len(t.tasks) - 1; i >= 0; i-- {
		if t.tasks[i].Record == of && t.tasks[i].Tag == part {
			t.tasks, t.heads = slices.Delete(t.tasks, i, i+1), slices.Delete(t.heads, i, i+1)
		}
	}
}

// reachedSubscriber learns what became of an update to a subscriber. Whoever cannot be reached five times in a row gets no more.
func (t *turn) reachedSubscriber(in Outcome) {
	row, s := load[Subscriber](t, in.Record)
	if row == nil || in.Message.Part != PartSubscriber || s.State != SubscriberConfirmed || in.Lost && !in.Sent || !in.Retry.IsZero() {
		return
	}
	switch {
	case !in.Sent:
		s.Fails++
		s.Fault = withoutAddress(in.Error, s.Address)
		if s.Fails >= mostFails {
			s.State, s.Ended = SubscriberOff, in.At
		}
	case s.Fails == 0:
		return
	default:
		s.Fails, s.Fault = 0, ""
	}
	row.dirty = true
}
