package automate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Mode says how runs of a runbook begin.
type Mode string

// The modes.
const (
	Auto    Mode = "auto"    // by an event that matches When
	Approve Mode = "approve" // by an event that matches When, once a person agrees
	Manual  Mode = "manual"  // by a person
)

// Runbook is a list of steps with an owner.
type Runbook struct {
	Name  string `json:"name" erase:"keep"`
	Owner string `json:"owner" erase:"keep"`          // a team
	When  string `json:"when,omitempty"`              // a CEL expression, see package route; optional with mode manual
	Mode  Mode   `json:"mode,omitempty" erase:"keep"` // defaults to Approve
	// On is the event field that names the subject of a run, such as labels.deployment. Limits count by subject. Without On all
	// runs have the same subject. A run does not begin if the event lacks the field.
	On string `json:"on,omitempty"`
	// Owning makes a run count as an acknowledgement while it is under way. Without it the escalation goes on during the run, so
	// that a runbook hides no unanswered page.
	Owning bool `json:"owning,omitempty"`
	// Deadline bounds a run from its begin on. When it passes, the run stops, pages a person and compensates the steps that have acted,
	// the last one first. Zero: only the steps have deadlines.
	Deadline time.Duration `json:"deadline,omitempty"`
	Limit    Limit         `json:"limit,omitzero"`
	Steps    []Step        `json:"steps"`
}

// Step is one step of a runbook. It has exactly one of Do, Ask, Check and Wait; only Wait may also accompany Do.
type Step struct {
	Do    string        `json:"do,omitempty" erase:"keep"`    // name of an action
	Ask   string        `json:"ask,omitempty"`                // a task for a person
	Check string        `json:"check,omitempty" erase:"keep"` // name of an action that must succeed
	Wait  time.Duration `json:"wait,omitempty"`               // with Do: pause between Run and Verify
	// BeforePage makes an action a diagnostic. All diagnostics of a run begin with it, at the same time. The first page waits for
	// them, at most until their deadlines. The run goes on if a diagnostic fails.
	BeforePage bool `json:"beforePage,omitempty"`
	// Deadline bounds each phase of the step. An open question escalates at its deadline. Defaults to 10 seconds with BeforePage,
	// 30 minutes for a question, else 5 minutes.
	Deadline time.Duration `json:"deadline,omitempty"`
	// Args are the arguments of the action. A value that begins with $ names a field of the event, such as $labels.zone.
	Args map[string]string `json:"args,omitempty"`
}

const maxSteps = 50

// Action returns the name of the action that the step calls; "" if it calls none.
func (s *Step) Action() string { return s.Do + s.Check }

// mode returns the mode with the default filled in.
func (r *Runbook) mode() Mode {
	if r.Mode == "" {
		return Approve
	}
	return r.Mode
}

// Validate reports all faults of the runbook, joined. It does not check When and Owner; package catalog does.
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
	var waits time.Duration
	for i := range r.Steps {
		waits += r.Steps[i].Wait
	}
	if r.Deadline < 0 || r.Deadline > 0 && r.Deadline <= waits {
		found.Add(fault.Path{"deadline"}, "deadline %v, expected a positive duration, longer than all waits together (%v)", r.Deadline, waits)
	}
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
		found.Add(fault.Path{"do"}, "has %d of do, ask, check and wait, expected exactly one, or do with wait", kinds)
	}
	if s.Wait < 0 {
		found.Add(fault.Path{"wait"}, "wait %v, expected no negative duration", s.Wait)
	}
	if s.Deadline < 0 || s.Deadline > 0 && s.Action() == "" && s.Ask == "" {
		found.Add(fault.Path{"deadline"}, "deadline %v, expected a positive duration, and a step with do, check or ask", s.Deadline)
	}
	if s.BeforePage && (s.Action() == "" || s.Wait != 0) {
		found.Add(fault.Path{"before"}, "before a page, expected only for a step with do or check, without wait")
	}
	if len(s.Args) > 0 && s.Action() == "" {
		found.Add(fault.Path{"args"}, "args, expected only for a step with do or check")
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
