package cadencetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/incident"
)

// Story is what there is to judge of an incident.
type Story struct {
	Lines   []incident.Entry
	Updates []comms.Update
	Opened  time.Time
	Until   time.Time     // how far time went
	Soon    time.Duration // within which somebody is told of a breach
	First   bool          // a first update was due within a day of the opening
}

// Sum counts what became of updates that were due.
type Sum struct{ Sent, Breaches, Promises, Firsts, Relapses int }

// read sorts the lines of a timeline.
type read struct{ heard, overdue, told, ends, begins []time.Time }

// Judge adds a story to the sum. Its error says where customers waited and nobody was told.
func (s *Sum) Judge(story *Story) error {
	r, err := s.read(story.Lines)
	if err != nil {
		return err
	}
	s.Sent, s.Breaches = s.Sent+len(r.heard), s.Breaches+len(r.overdue)
	for _, at := range r.overdue {
		if !within(r.told, at, at.Add(story.Soon)) {
			return fmt.Errorf("nobody was told within %v of the breach at %v", story.Soon, at)
		}
	}
	if err := s.promised(story, &r); err != nil {
		return err
	}
	for _, at := range slices.Concat(r.heard, r.overdue) {
		soon, later := at.Add(1), at.Add(25*time.Hour)
		if later.Before(story.Until) && r.open(at, later) && !within(r.heard, soon, later) && !within(r.overdue, soon, later) {
			return fmt.Errorf("after %v customers heard nothing for a day of an open incident, and nobody was told", at)
		}
	}
	day := story.Opened.Add(24 * time.Hour)
	if story.First && !within(r.ends, story.Opened, day) {
		s.Firsts++
		if !within(r.heard, story.Opened, day) && !within(r.overdue, story.Opened, day) {
			return fmt.Errorf("customers did not hear of the incident within a day, and nobody was told")
		}
	}
	return nil
}

// promised judges the instants at which updates said that the next one comes.
func (s *Sum) promised(story *Story, r *read) error {
	for i := range story.Updates {
		u := &story.Updates[i]
		if u.Inside || !u.State.Went() || u.Next.IsZero() || u.Next.After(story.Until) {
			continue
		}
		s.Promises++
		soon := u.Sent.At.Add(1)
		if !within(r.heard, soon, u.Next) && !within(r.overdue, soon, u.Next) && !slices.Contains(r.heard[1:], u.Sent.At) {
			return fmt.Errorf("customers were promised an update by %v, and nothing happened", u.Next)
		}
	}
	return nil
}

func (s *Sum) read(lines []incident.Entry) (r read, err error) {
	for i := range lines {
		e := &lines[i]
		switch {
		case e.Word == incident.WordUpdate && strings.Contains(e.Text, "sent to") && strings.Contains(e.Text, "email"):
			r.heard = append(r.heard, e.At)
		case e.Word == incident.WordUpdateOverdue:
			r.overdue = append(r.overdue, e.At)
			if !strings.Contains(e.Text, "tells ") {
				return r, fmt.Errorf("a breach at %v tells nobody", e.At)
			}
		case e.Word == incident.WordPage && strings.Contains(e.Text, "is overdue"), e.Word == incident.WordWithdrawn && strings.Contains(e.Text, "is overdue"),
			e.Word == incident.WordNotice && strings.Contains(e.Text, "customers have not heard the last update"):
			r.told = append(r.told, e.At)
		case e.Word == incident.WordIncidentResolved:
			r.ends = append(r.ends, e.At)
		case e.Word == incident.WordReopened, e.Word == incident.WordRelapsed:
			r.begins = append(r.begins, e.At)
			s.Relapses++
		}
	}
	return r, nil
}

// open reports whether the incident was open all the time.
func (r *read) open(from, to time.Time) bool {
	ended := false
	for _, at := range r.ends {
		ended = ended || !at.After(from) && !within(r.begins, at, from)
	}
	return !ended && !within(r.ends, from, to)
}

func within(list []time.Time, from, to time.Time) bool {
	return slices.ContainsFunc(list, func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
}
