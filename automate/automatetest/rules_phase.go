package automatetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/automate"
)

// unredacted calls Run directly, because [automate.Call] limits the result.
func (h *Harness) unredacted(in automate.Invocation) (automate.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return h.Action.Run(ctx, in)
}

func checkLooking(s *subject) []error {
	look := func(h *Harness) {
		h.call(h.invocation(automate.PhasePrecheck))
		h.call(h.invocation(automate.PhaseVerify))
	}
	return s.with(func(h *Harness) error {
		look(h)
		return h.stands(0, "Precheck and Verify before Run")
	}, func(h *Harness) error {
		if _, err := h.run(); err != nil {
			return nil // for rule 3
		}
		standing := h.Standing()
		look(h)
		return h.stands(standing, "Precheck and Verify after Run")
	})
}

func checkVerify(s *subject) []error {
	return s.with(func(h *Harness) error {
		if _, err := h.run(); err != nil {
			return nil // for rule 3
		}
		if _, err := h.call(h.invocation(automate.PhaseVerify)); err != nil {
			return fmt.Errorf("after Run, Verify returned %q, expected nil", err)
		}
		return nil
	}, func(h *Harness) error {
		if _, err := h.run(); err != nil {
			return nil // for rule 3
		}
		h.Break()
		if _, err := h.call(h.invocation(automate.PhaseVerify)); err == nil {
			return errors.New("the system refused, and Verify returned nil, expected an error")
		}
		return nil
	})
}

func checkCompensate(s *subject) []error {
	return s.with(func(h *Harness) error {
		if _, err := h.run(); err != nil {
			return nil // for rule 3
		}
		for _, when := range []string{"Run and Compensate", "Run, Compensate and a second Compensate"} {
			if _, err := h.call(h.invocation(automate.PhaseCompensate)); err != nil {
				return fmt.Errorf("%s: Compensate returned %q, expected nil", when, err)
			}
			if err := h.stands(0, when); err != nil {
				return err
			}
		}
		return nil
	}, func(h *Harness) error {
		if _, err := h.call(h.invocation(automate.PhaseCompensate)); err != nil {
			return fmt.Errorf("without Run, Compensate returned %q, expected nil", err)
		}
		return h.stands(0, "Compensate without Run")
	})
}
