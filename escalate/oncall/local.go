package oncall

import "time"

// maxOffset is the most that a zone may be away from UTC, after RFC 9636.
const maxOffset = 26 * time.Hour

// wallClock returns what clocks in the zone show at t, as if it were UTC.
func wallClock(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// firstShown returns the first instant at which clocks in the zone show wall, or, where they skip it, a later time.
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
		case shown.Before(t): // the clocks jumped over it at t
			return t
		case end.IsZero() || shown.Before(end):
			return shown
		}
		t = end
	}
}
