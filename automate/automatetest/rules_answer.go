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
			return errors.New("the outside refused, and Run returned nil, expected an error")
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
			return errors.New("a dry run has no output, expected what would have been done")
		}
		return h.stands(0, "a dry run")
	})
}

// checkOnce compares how often the outside is asked where it refuses with how often where it does not: an action may have
// to look before it acts.
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
			return fmt.Errorf("an outside that refuses was asked %d times, expected %d at most", got, usual)
		}
		return nil
	})
}

func checkSecret(s *subject) []error {
	judge := func(h *Harness, when string, result automate.Result, err error) error {
		for i, secret := range h.Secrets {
			if strings.Contains(result.Output, secret) {
				return fmt.Errorf("%s: the output holds secret %d of the harness", when, i+1)
			}
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				if err != nil && strings.Contains(fmt.Sprintf(verb, err), secret) {
					return fmt.Errorf("%s: the error holds secret %d of the harness", when, i+1)
				}
			}
		}
		return nil
	}
	return s.with(func(h *Harness) error {
		result, err := h.run()
		return judge(h, "a call that is taken", result, err)
	}, func(h *Harness) error {
		h.Break()
		result, err := h.run()
		return judge(h, "an outside that refuses", result, err)
	}, func(h *Harness) error {
		in := h.invocation(automate.PhaseRun)
		in.DryRun = true
		result, err := h.call(in)
		return judge(h, "a dry run", result, err)
	})
}

// most is far more than anybody reads.
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
