package window_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/internal/window"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestLog(t *testing.T) {
	const m = time.Minute
	for _, c := range []struct {
		name   string
		count  int
		passed []time.Duration // since noon
		at     time.Duration
		more   int
		free   int
		next   time.Duration
	}{
		{"an empty log", 3, nil, 0, 0, 3, 0},
		{"room is left", 3, []time.Duration{0, m}, 2 * m, 0, 1, 2 * m},
		{"none is left", 3, []time.Duration{0, m, 2 * m}, 3 * m, 0, 0, 10 * m},
		{"a nanosecond early", 3, []time.Duration{0, m, 2 * m}, 10*m - 1, 0, 0, 10 * m},
		{"the first has left", 3, []time.Duration{0, m, 2 * m}, 10 * m, 0, 1, 10 * m},
		{"after a quiet time as many as ever", 3, []time.Duration{0, m, 2 * m}, 60 * m, 0, 3, 60 * m},
		{"others pass before", 3, []time.Duration{0, m, 2 * m}, 3 * m, 1, 0, 11 * m},
		{"as many others as the count", 3, nil, m, 3, 3, 11 * m},
		{"more others than the count", 3, []time.Duration{0, m, 2 * m}, 3 * m, 7, 0, 31 * m},
		{"more passed than the rate allows", 2, []time.Duration{0, m, 2 * m, 3 * m}, 4 * m, 0, 0, 12 * m},
		{"a clock went back", 2, []time.Duration{5 * m, 0}, 6 * m, 0, 0, 15 * m},
		{"no rate", 0, []time.Duration{0, 0, 0}, 0, 0, 99, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := window.New(c.count, 10*m)
			for _, at := range c.passed {
				l.Pass(noon.Add(at))
			}
			assert.Equal(t, c.free, l.Free(noon.Add(c.at), 99))
			assert.Equal(t, noon.Add(c.next), l.Next(noon.Add(c.at), c.more))
		})
	}
}

// TestNoSpanHoldsMoreThanTheRate holds the log against a count over all that ever passed: no span has more than the rate allows, and
// nothing waits that could have passed.
func TestNoSpanHoldsMoreThanTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 5).Draw(t, "count")
		per := time.Duration(rapid.IntRange(1, 20).Draw(t, "per")) * time.Second
		l := window.New(count, per)
		var passed []time.Time
		within := func(at time.Time) (n int) {
			for _, p := range passed {
				if p.Add(per).After(at) {
					n++
				}
			}
			return n
		}
		at := noon
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			at = at.Add(time.Duration(rapid.IntRange(0, 8_000).Draw(t, "gap")) * time.Millisecond)
			next := l.Next(at, 0)
			require.Equal(t, max(count-within(at), 0), l.Free(at, count))
			if next.After(at) {
				require.Equal(t, count, within(next.Add(-1)), "it waits although there is room")
			}
			require.Less(t, within(next), count, "it may pass although there is no room")
			if rapid.Bool().Draw(t, "waits") {
				at = next
			}
			if !next.After(at) {
				l.Pass(at)
				passed = append(passed, at)
			}
			require.Equal(t, within(at) == 0, l.Idle(at))
		}
	})
}

// TestALargeCount holds that a log of a large count stays small, lets no more through, and is late by a thousandth of its span at most.
func TestALargeCount(t *testing.T) {
	const count, per = 100_000, time.Hour
	l := window.New(count, per)
	at, passed := noon, 0
	for passed < count {
		require.Positive(t, l.Free(at, 1))
		l.Pass(at)
		passed++
		at = at.Add(10 * time.Millisecond)
	}
	assert.Zero(t, l.Free(at, 1))
	next := l.Next(at, 0)
	assert.False(t, next.Before(noon.Add(per)))
	assert.LessOrEqual(t, next.Sub(noon.Add(per)), per/1_000)
	assert.LessOrEqual(t, l.Size(), 2_000)
}

func TestResume(t *testing.T) {
	old := window.New(2, time.Hour)
	old.Pass(noon)
	old.Pass(noon.Add(time.Minute))
	l := window.New(3, 10*time.Minute)
	l.Resume(old)
	assert.Equal(t, 1, l.Free(noon.Add(2*time.Minute), 9), "a new rate counts what the old one has let through")
}
