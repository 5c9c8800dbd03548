package automatetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-dev/tocsin/automate"
)

// Harness holds a new action and a new fake of the system that the action changes. All functions are optional; the suite skips
// the rules that need a missing function.
type Harness struct {
	Action automate.Action
	// Invocation must succeed, with any subject. Set at least Action and Subject. The Subject must not be part of any other
	// value that the system receives. The suite sets keys, phases and the other fields.
	Invocation automate.Invocation
	// Standing returns the number of changes in the system that are done and not undone.
	Standing func() int
	// Asked returns the requests to the system so far: the values of each request, in an order that does not depend on the
	// values.
	Asked func() [][]string
	// Break makes the system refuse all further requests. Its answers must quote the whole request.
	Break func()
	// Flood makes the system answer with 4 MiB or more.
	Flood func()
	// Hang makes the system answer no request until Close. The system closes the channel at the first request.
	Hang func() <-chan struct{}
	// Secrets lists the secrets that the action uses.
	Secrets []string
	Close   func() // called at the end of a test; may be nil
}

// Run tests every rule in a subtest of the rule's name, such as R04-key. It calls newHarness for each check of a rule.
func Run(t *testing.T, newHarness func(t *testing.T) *Harness) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := &subject{newHarness: func() *Harness { return newHarness(t) }}
			if lacks := s.lacks(&r); lacks != "" {
				t.Skip("SKIPPED, not tested: " + lacks)
			}
			if err := r.broken(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check tests every rule like [Run], without a testing.T. It joins the errors of all broken rules; nil means none is broken.
func Check(newHarness func() *Harness) error {
	var errs []error
	for _, r := range rules {
		s := &subject{newHarness: newHarness}
		if s.lacks(&r) == "" {
			errs = append(errs, r.broken(s))
		}
	}
	return errors.Join(errs...)
}

// rule is one numbered rule of automate.Action.
type rule struct {
	name  string // R, the number and a word
	says  string // quoted from the comment of automate.Action
	needs func(*Harness) bool
	lacks string // what a harness must have for needs, for the skip message
	check func(*subject) []error
}

var rules = []rule{
	{"R01-concurrent", "Its methods may be called concurrently", watched, "Standing and Asked", checkConcurrent},
	{"R02-context", "They may block until ctx ends, and return promptly after", hanging, "Hang", checkContext},
	{"R03-done", "nil means that the action succeeded", breakable, "Standing and Break", checkDone},
	{"R04-key", "It does not act a second time, and returns the result of the first call", watched, "Standing and Asked", checkKey},
	{"R05-dry-run", "An Invocation with DryRun changes nothing", watched, "Standing and Asked", checkDryRun},
	{"R06-once", "Each call makes one attempt", breakable, "Standing and Break", checkOnce},
	{"R07-secret", "Errors and outputs hold no secret", breakable, "Standing and Break", checkSecret},
	{"R08-texts", "Subject and Args are data", watched, "Standing and Asked", checkTexts},
	{"R09-caller", "The action does not change the Invocation or its Args", nil, "", checkCaller},
	{"R10-bounded", "The action reads responses and outputs up to a limit", flooding, "Flood", checkBounded},
	{"R11-looking", "Precheck and Verify change nothing", looking, "Standing, and an action with Precheck or Verify", checkLooking},
	{"R12-verify", "Verify returns an error if the effect of the action does not hold", verifying, "Break, and an action with Verify", checkVerify},
	{"R13-compensate", "Compensate undoes the action", compensating, "Standing, and an action with Compensate", checkCompensate},
}

func watched(h *Harness) bool   { return h.Standing != nil && h.Asked != nil }
func breakable(h *Harness) bool { return watched(h) && h.Break != nil }
func hanging(h *Harness) bool   { return h.Hang != nil }
func flooding(h *Harness) bool  { return h.Flood != nil }

func looking(h *Harness) bool {
	_, prechecks := h.Action.(automate.Prechecker)
	_, verifies := h.Action.(automate.Verifier)
	return h.Standing != nil && (prechecks || verifies)
}

func verifying(h *Harness) bool {
	_, ok := h.Action.(automate.Verifier)
	return h.Break != nil && ok
}

func compensating(h *Harness) bool {
	_, ok := h.Action.(automate.Compensator)
	return h.Standing != nil && ok
}

// broken returns an error if s breaks the rule.
func (r *rule) broken(s *subject) error {
	found := r.check(s)
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %q\n%w", r.name, r.says, errors.Join(found...))
}
