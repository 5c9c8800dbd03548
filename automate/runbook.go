package automate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Mode says what begins a run of a runbook.
type Mode string

// The modes.
const (
	Auto    Mode = "auto"    // an event for which When holds
	Approve Mode = "approve" // the same, once a person agrees
	Manual  Mode = "manual"  // a person
)

// Runbook is owned, ordered steps.
type Runbook struct {
	Name  string `json:"name" erase:"keep"`
	Owner string `json:"owner" erase:"keep"`          // a team
	When  string `json:"when,omitempty"`              // a CEL expression, see package route; a manual one may have none
	Mode  Mode   `json:"mode,omitempty" erase:"keep"` // defaults to Approve
	// On is the field of the event that names the subject, such as labels.deployment: what limits and idempotency count
	// by. Without it all runs are for one subject. A run does not begin where the event lacks the field.
	On string `json:"on,omitempty"`
	// Owning makes a run count as an acknowledgement while it is under way. Else the escalation goes on beside it: a runbook
	// must not hide a page that nobody answered.
	Owning bool   `json:"owning,omitempty"`
	Limit  Limit  `json:"limit,omitzero"`
	Steps  []Step `json:"steps"`
}

// Step is one step of a runbook: exactly one of Do, Ask, Check and Wait, but that Wait may stand beside Do.
type Step struct {
	Do    string        `json:"do,omitempty" erase:"keep"`    // an action
	Ask   string        `json:"ask,omitempty"`                // what a person is asked to do
	Check string        `json:"check,omitempty" erase:"keep"` // an action, which must succeed
	Wait  time.Duration `json:"wait,omitempty"`               // beside Do: before the action is verified
	// BeforePage makes an action a diagnostic: it begins with the run, beside others of its kind, and the first page waits
	// for it until its deadline at most. When it fails the run goes on.
	BeforePage bool `json:"beforePage,omitempty"`
	// Deadline is how long the step may take for each of its phases, or how long a person may leave a question open before
	// others are asked. Defaults to 10 seconds before a page, 30 minutes for a question, else 5 minutes.
	Deadline time.Duration `json:"deadline,omitempty"`
	// Args are handed to the action. One that begins with $ is a field of the event, such as $labels.zone.
	Args map[string]string `json:"args,omitempty"`
}

const maxSteps = 50

// Action returns the action that the step calls, "" if it calls none.
func (s *Step) Action() string { return s.Do + s.Check }

// mode returns the mode with the default filled in.
func (r *Runbook) mode() Mode {
	if r.Mode == "" {
		return Approve
	}
	return r.Mode
}

// Validate reports everything that keeps the runbook from running, joined, but for its expression and its owner.
func (r *Runbook) Validate() error {
	var found fault.List
	switch m := r.mode(); {
	case m != Auto && m != Approve && m != Manual:
		found.Add(fault.Path{"mode"}, "mode %q, expected auto, approve or manual", m)
	case r.When == "" && m != Manual:
		found.Add(fault.Path{"when"}, "when is missing, expected an expression, or mode manual")
	}
	if r.On != "" && !validField(r.On) {
		found.Add(fault.Path{"on"}, "on %q, expected a field of an event, such as subject or labels.deployment", r.On)
	}
	found.In(fault.Path{"limit"}, "limit", r.Limit.faults())
	if n := len(r.Steps); n == 0 || n > maxSteps {
		found.Add(fault.Path{"steps"}, "steps: %d, expected 1 to %d", n, maxSteps)
	}
	for i := range r.Steps {
		found.In(fault.Path{"steps", i}, fmt.Sprintf("step %d", i+1), r.Steps[i].faults())
	}
	return found.Err()
}

func (s *Step) faults() (found fault.List) {
	kinds := 0
	for _, given := range []bool{s.Do != "", s.Ask != "", s.Check != "", s.Wait != 0 && s.Do == ""} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		found.Add(fault.Path{"do"}, "has %d of do, ask, check and wait, expected exactly one; wait may stand beside do", kinds)
	}
	if s.Wait < 0 {
		found.Add(fault.Path{"wait"}, "wait %v, expected no negative duration", s.Wait)
	}
	if s.Deadline < 0 || s.Deadline > 0 && s.Action() == "" && s.Ask == "" {
		found.Add(fault.Path{"deadline"}, "deadline %v, expected a positive one, and not of a wait", s.Deadline)
	}
	if s.BeforePage && (s.Action() == "" || s.Wait != 0) {
		found.Add(fault.Path{"before"}, "before a page, expected that of a step with do or check, and without wait")
	}
	if len(s.Args) > 0 && s.Action() == "" {
		found.Add(fault.Path{"args"}, "args, expected them of a step with do or check only")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Args)) {
		if path, ok := strings.CutPrefix(s.Args[name], "$"); ok && !validField(path) {
			found.Add(fault.Path{"args", name}, "args: %s: %q, expected $ and a field of an event, such as $labels.zone", name, s.Args[name])
		}
	}
	return found
}

// validField reports whether [event.Event.Field] can find something at the path.
func validField(path string) bool {
	head, rest, dotted := strings.Cut(path, ".")
	switch head {
	case "labels", "data":
		return dotted && rest != ""
	case "id", "source", "type", "subject", "summary", "severity":
		return !dotted
	}
	return false
}
