package automate

import (
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Rate is a number in a span of time, in text form 3/10m: at most 3 in any 10 minutes. The zero Rate is unlimited.
type Rate struct {
	Count int           `json:"count"`
	Per   time.Duration `json:"per"`
}

// Limit bounds the runs of a runbook. A zero field without a default sets no limit. Runs for the same subject never overlap. A run counts
// from its begin on; a proposal that nobody approved never counts.
type Limit struct {
	Subject  Rate          `json:"subject,omitzero"`   // runs for one subject
	Fleet    Rate          `json:"fleet,omitzero"`     // runs for all subjects together; defaults to 20 in 1h
	Subjects Rate          `json:"subjects,omitzero"`  // distinct subjects: the blast radius
	Cooldown time.Duration `json:"cooldown,omitempty"` // pause between two runs for the same subject
	// Concurrent is the number of runs that may act at once. Defaults to 5.
	Concurrent int `json:"concurrent,omitempty"`
	// Masking keeps a runbook from hiding a lasting problem by repeating the same fix. The Count-th run for a subject in the span
	// does not begin; the incident escalates instead. Runs that did no step but diagnostics are no fix. Defaults to the 3rd run in 24
	// hours.
	Masking Rate `json:"masking,omitzero"`
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
