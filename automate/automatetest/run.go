package automatetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tocsin-dev/tocsin/automate"
)

// Harness is an action and the outside that it acts upon, both fresh. Without one of the functions, the rules that need it
// are left out.
type Harness struct {
	Action automate.Action
	// Invocation is one that succeeds, with at least an Action and a Subject that stands in nothing else which the outside
	// gets. Other subjects succeed as well. The suite fills in keys, phases and the rest.
	Invocation automate.Invocation
	// Standing returns how many things stand changed outside: done, and not taken back.
	Standing func() int
	// Asked returns what the outside was asked so far: for each time the values it got, in an order that does not depend on
	// them.
	Asked func() [][]string
	// Break makes the outside refuse whatever it is asked from now on, and quote in its answer all that it got.
	Break func()
	// Flood makes it answer with 4 MiB or more.
	Flood func()
	// Hang makes it answer nothing until Close. The channel is closed once it has been asked.
	Hang func() <-chan struct{}
	// Secrets are texts that the action uses and that nobody may read.
	Secrets []string
	Close   func() // called when the harness is no longer needed
}

// Run holds actions to every rule, each in a subtest of its name. newHarness is called again for every question.
func Run(t *testing.T, newHarness func(t *testing.T) *Harness) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := &subject{newHarness: func() *Harness { return newHarness(t) }}
			if lacks := s.lacks(&r); lacks != "" {
				t.Skip(lacks)
			}
			if err := r.broken(s); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check is Run without a test: it returns every rule that is broken, joined, or nil.
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

// rule is one of those in the comment of automate.Action.
type rule struct {
	name  string // R and the number
	says  string // from the comment
	needs func(*Harness) bool
	what  string // that is needed
	check func(*subject) []error
}

var rules = []rule{
	{"R01-concurrent", "Its methods may be called concurrently", watched, "Standing and Asked", checkConcurrent},
	{"R02-context", "They may block until ctx ends, and return soon after", hanging, "Hang", checkContext},
	{"R03-done", "nil means that it is done", breakable, "Standing and Break", checkDone},
	{"R04-key", "what was done under a key is not done again", watched, "Standing and Asked", checkKey},
	{"R05-dry-run", "An Invocation with DryRun changes nothing", watched, "Standing and Asked", checkDryRun},
	{"R06-once", "It asks once", breakable, "Standing and Break", checkOnce},
	{"R07-secret", "Neither errors nor outputs hold a secret", breakable, "Standing and Break", checkSecret},
	{"R08-texts", "Texts stay texts", watched, "Standing and Asked", checkTexts},
	{"R09-caller", "The Invocation is the caller's", nil, "", checkCaller},
	{"R10-bounded", "What the outside says is read up to a limit", flooding, "Flood", checkBounded},
	{"R11-looking", "Precheck and Verify change nothing", looking, "Standing, and an action that looks", checkLooking},
	{"R12-verify", "Verify fails where what was done does not hold", verifying, "Break, and an action that verifies", checkVerify},
	{"R13-compensate", "Compensate takes back what was done", compensating, "Standing, and an action that takes back", checkCompensate},
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

// broken returns how s breaks the rule, or nil.
func (r *rule) broken(s *subject) error {
	found := r.check(s)
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %q\n%w", r.name, r.says, errors.Join(found...))
}
