package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
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

func schedulesForm() field[document] {
	rota := mapping("Rotation", "a rotation, {every: week, start: 2026-01-05 09:00, people: [NAME]}", true,
		needed(key("every", "When it hands over.", func(r *rotation) *string { return &r.every }, oneOf(week))),
		needed(key("start", "The first handoff, in the zone of the schedule.", func(r *rotation) *time.Time { return &r.start }, localTime())),
		needed(key("people", `Who takes turns, in this order; "" is a turn of nobody.`,
			func(r *rotation) *[]escalate.PersonID { return &r.people },
			list("", "a list of people", free[escalate.PersonID]("a person")))),
	)
	schedule := mapping("Schedule", "a schedule, {zone, rotations}", true,
		key("zone", "The time zone in which handoffs keep their local time. Without it: UTC.",
			func(s *rotations) *string { return &s.zone }, ref[string]("a time zone such as Europe/Berlin")),
		key("rotations", "Those who are on call beside each other.",
			func(s *rotations) *[]rotation { return &s.items }, list("rotation", "a list of rotations", rota)),
	)
	return key("schedules", "Who is on call when.", func(d *document) *map[string]escalate.Schedule { return &d.Schedules },
		named[string]("schedule", via(schedule, writeSchedule, readSchedule)))
}

func localTime() form[time.Time] {
	return text(shape{
		kind: ofText, what: "a local time such as 2026-01-05 09:00", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$",
	}, "!!str", func(s string) (time.Time, error) { return time.Parse(localLayout, s) },
		func(t time.Time) string { return t.Format(localLayout) })
}

func readSchedule(d *decoder, at *part, r *rotations, into *escalate.Schedule) {
	s := &oncall.Schedule{Zone: d.zone(at, at.part("zone"), r.zone)}
	for _, item := range r.items {
		rota := oncall.Rotation{People: item.people}
		if !item.start.IsZero() {
			rota.Start = firstShown(item.start, s.Zone)
		}
		s.Rotations = append(s.Rotations, rota)
	}
	*into = s
}

// zoneForm is the form of a time zone.
func zoneForm() form[*time.Location] {
	return via(ref[string]("a time zone such as Europe/Berlin"),
		func(zone **time.Location) (string, error) { return (*zone).String(), nil },
		func(d *decoder, at *part, name *string, into **time.Location) { *into = d.zone(at, at, *name) })
}

// zone finds the time zone of what is at; nil, which is UTC, where none is named. Local is refused: it means another zone on
// another machine.
func (d *decoder) zone(at, where *part, name string) *time.Location {
	if name == "" {
		return nil
	}
	if zone := d.zones[name]; zone != nil {
		return zone
	}
	zone, err := findZone(name, time.LoadLocation)
	if err != nil {
		where.broken = true
		d.add(where.position, at, "zone: %v", err)
		return nil
	}
	d.zones[name] = zone
	return zone
}

// findZone finds a time zone that has the same name on every machine.
func findZone(name string, load func(name string) (*time.Location, error)) (*time.Location, error) {
	const common = "Europe/Berlin"
	zone, err := load(name)
	if err == nil && zone != time.Local {
		return zone, nil
	}
	if _, none := load(common); err != nil && none != nil {
		return nil, fmt.Errorf(`found %q, but the machine has no zone database: import _ "time/tzdata", or install tzdata`, name)
	}
	return nil, fmt.Errorf("found %q, expected a time zone such as %s", name, common)
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
		if _, err := findZone(r.zone, time.LoadLocation); err != nil {
			return r, fmt.Errorf("zone: %w", err)
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

func checkSchedules(c *checker) {
	for at, schedule := range entries("schedules", "schedule", c.Schedules) {
		s, ours := schedule.(*oncall.Schedule)
		switch {
		case schedule == nil || ours && s == nil:
			c.add(at, "is nil, expected a schedule")
		case ours:
			c.each(at, s.Validate())
			for i, r := range s.Rotations {
				for j, p := range r.People {
					refer(c, at.item("rotations", "rotation", i).in("people", j), "person", p, "people", c.People)
				}
			}
		}
	}
}

func documentSchedules(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.Schedules) {
		rows = append(rows, append([]string{plain(id)}, turns(d.source.Schedules[id])...))
	}
	d.table("Schedules", []string{"schedule", "zone", "on call"}, rows)
}

// turns describes a schedule: its zone, and who takes turns.
func turns(s escalate.Schedule) []string {
	ours, ok := s.(*oncall.Schedule)
	if !ok {
		return []string{"", "as the program decides"}
	}
	zone := time.UTC
	if ours.Zone != nil {
		zone = ours.Zone
	}
	var all []string
	for _, r := range ours.Rotations {
		names := make([]string, len(r.People))
		for i, p := range r.People {
			names[i] = cmp.Or(plain(p), "nobody")
		}
		all = append(all, fmt.Sprintf("weekly from %s: %s", r.Start.In(zone).Format("Mon 2006-01-02 15:04"), strings.Join(names, ", ")))
	}
	return []string{plain(zone.String()), strings.Join(all, "; ")}
}

// vetSchedules reports schedules in use on which nobody is for a while.
func vetSchedules(v *vet) {
	for _, id := range v.scheduled() {
		s := v.source.Schedules[id]
		gaps := v.uncovered(s)
		if len(gaps) == 0 {
			continue
		}
		zone, how := time.UTC, ", looked at every hour"
		if ours, ok := s.(*oncall.Schedule); ok {
			how = ""
			if ours.Zone != nil {
				zone = ours.Zone
			}
		}
		const layout = "Mon 2006-01-02 15:04 MST"
		first := gaps[0]
		text := fmt.Sprintf("nobody is on call from %s to %s", first.from.In(zone).Format(layout), first.to.In(zone).Format(layout))
		if len(gaps) > 1 {
			text += fmt.Sprintf(", the first of %d gaps", len(gaps))
		}
		v.add("gap", entry("schedules", "schedule", id), "%s%s", text, how)
	}
}

// scheduled returns the schedules that a team or a target names.
func (v *vet) scheduled() []string {
	used := map[string]bool{}
	for _, t := range v.source.Teams {
		used[t.Schedule] = true
	}
	note := func(targets []escalate.Target) {
		for _, t := range targets {
			if p, err := t.Parse(); err == nil && p.Kind == escalate.ToSchedule {
				used[p.Name] = true
			}
		}
	}
	for _, r := range v.source.Routes {
		note(r.Also)
	}
	for _, p := range v.source.Policies {
		for _, l := range p.Levels {
			note(l.Page)
		}
	}
	delete(used, "")
	return sorted(used)
}

// span is a time from one instant up to another.
type span struct{ from, to time.Time }

// unattended returns the schedules on which nobody is in all the time that Vet looks at.
func (v *vet) unattended() map[string]bool {
	idle := map[string]bool{}
	for id, s := range v.source.Schedules {
		_, ours := s.(*oncall.Schedule) // of others there are samples only
		gaps := v.uncovered(s)
		idle[id] = ours && len(gaps) == 1 && gaps[0] == span{v.from, v.to}
	}
	return idle
}

// uncovered returns when nobody who can be contacted is on call.
func (v *vet) uncovered(s escalate.Schedule) []span {
	next := func(at time.Time) time.Time { return at.Add(time.Hour) }
	if ours, ok := s.(*oncall.Schedule); ok {
		next = func(at time.Time) time.Time {
			if handoff, ok := ours.Next(at); ok {
				return handoff
			}
			return v.to
		}
	}
	var gaps []span
	open := false
	for at := v.from; at.Before(v.to); {
		end := next(at)
		if end.After(v.to) {
			end = v.to
		}
		people, _ := escalate.AskSchedule("", s, at) // by one that is broken nobody is on call
		empty := !slices.ContainsFunc(people, func(p escalate.PersonID) bool { return len(v.Contacts(p)) > 0 })
		switch {
		case empty && open:
			gaps[len(gaps)-1].to = end
		case empty:
			gaps = append(gaps, span{at, end})
		}
		open, at = empty, end
	}
	return gaps
}
