package core

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// writeNote enters a person's note.
func writeNote(_ *turn, u *unit, c respond.Note, at time.Time) error {
	e := incident.Entry{Word: incident.WordNote, Actor: string(c.By), When: c.When.UTC(), Said: incident.Said{By: c.By, Text: c.Text}}
	switch {
	case c.When.After(at):
		return fmt.Errorf("when is %s, after now", c.When.UTC().Format(time.RFC3339))
	case c.Corrects > u.inc.Seq:
		return fmt.Errorf("it corrects entry %d, expected one from 1 to %d", c.Corrects, u.inc.Seq)
	case c.Corrects > 0:
		e.Word, e.Of = incident.WordCorrects, strconv.FormatUint(c.Corrects, 10)
	case c.Pinned:
		e.Word = incident.WordPinned
	}
	u.enter(at, e)
	return nil
}
