package oncall

import "time"

// maxOffset bounds the offset of a zone from UTC. RFC 9636, section 3.2, recommends less than 26 hours.
const maxOffset = 26 * time.Hour

// wallClock returns the local time in zone at t, as a time in UTC.
func wallClock(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// firstShown returns the first instant with local time wall in zone. If the zone skips wall, it returns the end of the gap.
func firstShown(wall time.Time, zone *time.Location) time.Time {
	t := wall.Add(-maxOffset).In(zone)
	for {
		_, end := t.ZoneBounds()
		if !end.IsZero() && !end.After(t) { // golang/go#81583: on the last day of leap years far ahead
			end = t.Add(time.Hour)
		}
		_, offset := t.Zone()
		shown := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case shown.Before(t): // zone skips wall at t
			return t
		case end.IsZero() || shown.Before(end):
			return shown
		}
		t = end
	}
}
