package habit_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/internal/habit"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * hour
)

var monday = time.Date(2026, 8, 17, 0, 0, 0, 0, time.UTC)

// speaker is a habit that is told what a test says.
type speaker struct {
	habit.Habit
	now time.Time
}

// says speaks n times, the first time after a pause, then with the pause between.
func (s *speaker) says(n int, pause time.Duration) {
	for range n {
		s.now = s.now.Add(pause)
		s.Heard(s.now)
	}
}

// every speaks with a pause until the time has passed.
func (s *speaker) every(pause, lasts time.Duration) { s.says(int(lasts/pause), pause) }

// workday speaks every ten minutes from eight to six o'clock.
func (s *speaker) workday() {
	s.says(1, s.untilEight())
	s.every(10*minute, 10*hour)
}

func (s *speaker) untilEight() time.Duration {
	eight := s.now.Truncate(day).Add(8 * hour)
	if !eight.After(s.now) {
		eight = eight.Add(day)
	}
	return eight.Sub(s.now)
}

// TestSilent tells pasts of speakers, and for how long each may then be silent.
func TestSilent(t *testing.T) {
	const never = time.Duration(0)
	for _, c := range []struct {
		name   string
		past   func(*speaker)
		silent time.Duration // after which a silence is unusual; never
	}{
		{"never heard", func(*speaker) {}, never},
		{"heard once", func(s *speaker) { s.says(1, hour) }, never},
		{"each minute for an hour", func(s *speaker) { s.every(minute, hour) }, never},
		{"each minute for a day", func(s *speaker) { s.every(minute, day+minute) }, 5 * minute},
		{"each second for two days", func(s *speaker) { s.every(time.Second, 2*day) }, 5 * minute},
		{"each ten minutes for a day", func(s *speaker) { s.every(10*minute, day+10*minute) }, 20 * minute},
		{"each hour for three days", func(s *speaker) { s.every(hour, 3*day) }, 2 * hour},
		{"twice a day", func(s *speaker) { s.every(12*hour, 5*day) }, 24 * hour},
		{"four times in four days", func(s *speaker) { s.every(day, 4*day) }, never},
		{"bursts of a thousand, six hours apart", func(s *speaker) {
			for range 12 {
				s.says(1, 6*hour)
				s.says(999, time.Millisecond)
			}
		}, 12 * hour},
		{"one storm", func(s *speaker) { s.says(100_000, time.Millisecond) }, never},
		{"an incident of three hours each day", func(s *speaker) {
			for range 3 {
				s.says(1, 21*hour)
				s.every(5*minute, 3*hour)
			}
		}, 42 * hour},
		{"by day only", func(s *speaker) {
			for range 3 {
				s.workday()
			}
		}, 28 * hour},
		{"on workdays only", func(s *speaker) {
			for range 2 {
				for range 5 {
					s.workday()
				}
				s.now = s.now.Add(2 * day)
			}
			s.workday()
		}, 2 * (2*day + 14*hour)},
		{"a long silence nine days ago", func(s *speaker) {
			s.every(10*minute, day)
			s.says(1, 10*hour)
			s.every(10*minute, 9*day)
		}, 20 * minute},
		{"a long silence six days ago", func(s *speaker) {
			s.every(10*minute, day)
			s.says(1, 10*hour)
			s.every(10*minute, 6*day)
		}, 20 * hour},
		{"back after nine days", func(s *speaker) {
			s.every(10*minute, 2*day)
			s.says(1, 9*day)
			s.every(10*minute, 2*day)
		}, 20 * minute},
		{"a clock that went back a little", func(s *speaker) {
			s.every(10*minute, day+10*minute)
			s.Heard(s.now.Add(-30 * time.Second))
			s.Heard(s.now)
		}, 20 * minute},
		{"a clock that went back a year", func(s *speaker) {
			s.every(10*minute, 2*day)
			s.now = s.now.Add(-365 * day)
			s.every(10*minute, hour)
		}, never},
		{"a clock that went on a year, and back", func(s *speaker) {
			s.every(10*minute, 2*day)
			s.Heard(s.now.Add(365 * day))
			s.every(10*minute, day+20*minute)
		}, 20 * minute},
		{"the ends of time", func(s *speaker) {
			s.Heard(time.Time{})
			s.Heard(time.Unix(math.MaxInt64>>8, 0))
			s.Heard(time.Unix(math.MinInt64>>8, 0))
		}, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &speaker{now: monday}
			c.past(s)
			for _, after := range []time.Duration{0, time.Second, minute, 10 * minute, hour, day, 2 * day, 5 * day, c.silent, c.silent + 1} {
				want := c.silent != never && after > c.silent
				assert.Equal(t, want, s.Silent(s.Last().Add(after)), "after %v", after)
			}
			assert.False(t, s.Silent(s.Last().Add(9*day)), "who has been gone for long is not missed any more")
		})
	}
}

// TestSilentProperties draws what a speaker says, and computes its habit from all of it.
func TestSilentProperties(t *testing.T) {
	pause := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(2*minute)).Draw(t, "short"))
		}),
		rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(14*hour)).Draw(t, "long"))
		}),
	)
	rapid.Check(t, func(t *rapid.T) {
		var h habit.Habit
		at, said := monday, []time.Time{}
		for _, p := range rapid.SliceOfN(pause, 0, 200).Draw(t, "pauses") {
			at = at.Add(p)
			h.Heard(at)
			said = append(said, at)
		}
		now := at.Add(time.Duration(rapid.Int64Range(0, int64(10*day)).Draw(t, "silence")))
		if !h.Silent(now) {
			return
		}
		if at.Sub(said[0]) < day {
			t.Fatalf("known after %v", at.Sub(said[0]))
		}
		for k := 1; k < len(said); k++ {
			if longest := said[k].Sub(said[k-1]); now.Sub(said[k]) < 7*day && now.Sub(at) <= 2*longest {
				t.Fatalf("silent for %v is unusual, but it was silent for %v at %v", now.Sub(at), longest, said[k])
			}
		}
	})
}

// TestSteady: a speaker with any pause, now and then up to half as long again, is never missed while it speaks, and is when it stops.
func TestSteady(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pause := time.Duration(rapid.Int64Range(int64(minute), int64(6*hour)).Draw(t, "pause"))
		jitter := rapid.SliceOfN(rapid.Float64Range(1, 1.5), 1, 20).Draw(t, "jitter")
		var h habit.Habit
		at := monday
		for k := 0; k < 12 || at.Sub(monday) < 2*day; k++ {
			next := at.Add(time.Duration(float64(pause) * jitter[k%len(jitter)]))
			if k > 0 && h.Silent(next) {
				t.Fatalf("missed at %v", next)
			}
			h.Heard(next)
			at = next
		}
		if !h.Silent(at.Add(3*pause + 6*minute)) {
			t.Fatal("it has stopped and is not missed")
		}
	})
}

func BenchmarkHeard(b *testing.B) {
	var h habit.Habit
	at := monday
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		h.Heard(at)
	}
}
