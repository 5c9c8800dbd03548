package automatetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
)

func checkDone(s *subject) []error {
	return s.with(func(h *Harness) error {
		if _, err := h.run(); err != nil {
			return fmt.Errorf("Run returned %q, expected nil", err)
		}
		return h.stands(1, "a call that returned nil")
	}, func(h *Harness) error {
		h.Break()
		if _, err := h.run(); err == nil {
			return errors.New("the system refused, and Run returned nil, expected an error")
		}
		return nil
	})
}

func checkDryRun(s *subject) []error {
	return s.with(func(h *Harness) error {
		in := h.invocation(automate.PhaseRun)
		in.DryRun = true
		result, err := h.call(in)
		switch {
		case err != nil:
			return fmt.Errorf("a dry run returned %q, expected nil", err)
		case strings.TrimSpace(result.Output) == "":
			return errors.New("a dry run has no output, expected a description of the change")
		}
		return h.stands(0, "a dry run")
	})
}

// checkOnce compares the number of requests to a refusing system with the number to an accepting system. An action may send a
// query before it acts, so the number need not be one.
func checkOnce(s *subject) []error {
	usual := 0
	s.with(func(h *Harness) error {
		h.run()
		usual = len(h.Asked())
		return nil
	})
	return s.with(func(h *Harness) error {
		h.Break()
		h.run()
		if got := len(h.Asked()); got > usual {
			return fmt.Errorf("a refusing system got %d requests, expected at most %d", got, usual)
		}
		return nil
	})
}

func checkSecret(s *subject) []error {
	judge := func(h *Harness, when string, result automate.Result, err error) error {
		for i, secret := range h.Secrets {
			if strings.Contains(result.Output, secret) {
				return fmt.Errorf("%s: the output contains secret %d of the harness", when, i+1)
			}
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				if err != nil && strings.Contains(fmt.Sprintf(verb, err), secret) {
					return fmt.Errorf("%s: the error contains secret %d of the harness", when, i+1)
				}
			}
		}
		return nil
	}
	return s.with(func(h *Harness) error {
		result, err := h.run()
		return judge(h, "an accepted call", result, err)
	}, func(h *Harness) error {
		h.Break()
		result, err := h.run()
		return judge(h, "a refusing system", result, err)
	}, func(h *Harness) error {
		in := h.invocation(automate.PhaseRun)
		in.DryRun = true
		result, err := h.call(in)
		return judge(h, "a dry run", result, err)
	})
}

// most bounds an output or error in bytes.
const most = 1 << 20

func checkBounded(s *subject) []error {
	return s.with(func(h *Harness) error {
		h.Flood()
		in := h.invocation(automate.PhaseRun)
		result, err := h.unredacted(in)
		if n := len(result.Output); n > most {
			return fmt.Errorf("Run returned an output of %d bytes, expected at most %d", n, most)
		}
		if err != nil && len(err.Error()) > most {
			return fmt.Errorf("Run returned an error of %d bytes, expected at most %d", len(err.Error()), most)
		}
		return nil
	})
}
