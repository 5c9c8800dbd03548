package incident

import (
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Objective is a response-time objective of an incident.
type Objective struct {
	Name severity.Objective `json:"name" erase:"keep"`
	Due  time.Time          `json:"due"`
	Met  time.Time          `json:"met,omitzero"` // zero: not yet
	// AtRisk says that three quarters of the time had passed before it was met, and Breached that all of it had.
	AtRisk   bool `json:"atRisk,omitempty"`
	Breached bool `json:"breached,omitempty"`
	Told     bool `json:"told,omitempty"` // a finding about the breach stands
}
