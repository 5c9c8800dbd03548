package tocsin

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/habit"
	"github.com/tocsin-dev/tocsin/internal/outbox"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
)

// Heard is what an engine has heard and sent of one tenant, since it was made. Another process does not know it, and it is lost when the
// process ends.
type Heard struct {
	Since   time.Time // when the engine was made
	Shared  bool      // other processes may write the store, and may have heard and sent more
	Intakes []Intake  // those that spoke, by name
	// Further says that more intakes spoke than an engine keeps, which is 1,000 for all tenants together. Nothing is known of the others.
	Further   bool
	Delivered time.Time // when a channel last took a message; zero: none has
	Tested    time.Time // when a channel last took a test message; zero: none has
}

// Intake is an intake that was heard of. Its name is that of its events, see [event.Event].
type Intake struct {
	Name string
	Last time.Time // when an event last came that is no finding of the engine
	// Usual is the longest silence of the last eight days that has ended. Zero: it is not known yet. It takes a day and ten minutes in which
	// events came.
	Usual time.Duration
	// Silent says that the intake has been silent for more than twice as long as usual and for more than five minutes. After eight days it
	// is not missed any more.
	Silent bool
}

// Heard returns what this engine has heard and sent of a tenant. It calls no store and is cheap. A silence that must not be is better
// declared by a heartbeat, which pages: see Heartbeat in package intake.
func (e *Engine) Heard(tenant string) Heard { return e.ears.heard(tenant, time.Now()) }

const (
	mostHeard  = 1_000       // intakes that are kept
	forgetting = time.Minute // from one time that intakes are forgotten to the next
)

// ears notes who spoke, and what was sent.
type ears struct {
	since  time.Time
	shared bool

	mu      sync.Mutex
	habits  map[speaker]*habit.Habit
	further bool
	forgot  time.Time
	sent    map[string]sent // by tenant
}

// speaker is an intake of a tenant.
type speaker struct{ tenant, intake string }

// sent is when a tenant's messages were last delivered.
type sent struct{ message, test time.Time }

func newEars(s store.Store) *ears {
	_, shared := s.(store.Waker)
	return &ears{since: time.Now(), shared: shared, habits: make(map[speaker]*habit.Habit), sent: make(map[string]sent)}
}

// hear notes the senders of events.
func (r *ears) hear(events []event.Event, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last speaker
	for i := range events {
		who := speaker{events[i].Tenant, events[i].Intake}
		if i > 0 && who == last || event.IsFinding(events[i].Type) {
			continue
		}
		last = who
		if h := r.habitOf(who, now); h != nil {
			h.Heard(now)
		}
	}
}

// habitOf returns the habit of a speaker; nil if there are too many.
func (r *ears) habitOf(who speaker, now time.Time) *habit.Habit {
	if h := r.habits[who]; h != nil {
		return h
	}
	if len(r.habits) >= mostHeard && now.Sub(r.forgot) >= forgetting {
		r.forgot, r.further = now, false
		for known, h := range r.habits {
			if h.Forgotten(now) {
				delete(r.habits, known)
			}
		}
	}
	if len(r.habits) >= mostHeard {
		r.further = true
		return nil
	}
	h := new(habit.Habit)
	r.habits[speaker{strings.Clone(who.tenant), strings.Clone(who.intake)}] = h
	return h
}

// delivered notes a message that a channel took.
func (r *ears) delivered(out *outbox.Outcome, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tenant := out.Task.Record.Tenant
	s, known := r.sent[tenant]
	if !known && len(r.sent) >= mostHeard {
		return
	}
	if s.message = now; out.Message.Occasion == notify.OccasionTest {
		s.test = now
	}
	r.sent[tenant] = s
}

func (r *ears) heard(tenant string, now time.Time) Heard {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := Heard{Since: r.since, Shared: r.shared, Further: r.further, Delivered: r.sent[tenant].message, Tested: r.sent[tenant].test}
	for who, h := range r.habits {
		if who.tenant == tenant {
			all.Intakes = append(all.Intakes, Intake{who.intake, h.Last(), h.Usual(now), h.Silent(now)})
		}
	}
	slices.SortFunc(all.Intakes, func(a, b Intake) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
