package oncall

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/escalate"
)

func people(names ...escalate.PersonID) []escalate.PersonID { return names }

func TestHandoffs(t *testing.T) {
	for _, c := range []struct {
		name, zone, start string
		want              []string // handoffs from the start on
	}{
		{"UTC never moves", "UTC", "2026-03-23T09:00:00Z", []string{
			"2026-03-23T09:00:00Z", "2026-03-30T09:00:00Z", "2026-04-06T09:00:00Z",
		}},
		{"an hour lost keeps the wall clock", "Europe/Berlin", "2026-03-23T08:00:00Z", []string{
			"2026-03-23T09:00:00+01:00", "2026-03-30T09:00:00+02:00", "2026-04-06T09:00:00+02:00",
		}},
		{"an hour won keeps the wall clock", "Europe/Berlin", "2026-10-19T07:00:00Z", []string{
			"2026-10-19T09:00:00+02:00", "2026-10-26T09:00:00+01:00",
		}},
		{"a skipped hour is the end of the gap, that week only", "Europe/Berlin", "2026-03-22T01:30:00Z", []string{
			"2026-03-22T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-04-05T02:30:00+02:00",
		}},
		{"a repeated hour is its first occurrence", "America/New_York", "2026-10-25T05:30:00Z", []string{
			"2026-10-25T01:30:00-04:00", "2026-11-01T01:30:00-04:00", "2026-11-08T01:30:00-05:00",
		}},
		{"a start in a second occurrence is that instant", "America/New_York", "2026-11-01T06:30:00Z", []string{
			"2026-11-01T01:30:00-05:00", "2026-11-08T01:30:00-05:00",
		}},
		{"half an hour skipped", "Australia/Lord_Howe", "2026-09-26T15:45:00Z", []string{
			"2026-09-27T02:15:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-11T02:15:00+11:00",
		}},
		{"midnight skipped", "Africa/Cairo", "2026-04-16T22:00:00Z", []string{
			"2026-04-17T00:00:00+02:00", "2026-04-24T01:00:00+03:00", "2026-05-01T00:00:00+03:00",
		}},
		{"a day skipped", "Pacific/Apia", "2011-12-23T19:00:00Z", []string{
			"2011-12-23T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-06T09:00:00+14:00",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, c.start)
			require.NoError(t, err)
			s := &Schedule{
				Zone:      location(t, c.zone),
				Rotations: []Rotation{{Start: start, People: people("ana", "ben")}},
			}
			at := start.Add(-1)
			for i, want := range c.want {
				next, ok := s.Next(at)
				require.True(t, ok)
				require.Equal(t, want, next.Format(time.RFC3339))
				require.Equal(t, people("ana", "ben")[i%2:i%2+1], s.OnCall(next), "at the handoff to %d", i)
				if i > 0 {
					require.Equal(t, people("ben", "ana")[i%2:i%2+1], s.OnCall(next.Add(-1)), "just before the handoff to %d", i)
				}
				at = next
			}
		})
	}
}

func TestOnCall(t *testing.T) {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	primary := Rotation{Start: monday, People: people("ana", "ben", "")}
	backup := Rotation{Start: week(1), People: people("ben", "cho")}
	for _, c := range []struct {
		name      string
		rotations []Rotation
		at        time.Time
		want      []escalate.PersonID
	}{
		{"nobody before the start", []Rotation{primary}, monday.Add(-1), nil},
		{"the first at the start", []Rotation{primary}, monday, people("ana")},
		{"nobody in an empty slot", []Rotation{primary}, week(2), nil},
		{"again from the first", []Rotation{primary}, week(3), people("ana")},
		{"two centuries later", []Rotation{primary}, week(3*3600 + 1), people("ben")},
		{"a person in two rotations is one person", []Rotation{primary, backup}, week(1), people("ben")},
		{"the union keeps the order of the rotations", []Rotation{primary, backup}, week(4), people("ben", "cho")},
		{"the other rotation covers an empty slot", []Rotation{primary, backup}, week(2), people("cho")},
		{"no rotations", nil, monday, nil},
		{"no people", []Rotation{{Start: monday}}, monday, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, (&Schedule{Rotations: c.rotations}).OnCall(c.at))
		})
	}
}

// The handoff is at the first 01:30. Fifty minutes later the local time is 01:20 again.
func TestTheClockThatGoesBackTakesNoShiftBack(t *testing.T) {
	zone := location(t, "America/New_York")
	s := &Schedule{Zone: zone, Rotations: []Rotation{{
		Start:  time.Date(2026, 10, 25, 1, 30, 0, 0, zone),
		People: people("ana", "ben"),
	}}}
	handoff := time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		want  []escalate.PersonID
	}{
		{-10 * time.Minute, people("ana")},
		{0, people("ben")},
		{50 * time.Minute, people("ben")},
		{time.Hour, people("ben")},
	} {
		require.Equal(t, c.want, s.OnCall(handoff.Add(c.after)), "%v after the handoff", c.after)
	}
}

func TestShifts(t *testing.T) {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	week := func(n int) time.Time { return monday.AddDate(0, 0, 7*n) }
	s := &Schedule{Rotations: []Rotation{
		{Start: monday, People: people("ana", "", "ben")},
		{Start: week(1), People: people("cho")},
	}}
	shift := func(p escalate.PersonID, n int) Shift { return Shift{Person: p, Start: week(n), End: week(n + 1)} }
	for _, c := range []struct {
		name     string
		from, to time.Time
		want     []Shift
	}{
		{"by start, then by rotation", week(0), week(3), []Shift{shift("ana", 0), shift("cho", 1), shift("ben", 2), shift("cho", 2)}},
		{"whole shifts for a part of them", week(0).Add(time.Hour), week(0).Add(2 * time.Hour), []Shift{shift("ana", 0)}},
		{"an end is not a part", week(1), week(2), []Shift{shift("cho", 1)}},
		{"from long before the start", time.Time{}, week(1), []Shift{shift("ana", 0)}},
		{"an instant is no span", week(0).Add(time.Hour), week(0).Add(time.Hour), nil},
		{"a span that ends before it begins", week(2), week(0), nil},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, s.Shifts(c.from, c.to)) })
	}
}

func TestNext(t *testing.T) {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	s := &Schedule{Rotations: []Rotation{
		{Start: monday, People: people("ana")},
		{Start: monday.AddDate(0, 0, 2), People: people("ben")},
	}}
	for _, c := range []struct {
		name        string
		after, want time.Time
	}{
		{"the start, long before it", time.Time{}, monday},
		{"never the instant itself", monday, monday.AddDate(0, 0, 2)},
		{"the nearest of all rotations", monday.AddDate(0, 0, 3), monday.AddDate(0, 0, 7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			next, ok := s.Next(c.after)
			require.True(t, ok)
			require.Equal(t, c.want, next)
		})
	}

	_, ok := (&Schedule{Rotations: []Rotation{{Start: monday}}}).Next(monday)
	require.False(t, ok, "a rotation without people has no handoffs")
}

func TestValidateNamesEveryFault(t *testing.T) {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name      string
		rotations []Rotation
		want      string
	}{
		{"fine", []Rotation{{Start: monday, People: people("ana", "")}}, ""},
		{"no rotations", nil, "no rotations, expected at least one"},
		{"two faults", []Rotation{{People: people("ana")}, {Start: monday}}, "rotation 1: no start, expected the first handoff\n" +
			"rotation 2: no people, expected at least one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := (&Schedule{Rotations: c.rotations}).Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

var propertyZones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo",
	"Asia/Kathmandu", "Asia/Beirut",
}

// drawRotation draws a start between 1900 and 2100, at any second, so that some handoffs fall into zone changes.
func drawRotation(t *rapid.T) Rotation {
	seconds := rapid.Int64Range(-2208988800, 4102444800)
	return Rotation{
		Start:  time.Unix(seconds.Draw(t, "start"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
		People: rapid.SliceOfN(rapid.SampledFrom(people("ana", "ben", "cho", "")), 1, 5).Draw(t, "people"),
	}
}

func TestShiftsTileTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rotation := drawRotation(rt)
		rotation.People = people("ana", "ben", "cho") // no empty slot: no gap
		s := &Schedule{Zone: location(t, rapid.SampledFrom(propertyZones).Draw(rt, "zone")), Rotations: []Rotation{rotation}}
		from := rotation.Start.Add(time.Duration(rapid.Int64Range(0, 150*365*24*3600).Draw(rt, "after")) * time.Second)
		to := from.AddDate(0, 0, rapid.IntRange(1, 800).Draw(rt, "days"))

		shifts := s.Shifts(from, to)
		require.NotEmpty(rt, shifts)
		require.False(rt, shifts[0].Start.After(from), "the first shift begins at %v, after %v", shifts[0].Start, from)
		require.False(rt, shifts[len(shifts)-1].End.Before(to), "the last shift ends before %v", to)
		for i, shift := range shifts {
			length := shift.End.Sub(shift.Start)
			require.InDelta(rt, 7*24, length.Hours(), 25, "shift %v to %v", shift.Start, shift.End)
			require.Equal(rt, people(shift.Person), s.OnCall(shift.Start))
			require.Equal(rt, people(shift.Person), s.OnCall(shift.End.Add(-1)))
			if i > 0 {
				require.Equal(rt, shifts[i-1].End, shift.Start, "gap or overlap")
			}
		}
	})
}

func TestOnCallIsTheShiftThatContainsTheInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &Schedule{Zone: location(t, rapid.SampledFrom(propertyZones).Draw(rt, "zone"))}
		for range rapid.IntRange(1, 3).Draw(rt, "rotations") {
			s.Rotations = append(s.Rotations, drawRotation(rt))
		}
		at := time.Unix(rapid.Int64Range(-2208988800, 4102444800).Draw(rt, "at"), 0)

		var want []escalate.PersonID
		for i := range s.Rotations { // one rotation at a time: a union does not tell the rotation of a shift
			one := &Schedule{Zone: s.Zone, Rotations: s.Rotations[i : i+1]}
			for _, shift := range one.Shifts(at.AddDate(0, 0, -9), at.AddDate(0, 0, 9)) {
				if !at.Before(shift.Start) && at.Before(shift.End) && !slices.Contains(want, shift.Person) {
					want = append(want, shift.Person)
				}
			}
		}
		require.Equal(rt, want, s.OnCall(at))
	})
}

func TestNextIsLaterAndNobodyChangesBeforeIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &Schedule{
			Zone:      location(t, rapid.SampledFrom(propertyZones).Draw(rt, "zone")),
			Rotations: []Rotation{drawRotation(rt), drawRotation(rt)},
		}
		at := time.Unix(rapid.Int64Range(-2208988800, 4102444800).Draw(rt, "at"), 0)
		next, ok := s.Next(at)
		require.True(rt, ok)
		require.True(rt, next.After(at), "%v is not after %v", next, at)
		require.Equal(rt, s.OnCall(at), s.OnCall(next.Add(-1)))
	})
}
