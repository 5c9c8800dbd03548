package automate

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Rate is so many in a span, in text form 3/10m. The zero Rate bounds nothing.
type Rate struct {
	Count int           `json:"count"`
	Per   time.Duration `json:"per"`
}

// Limit bounds the runs of a runbook. Of zero fields those without a default bound nothing. Runs for one subject never
// overlap, whatever it says.
type Limit struct {
	Subject  Rate          `json:"subject,omitzero"`   // runs for one subject
	Fleet    Rate          `json:"fleet,omitzero"`     // runs for all subjects together; defaults to 20 in 1h
	Subjects Rate          `json:"subjects,omitzero"`  // how many subjects are acted upon: the blast radius
	Cooldown time.Duration `json:"cooldown,omitempty"` // from the end of a run to the next for its subject
	// Concurrent is how many runs may act at once. Defaults to 5.
	Concurrent int `json:"concurrent,omitempty"`
	// Masking is the guard against fixing for ever what needs a person: the run for a subject that would be the Count-th in
	// the span does not begin, and a person is paged. Defaults to the 3rd in 24 hours.
	Masking Rate `json:"masking,omitzero"`
}

// withDefaults returns the limit with the defaults filled in.
func (l Limit) withDefaults() Limit {
	l.Fleet = cmp.Or(l.Fleet, Rate{20, time.Hour})
	l.Concurrent = cmp.Or(l.Concurrent, 5)
	l.Masking = cmp.Or(l.Masking, Rate{3, 24 * time.Hour})
	return l
}

func (l *Limit) faults() (found fault.List) {
	for _, r := range []struct {
		name string
		rate Rate
		min  int
	}{{"subject", l.Subject, 1}, {"fleet", l.Fleet, 1}, {"subjects", l.Subjects, 1}, {"masking", l.Masking, 2}} {
		if r.rate != (Rate{}) && (r.rate.Count < r.min || r.rate.Per <= 0) {
			found.Add(fault.Path{r.name}, "%s %d in %v, expected %d or more in a span above zero", r.name, r.rate.Count, r.rate.Per, r.min)
		}
	}
	if l.Cooldown < 0 {
		found.Add(fault.Path{"cooldown"}, "cooldown %v, expected no negative duration", l.Cooldown)
	}
	if l.Concurrent < 0 {
		found.Add(fault.Path{"concurrent"}, "concurrent %d, expected 1 or more", l.Concurrent)
	}
	return found
}

// horizon is how long a run that has ended may still count.
func (l Limit) horizon() time.Duration {
	return max(l.Subject.Per, l.Fleet.Per, l.Subjects.Per, l.Masking.Per)
}

// Refusal says what keeps a run from beginning.
type Refusal struct {
	Limit string    `json:"limit,omitempty"` // its name in the catalog; empty: it is no limit
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"` // when it lets the run begin; zero: when a run ends, or never
	// Page asks to page a person, since the same fix has been made too often.
	Page bool `json:"page,omitempty"`
}

// String writes r for people.
func (r *Refusal) String() string {
	if r.Limit == "" {
		return r.Why
	}
	return fmt.Sprintf("limit %s: %s", r.Limit, r.Why)
}

// Switch is the kill switch of the whole fleet, as a person threw it: no run begins, and one under way ends before its next
// call of an action.
type Switch struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}
