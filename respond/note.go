package respond

import (
	"errors"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Note writes what a person says into the timeline of an incident, also after the incident was resolved. It counts as activity: it
// prolongs acknowledgements.
type Note struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Text     string            `erase:"said"` // required, at most 4096 bytes
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c Note) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Note) Check() error {
	return errors.Join(checkHead(c), checkSays(c.Text, "what the note says"))
}
