package respond

import (
	"errors"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/severity"
)

// Assess says what the incident costs the business, by dimension. What was said of other dimensions before stays. The worst counts: with the
// urgency of the incident it gives a priority. It counts if it is worse than the computed one and than one that a person has set, until
// somebody says less. To lower the priority, use [Reprioritise].
type Assess struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Impact   severity.Impacts  `erase:"keep"` // of one dimension at least
	Because  string            `erase:"said"` // required
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c Assess) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Assess) Check() error {
	err := errors.Join(checkHead(c), c.Impact.Validate(), checkReason(c.Because))
	if len(c.Impact) == 0 {
		err = errors.Join(err, errors.New("impact is missing, expected one dimension at least"))
	}
	return err
}
