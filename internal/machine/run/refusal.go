package run

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
)

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
	incident.Said           // who threw it, and why
	At            time.Time `json:"at"`
}
