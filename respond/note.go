package respond

import (
	"errors"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// Note writes what a person says into the timeline of an incident, also after the incident was resolved. It counts as activity: it
// prolongs acknowledgements. Entries are never changed: a note that corrects one stands beside it.
type Note struct {
	Incident string            `erase:"keep"`
	By       escalate.PersonID `erase:"by"`
	Text     string            `erase:"said"` // required, at most 4096 bytes
	When     time.Time         // of what the note tells, not after now; the zero instant: now
	Pinned   bool              // the note stands above the others; not of one that corrects
	Corrects uint64            // Seq of the entry that the note corrects; 0: none
	ID       string            `erase:"keep"`
}

// Head implements Command.
func (c Note) Head() Head { return Head{Incident: c.Incident, By: c.By, ID: c.ID} }

// Check implements Command.
func (c Note) Check() error {
	err := errors.Join(checkHead(c), checkSays(c.Text, "what the note says"))
	if c.Pinned && c.Corrects != 0 {
		err = errors.Join(err, errors.New("pinned and corrects, expected one of them"))
	}
	return errors.Join(err, checkInstant("when", c.When))
}
