package escalate

import (
	"fmt"
	"time"
)

// Failed reports that something of the catalog's own failed, and what was done instead: a schedule or a strategy, which may be
// anybody's code, panicked.
type Failed struct {
	What    string // schedule nights
	Err     error
	Instead string
}

// AskSchedule returns who is on call by the schedule of the name. By one that panics nobody is, so that the level is found
// uncovered and the next one is asked; failed is nil for all others.
func AskSchedule(name string, s Schedule, at time.Time) (people []PersonID, failed *Failed) {
	defer func() {
		if v := recover(); v != nil {
			people, failed = nil, &Failed{"schedule " + name, panicked(v), "nobody is on call by it"}
		}
	}()
	return s.OnCall(at), nil
}

// Ask returns whom the strategy of the name picks, or how it failed.
func (c *Choice) Ask(name string, s Strategy) (who []Recipient, failed *Failed) {
	defer func() {
		if v := recover(); v != nil {
			who, failed = nil, &Failed{"strategy " + name, panicked(v), "everybody whom the level means is reached"}
		}
	}()
	return s.Pick(c), nil
}

func panicked(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("it panicked: %w", err)
	}
	return fmt.Errorf("it panicked: %v", v)
}
