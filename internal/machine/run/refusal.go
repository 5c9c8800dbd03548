package run

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
)

// Refusal says why a run may not begin.
type Refusal struct {
	Limit string    `json:"limit,omitempty"` // name of the limit in the catalog; empty: another reason
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"` // when the limit would admit the run; zero: when another run ends, or never
	// Page asks to page a person. The limit Masking sets it.
	Page bool `json:"page,omitempty"`
}

// String formats r for people.
func (r *Refusal) String() string {
	if r.Limit == "" {
		return r.Why
	}
	return fmt.Sprintf("limit %s: %s", r.Limit, r.Why)
}

// Switch is the thrown kill switch of a tenant. No run begins, and each run under way ends before its next call of an action.
type Switch struct {
	incident.Said           // who threw it, and why
	At            time.Time `json:"at"`
}
