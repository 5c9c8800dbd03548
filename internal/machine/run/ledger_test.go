package run_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func rate(n int, per time.Duration) automate.Rate { return automate.Rate{Count: n, Per: per} }

// try is one run that asks to begin, and ends a while later.
type try struct {
	after   time.Duration // since noon
	subject string
	lasts   time.Duration // negative: it does not end
	want    string        // the limit that refuses it; empty: none
	until   time.Duration // since noon
}

func TestAdmit(t *testing.T) {
	const m, h = time.Minute, time.Hour
	for _, c := range []struct {
		name  string
		limit automate.Limit
		tries []try
	}{
		{"two for a subject in half an hour, to the nanosecond", automate.Limit{Subject: rate(2, 30*m), Masking: rate(9, 24*h)}, []try{
			{0, "a", 0, "", 0},
			{10 * m, "a", 0, "", 0},
			{20 * m, "a", 0, "subject", 30 * m},
			{20 * m, "b", 0, "", 0},
			{30*m - 1, "a", 0, "subject", 30 * m},
			{30 * m, "a", 0, "", 0},
			{40*m - 1, "a", 0, "subject", 40 * m},
			{40 * m, "a", 0, "", 0},
		}},
		{"over the fleet", automate.Limit{Fleet: rate(2, h)}, []try{
			{0, "a", 0, "", 0}, {m, "b", 0, "", 0}, {2 * m, "c", 0, "fleet", h}, {h, "c", 0, "", 0}, {h, "d", 0, "fleet", h + m},
		}},
		{"the fleet's default", automate.Limit{Concurrent: 99}, append(many(20), try{m, "x", 0, "fleet", h})},
		{"the blast radius counts subjects", automate.Limit{Subjects: rate(2, h), Masking: rate(9, 24*h)}, []try{
			{0, "a", 0, "", 0},
			{m, "b", 0, "", 0},
			{2 * m, "a", 0, "", 0},
			{3 * m, "c", 0, "subjects", h + m},
			{h + m, "c", 0, "", 0},
			{h + m, "b", 0, "subjects", h + 2*m},
		}},
		{"cool-down begins at the end", automate.Limit{Cooldown: 10 * m}, []try{
			{0, "a", 5 * m, "", 0}, {15*m - 1, "a", 0, "cooldown", 15 * m}, {14 * m, "b", 0, "", 0}, {15 * m, "a", 0, "", 0},
		}},
		{"runs for a subject do not overlap", automate.Limit{}, []try{{0, "a", -1, "", 0}, {h, "a", 0, "concurrent", 0}, {h, "b", 0, "", 0}}},
		{"as many at once as may be", automate.Limit{Concurrent: 2}, []try{
			{0, "a", 5 * m, "", 0}, {0, "b", -1, "", 0}, {m, "c", 0, "concurrent", 0}, {6 * m, "c", 0, "", 0},
		}},
		{"the third same fix in a day", automate.Limit{}, []try{
			{0, "a", 0, "", 0},
			{8 * h, "a", 0, "", 0},
			{24*h - 1, "a", 0, "masking", 24 * h},
			{24*h - 1, "b", 0, "", 0},
			{24 * h, "a", 0, "", 0},
			{32*h - 1, "a", 0, "masking", 32 * h},
		}},
		{"an instant of another incident that lies before", automate.Limit{Fleet: rate(1, h)}, []try{
			{m, "a", 0, "", 0}, {0, "b", 0, "fleet", h + m},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l run.Ledger
			ends := map[string]time.Time{}
			for i, try := range c.tries {
				at, run := noon.Add(try.after), fmt.Sprint(i)
				for id, end := range ends {
					if !end.After(at) {
						l.Release(end, id, true)
						delete(ends, id)
					}
				}
				refusal := l.Admit(at, c.limit, run, try.subject)
				if try.want == "" {
					require.Nil(t, refusal, "try %d", i)
					require.Nil(t, l.Admit(at, c.limit, run, try.subject), "try %d again", i)
					if try.lasts >= 0 {
						ends[run] = at.Add(try.lasts)
					}
					continue
				}
				require.NotNil(t, refusal, "try %d", i)
				assert.Equal(t, try.want, refusal.Limit, "try %d", i)
				assert.Equal(t, try.want == "masking", refusal.Page, "try %d", i)
				if try.until > 0 {
					assert.Equal(t, noon.Add(try.until), refusal.Until, "try %d", i)
				}
			}
		})
	}
}

// many tries begin at once, each for a subject of its own.
func many(n int) []try {
	tries := make([]try, n)
	for i := range tries {
		tries[i].subject = fmt.Sprint(i)
	}
	return tries
}

// TestNoSpanHoldsMoreThanTheLimit holds every limit against a count that looks at all that was ever let through, and that a
// limit refuses nothing which it could have let through.
func TestNoSpanHoldsMoreThanTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) automate.Rate {
			return rate(rapid.IntRange(1, 4).Draw(t, "count"), time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes"))*time.Minute)
		})
		limit := automate.Limit{
			Subject: span.Draw(t, "subject"), Fleet: span.Draw(t, "fleet"), Subjects: span.Draw(t, "subjects"),
			Masking:    rate(rapid.IntRange(2, 4).Draw(t, "n"), 2*time.Hour),
			Cooldown:   time.Duration(rapid.IntRange(0, 20).Draw(t, "cooldown")) * time.Minute,
			Concurrent: rapid.IntRange(1, 3).Draw(t, "concurrent"),
		}
		var ledger run.Ledger
		var all []*run.Entry
		at := noon
		for i := range rapid.IntRange(1, 60).Draw(t, "tries") {
			at = at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "gap")) * time.Minute)
			for _, e := range all {
				if e.Ended.IsZero() && rapid.Bool().Draw(t, "ends") {
					e.Ended = at
					ledger.Release(at, e.Run, true)
				}
			}
			e := &run.Entry{Run: fmt.Sprint(i), Subject: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "on"), Began: at}
			refusal := ledger.Admit(at, limit, e.Run, e.Subject)
			broken := over(append(all[:len(all):len(all)], e), &limit)
			if refusal == nil {
				all = append(all, e)
				require.Empty(t, broken)
				continue
			}
			require.Contains(t, broken, refusal.Limit)
			require.Equal(t, refusal.Limit == "masking", refusal.Page)
			require.False(t, refusal.Limit != "masking" && slices.Contains(broken, "masking"), "the masking guard goes first")
			ledger = again(t, ledger)
		}
	})
}

// over names the limits that the last of all runs would break.
func over(all []*run.Entry, limit *automate.Limit) []string {
	last := all[len(all)-1]
	within := func(per time.Duration, same bool) (runs int, subjects map[string]bool) {
		subjects = map[string]bool{}
		for _, e := range all {
			if last.Began.Sub(e.Began) < per && (!same || e.Subject == last.Subject) {
				runs++
				subjects[e.Subject] = true
			}
		}
		return runs, subjects
	}
	var broken []string
	add := func(name string, is bool) {
		if is {
			broken = append(broken, name)
		}
	}
	n, _ := within(limit.Subject.Per, true)
	add("subject", n > limit.Subject.Count)
	n, _ = within(limit.Fleet.Per, false)
	add("fleet", n > limit.Fleet.Count)
	_, subjects := within(limit.Subjects.Per, false)
	add("subjects", len(subjects) > limit.Subjects.Count)
	n, _ = within(limit.Masking.Per, true)
	add("masking", n >= limit.Masking.Count)
	acting, overlaps, cooling := 0, false, false
	for _, e := range all[:len(all)-1] {
		if e.Ended.IsZero() {
			acting++
			overlaps = overlaps || e.Subject == last.Subject
			continue
		}
		cooling = cooling || e.Subject == last.Subject && last.Began.Sub(e.Ended) < limit.Cooldown
	}
	add("concurrent", overlaps || acting >= limit.Concurrent)
	add("cooldown", cooling)
	return broken
}

// again is the ledger after a restart.
func again(t require.TestingT, l run.Ledger) run.Ledger {
	doc, err := json.Marshal(l)
	require.NoError(t, err)
	var read run.Ledger
	require.NoError(t, json.Unmarshal(doc, &read))
	return read
}

func TestTheLedgerForgetsWhatCountsNoMore(t *testing.T) {
	var l run.Ledger
	for i := range 10_000 {
		run := fmt.Sprint(i)
		at := noon.Add(time.Duration(i) * 3 * time.Minute)
		require.Nil(t, l.Admit(at, automate.Limit{}, run, run))
		l.Release(at, run, true)
		require.LessOrEqual(t, len(l.Runs), 481)
	}
	before := again(t, l)
	l.Release(noon, "nobody", true)
	l.Release(noon, before.Runs[0].Run, true)
	assert.Equal(t, before, again(t, l), "only the first release counts")
}

// TestAdmitLeavesCopiesAlone holds that a ledger whose change is thrown away does not show it.
func TestAdmitLeavesCopiesAlone(t *testing.T) {
	var kept run.Ledger
	require.Nil(t, kept.Admit(noon, automate.Limit{}, "1", "a"))
	draft := kept
	draft.Release(noon, "1", true)
	require.Nil(t, draft.Admit(noon, automate.Limit{}, "2", "b"))
	other := kept
	require.Nil(t, other.Admit(noon, automate.Limit{}, "3", "c"))
	assert.Equal(t, "2", draft.Runs[1].Run)
	assert.Len(t, kept.Runs, 1)
	assert.Zero(t, kept.Runs[0].Ended)
}
