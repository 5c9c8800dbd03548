package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shapeOf recognises the shape of a rule of the full mix by a word that only this shape has.
func shapeOf(r rule) string {
	for _, word := range []string{
		"tags.filter", "labels.exists", "message.contains", "tags.exists", "in service.tags", "subject.matches", "||",
		"data.http", "type.startsWith", "has(event.labels.team)", "type in [", "source.startsWith", `labels["env"]`, "event.type ==",
	} {
		if strings.Contains(r.cel, word) {
			return word
		}
	}
	return r.cel
}

func named(t *testing.T, name string) *mix {
	t.Helper()
	var l mixList
	require.NoError(t, l.Set(name))
	return l[0]
}

func TestTheFullMixHasItsShares(t *testing.T) {
	load, err := newWorkload(fullMix, 10_000)
	require.NoError(t, err)
	counts, ids := map[string]int{}, map[string]bool{}
	for _, r := range load.rules {
		counts[shapeOf(r)]++
		ids[r.id] = true
	}
	assert.Len(t, ids, 10_000)
	assert.Equal(t, map[string]int{
		"event.type ==": 2900, `labels["env"]`: 1500, "source.startsWith": 1000, "type in [": 1000, "has(event.labels.team)": 800,
		"type.startsWith": 600, "data.http": 600, "||": 500, "subject.matches": 400, "tags.exists": 300, "in service.tags": 200,
		"message.contains": 150, "tags.filter": 30, "labels.exists": 20,
	}, counts)
}

func TestSharesAtAnyNumberOfRules(t *testing.T) {
	w := newWorld(fullMix, 10)
	for _, n := range []int{1, 7, 10, 99, 1000} {
		rules := w.rules(fullMix.shapes, n)
		require.Len(t, rules, n)
		pairs := 0
		for _, r := range rules {
			if shapeOf(r) == "event.type ==" {
				pairs++
			}
		}
		assert.InDelta(t, 0.29*float64(n), pairs, 1, "%d rules", n)
	}
}

func TestMostAdversarialRulesStandAlone(t *testing.T) {
	load, err := newWorkload(named(t, "adversarial"), 10_000)
	require.NoError(t, err)
	texts := map[string]bool{}
	for _, r := range load.rules {
		texts[r.cel] = true
		assert.NotContains(t, strings.ReplaceAll(r.cel, `!(event.labels["region"] ==`, ""), "==")
	}
	assert.Greater(t, len(texts), 8_000)
}

func TestEventsHaveTheirShape(t *testing.T) {
	load, err := newWorkload(fullMix, 10_000)
	require.NoError(t, err)
	bytes, withoutTeam, nested := 0, 0, 0
	types, pods := map[string]bool{}, map[string]bool{}
	for i := range load.facts {
		e := load.facts[i].Event
		bytes += len(load.texts[i])
		types[e.Type], pods[e.Labels["pod"]] = true, true
		if _, ok := e.Labels["team"]; !ok {
			withoutTeam++
		}
		if _, ok := e.Data["http"]; ok {
			nested++
		}
		assert.Regexp(t, `^otel/team-\d+/svc-\d+/collector$`, e.Source)
		assert.Regexp(t, `^host-\d{5}\.dc[1-5]\.example\.net$`, e.Subject)
		assert.Len(t, load.facts[i].Service.Tags, 3)
	}
	assert.InDelta(t, 770, bytes/rotation, 80, "bytes of an event")
	assert.InDelta(t, 0.10*rotation, withoutTeam, 0.06*rotation)
	assert.InDelta(t, rotation*2/3, nested, 0.1*rotation)
	assert.Greater(t, len(types), 50)
	assert.LessOrEqual(t, len(types), 60)
	assert.Len(t, pods, rotation)
}

func TestTheSameArgumentsMakeTheSameWorkload(t *testing.T) {
	first, err := newWorkload(fullMix, 100)
	require.NoError(t, err)
	again, err := newWorkload(fullMix, 100)
	require.NoError(t, err)
	assert.Equal(t, first.rules, again.rules)
	assert.Equal(t, first.texts, again.texts)
}

// TestMatchesPerEvent checks that sparse mixes have a constant number of matches per event at any number of rules.
func TestMatchesPerEvent(t *testing.T) {
	for _, c := range []struct {
		mix      string
		n        int
		from, to float64
	}{
		{"full", 300, 1.8, 3.2},
		{"full", 2000, 1.8, 3.2},
		{"native", 1000, 2, 3.2},
		{"pairs", 1000, 0.1, 0.6},
		{"dense", 2000, 4, 7},
		{"adversarial", 1000, 2, 4},
		{"dimensions", 1000, 0.4, 4},
		{"labels", 1000, 0.8, 2},
		{"matchers", 1000, 0.8, 4},
	} {
		m := named(t, c.mix)
		t.Run(fmt.Sprint(m.name, c.n), func(t *testing.T) {
			if testing.Short() && c.n > 300 {
				t.Skip("SKIPPED, not tested with -short: it counts, and nothing runs beside it")
			}
			load, err := newWorkload(m, c.n)
			require.NoError(t, err)
			e, err := newOurs(load.rules)
			require.NoError(t, err)
			r := &runner{match: decoded(e, load)}
			_, err = r.check(nil, true)
			require.NoError(t, err)
			t.Logf("%.2f matches, %.2f errors", r.Matches, r.Errors)
			assert.Greater(t, r.Matches, c.from)
			assert.Less(t, r.Matches, c.to)
		})
	}
}
