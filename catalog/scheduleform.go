package catalog

import (
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
)

// rotations is a schedule as it is written: its local times have no zone of their own.
type rotations struct {
	zone  string
	items []rotation
}

type rotation struct {
	every  string
	start  time.Time // what a clock shows, as if it were UTC
	people []escalate.PersonID
}

const (
	week        = "week"
	localLayout = "2006-01-02 15:04"
)

func scheduleForm() form[escalate.Schedule] {
	rota := mapping("Rotation", "a rotation, {every: week, start: 2026-01-05 09:00, people: [NAME]}", true,
		needed(key("every", "When it hands over.", func(r *rotation) *string { return &r.every }, oneOf(week))),
		needed(key("start", "The first handoff, in the zone of the schedule.", func(r *rotation) *time.Time { return &r.start }, localTime())),
		needed(key("people", `Who takes turns, in this order; "" is a turn of nobody.`,
			func(r *rotation) *[]escalate.PersonID { return &r.people },
			list("", "a list of people", free[escalate.PersonID]("a person")))),
	)
	return via(mapping("Schedule", "a schedule, {zone, rotations}", true,
		key("zone", "The time zone in which handoffs keep their local time. Without it: UTC.",
			func(s *rotations) *string { return &s.zone }, ref[string]("a time zone such as Europe/Berlin")),
		key("rotations", "Those who are on call beside each other.",
			func(s *rotations) *[]rotation { return &s.items }, list("rotation", "a list of rotations", rota)),
	), writeSchedule, readSchedule)
}

func localTime() form[time.Time] {
	return text(shape{
		kind: ofText, what: "a local time such as 2026-01-05 09:00", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$",
	}, "!!str", func(s string) (time.Time, error) { return time.Parse(localLayout, s) },
		func(t time.Time) string { return t.Format(localLayout) })
}

func readSchedule(d *decoder, at *place, r *rotations, into *escalate.Schedule) {
	s := &oncall.Schedule{Zone: d.zone(at, r.zone)}
	for _, item := range r.items {
		rota := oncall.Rotation{People: item.people}
		if !item.start.IsZero() {
			rota.Start = firstShown(item.start, s.Zone)
		}
		s.Rotations = append(s.Rotations, rota)
	}
	*into = s
}

// zone finds the time zone of a schedule; nil, which is UTC, where none is named. The machine's own is none, since another
// machine has another.
func (d *decoder) zone(at *place, name string) *time.Location {
	if name == "" {
		return nil
	}
	if zone := d.zones[name]; zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil || zone == time.Local {
		where := at.path + separator + "zone"
		d.broken[where] = true
		d.add(d.places.parts[where], inside(at, "zone: found %q, expected a time zone such as Europe/Berlin", name))
		return nil
	}
	d.zones[name] = zone
	return zone
}

// firstShown returns the first instant at which clocks in the zone show wall, or where they skip it, the first after.
func firstShown(wall time.Time, zone *time.Location) time.Time {
	if zone == nil {
		return wall
	}
	at := func(offset int) time.Time { return wall.Add(-time.Duration(offset) * time.Second).In(zone) }
	guess := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	change, end := guess.ZoneBounds()
	_, offset := guess.Zone()
	if shown := at(offset); !shown.Equal(guess) { // in a gap, which is at one of the bounds
		if shown.Before(change) {
			return change
		}
		return end
	}
	if !change.IsZero() {
		_, before := change.Add(-time.Nanosecond).Zone()
		if earlier := at(before); earlier.Before(change) {
			return earlier
		}
	}
	return guess
}

func writeSchedule(of *escalate.Schedule) (rotations, error) {
	s, ok := (*of).(*oncall.Schedule)
	if !ok {
		return rotations{}, fmt.Errorf("is a %T, and only an *oncall.Schedule has a form in YAML", *of)
	}
	var r rotations
	zone := time.UTC
	if s.Zone != nil && s.Zone != time.UTC {
		zone, r.zone = s.Zone, s.Zone.String()
		if known, err := time.LoadLocation(r.zone); err != nil || known == time.Local {
			return r, fmt.Errorf("zone %q has no name that is known everywhere", r.zone)
		}
	}
	var errs []error
	for i, item := range s.Rotations {
		_, offset := item.Start.In(zone).Zone()
		wall := item.Start.UTC().Add(time.Duration(offset) * time.Second)
		if !firstShown(wall.Truncate(time.Minute), zone).Equal(item.Start) {
			errs = append(errs, fmt.Errorf("rotation %d: start %v has no form in YAML, which is in minutes of local time", i+1, item.Start))
		}
		r.items = append(r.items, rotation{week, wall, item.People})
	}
	return r, errors.Join(errs...)
}
