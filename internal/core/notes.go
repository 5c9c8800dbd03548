package core

import (
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// writeNote enters a person's note.
func writeNote(_ *turn, u *unit, c respond.Note, at time.Time) error {
	u.enter(at, incident.Entry{Word: incident.WordNote, Actor: string(c.By), Said: incident.Said{By: c.By, Text: c.Text}})
	return nil
}
