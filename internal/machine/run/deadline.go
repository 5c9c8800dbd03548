package run

import (
	"time"

	"github.com/tocsin-dev/tocsin/automate"
)

const (
	diagnosticDeadline = 10 * time.Second
	questionDeadline   = 30 * time.Minute
	actionDeadline     = 5 * time.Minute
	approvalLife       = 30 * time.Minute // of a proposal without an answer
)

// deadline returns the deadline of the step, or its default.
func deadline(s *automate.Step) time.Duration {
	switch {
	case s.Deadline > 0:
		return s.Deadline
	case s.BeforePage:
		return diagnosticDeadline
	case s.Ask != "":
		return questionDeadline
	}
	return actionDeadline
}
