package window

import "time"

// grains bounds the entries of a log. A log of a larger count joins passes that are less than a thousandth of its span apart.
const grains = 1_000

// Log knows what a rate has let through. It has no more entries than the rate has counts, and at most some two thousand. The zero Log
// is unlimited. It is not safe for concurrent use.
type Log struct {
	count  int
	per    time.Duration
	passed []entry // in order of time
	sum    int     // of the entries
}

// entry is a number of passes. They count as if all of them were at the instant of the last.
type entry struct {
	at time.Time
	n  int
}

// New makes an empty log of the rate of count in any span of the length per. Without a count the log is unlimited.
func New(count int, per time.Duration) *Log { return &Log{count: count, per: per} }

// Pass counts one pass. The caller may let more through than the rate allows; they count too.
func (l *Log) Pass(at time.Time) {
	if l.count <= 0 {
		return
	}
	last := len(l.passed) - 1
	if last >= 0 && at.Before(l.passed[last].at) {
		at = l.passed[last].at
	}
	l.sum++
	if last >= 0 && l.joins(at) {
		l.passed[last] = entry{at, l.passed[last].n + 1}
	} else {
		l.passed = append(l.passed, entry{at, 1})
	}
	l.forget(at)
}

// joins reports whether a pass becomes part of the last entry. The entry before it has the instant at which the grain began.
func (l *Log) joins(at time.Time) bool {
	last := len(l.passed) - 1
	if at.Equal(l.passed[last].at) {
		return true
	}
	return l.count > grains && last > 0 && at.Sub(l.passed[last-1].at) < l.per/grains
}

// forget drops what has left the window, and what is older than the newest count passes: only these say when the next may pass.
func (l *Log) forget(at time.Time) {
	drop := 0
	for _, e := range l.passed {
		if e.at.Add(l.per).After(at) && l.sum-e.n < l.count {
			break
		}
		l.sum -= e.n
		drop++
	}
	l.passed = l.passed[:copy(l.passed, l.passed[drop:])]
}

// Free returns how many may pass at the instant, limit at most.
func (l *Log) Free(at time.Time, limit int) int {
	if l.count <= 0 {
		return limit
	}
	n := l.count
	for _, e := range l.passed {
		if e.at.Add(l.per).After(at) {
			n -= e.n
		}
	}
	return max(min(n, limit), 0)
}

// Next returns the earliest instant, from the given one on, at which one may pass after more others, each of which passes as early as it
// may.
func (l *Log) Next(at time.Time, more int) time.Time {
	if l.count <= 0 {
		return at
	}
	after := time.Duration(more/l.count) * l.per // each round of count others takes a window of its own
	newer := more % l.count
	for i := len(l.passed) - 1; i >= 0; i-- {
		if newer += l.passed[i].n; newer >= l.count {
			if leaves := l.passed[i].at.Add(l.per); leaves.After(at) {
				at = leaves
			}
			break
		}
	}
	return at.Add(after)
}

// Idle reports whether nothing counts any more at the instant.
func (l *Log) Idle(at time.Time) bool {
	return len(l.passed) == 0 || !l.passed[len(l.passed)-1].at.Add(l.per).After(at)
}

// Resume counts what another log has counted, as far as that log remembers it.
func (l *Log) Resume(from *Log) {
	for _, e := range from.passed {
		for range e.n {
			l.Pass(e.at)
		}
	}
}
