package escalate

import (
	"fmt"
	"time"
)

// Failed reports a schedule or strategy of the catalog that panicked.
type Failed struct {
	What    string // such as "schedule nights"
	Err     error
	Instead string // how the escalation goes on
}

// AskSchedule returns who is on call by the named schedule. If the schedule panics, nobody is on call and failed is not nil. A
// level without anybody else is then uncovered, and the next level is paged.
func AskSchedule(name string, s Schedule, at time.Time) (people []PersonID, failed *Failed) {
	defer func() {
		if v := recover(); v != nil {
			people, failed = nil, &Failed{"schedule " + name, panicked(v), "nobody is on call by it"}
		}
	}()
	return s.OnCall(at), nil
}

// Ask returns the recipients that the named strategy picks. If the strategy panics, failed is not nil.
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
