package oncall

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Schedule is a set of rotations; one person of each rotation is on call. Its methods may be called concurrently, while no
// goroutine changes its fields.
type Schedule struct {
	Zone      *time.Location // zone of the handoffs' local time; defaults to UTC
	Rotations []Rotation
}

var _ escalate.Schedule = (*Schedule)(nil)

// Rotation hands over to the next person every week.
type Rotation struct {
	// Start is the first handoff. Nobody is on call before it. Its weekday and local time in the schedule's zone are those of
	// every later handoff.
	Start time.Time
	// People take one week each, in this order, and start over. "" is an empty slot: nobody is on call that week.
	People []escalate.PersonID
}

// Shift is the time from Start, inclusive, to End, exclusive, in which a person is on call. Both are in the schedule's zone.
type Shift struct {
	Person     escalate.PersonID
	Start, End time.Time
}

// Validate joins all faults: no rotations, or a rotation without start or people.
func (s *Schedule) Validate() error {
	var found fault.List
	if len(s.Rotations) == 0 {
		found.Add(fault.Path{"rotations"}, "no rotations, expected at least one")
	}
	for i := range s.Rotations {
		found.In(fault.Path{"rotations", i}, fmt.Sprintf("rotation %d", i+1), s.Rotations[i].faults())
	}
	return found.Err()
}

func (r *Rotation) faults() (found fault.List) {
	if r.Start.IsZero() {
		found.Add(fault.Path{"start"}, "no start, expected the first handoff")
	}
	if len(r.People) == 0 {
		found.Add(fault.Path{"people"}, "no people, expected at least one")
	}
	return found
}

// OnCall returns the people on call at an instant, in the order of the rotations, without duplicates.
func (s *Schedule) OnCall(at time.Time) []escalate.PersonID {
	var people []escalate.PersonID
	for i := range s.Rotations {
		r := &s.Rotations[i]
		p := r.person(r.week(at, s.zone()))
		if p != "" && !slices.Contains(people, p) {
			people = append(people, p)
		}
	}
	return people
}

// Shifts returns all shifts that overlap the time between from and to, sorted by start, then by rotation. Shifts are not cut:
// the first may start before from, the last may end after to. An empty slot has no shift.
func (s *Schedule) Shifts(from, to time.Time) []Shift {
	if !from.Before(to) {
		return nil
	}
	var shifts []Shift
	for i := range s.Rotations {
		r := &s.Rotations[i]
		week := max(r.week(from, s.zone()), 0)
		for start := r.handoff(week, s.zone()); start.Before(to); week++ {
			end := r.handoff(week+1, s.zone())
			if p := r.person(week); p != "" {
				shifts = append(shifts, Shift{Person: p, Start: start, End: end})
			}
			start = end
		}
	}
	slices.SortStableFunc(shifts, func(a, b Shift) int { return a.Start.Compare(b.Start) })
	return shifts
}

// Next returns the first handoff strictly after an instant. A handoff to an empty slot counts. It returns false if no rotation
// has people.
func (s *Schedule) Next(after time.Time) (time.Time, bool) {
	var next time.Time
	found := false
	for i := range s.Rotations {
		r := &s.Rotations[i]
		if len(r.People) == 0 {
			continue
		}
		handoff := r.handoff(r.week(after, s.zone())+1, s.zone())
		if !found || handoff.Before(next) {
			next, found = handoff, true
		}
	}
	return next, found
}

func (s *Schedule) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// person returns the person of a week, counted from 0; "" before the start, in an empty slot and without people.
func (r *Rotation) person(week int) escalate.PersonID {
	if week < 0 || len(r.People) == 0 {
		return ""
	}
	return r.People[week%len(r.People)]
}

// week returns the index of the week that contains an instant, -1 before the start. The difference of local times gives the
// index; a zone change may move the handoff by less than a week, which the loops correct.
func (r *Rotation) week(at time.Time, zone *time.Location) int {
	if at.Before(r.Start) {
		return -1
	}
	const seconds = 7 * 24 * 60 * 60
	week := int((wallClock(at, zone).Unix() - wallClock(r.Start, zone).Unix()) / seconds)
	for week > 0 && r.handoff(week, zone).After(at) {
		week--
	}
	for !r.handoff(week+1, zone).After(at) {
		week++
	}
	return week
}

// handoff returns the start of a week. It counts from the local time of Start, so a skipped or repeated hour moves one handoff
// and not the later ones.
func (r *Rotation) handoff(week int, zone *time.Location) time.Time {
	if week == 0 {
		return r.Start.In(zone).Round(0)
	}
	return firstShown(wallClock(r.Start, zone).AddDate(0, 0, 7*week), zone)
}
