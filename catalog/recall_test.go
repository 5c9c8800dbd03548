package catalog

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// foldable is a catalog whose decisions turn on all that they may turn on.
func foldable() *Catalog {
	c := whole()
	c.Classes = append(c.Classes,
		event.Class{Name: "shop.*", Service: "checkout", Require: []string{"labels.region"}, Plans: map[severity.Priority]string{severity.P1: "quick"}},
		event.Class{Name: "shop.night", Service: "db", Plan: "quick", Severity: severity.Info},
		event.Class{Name: "lone"},
	)
	quick := c.Plans["quick"]
	quick.Group = Grouping{By: []string{"service", "labels.region", "data.cell"}, Any: true}
	c.Plans["quick"] = quick
	c.Routes = append(c.Routes,
		Route{ID: "summary", When: `event.summary.contains("disk")`, Plan: "quick"},
		Route{ID: "data", When: `has(event.data.cell) && event.data.cell == "b"`, Owner: "platform", Plan: "quick"},
		Route{ID: "errs", When: `event.data.count > 3`, Plan: "quick"},
	)
	return c
}

// drawn is an event that differs from others in what counts, and in what does not.
func drawn(r *rand.Rand) *event.Event {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	e := &event.Event{
		ID: fmt.Sprint(r.Uint64()), Source: pick("a", "b"), Subject: pick("web-1", "web-2"),
		Type:     pick("shop.slow", "shop.night", "lone", "stranger", "other", "tocsin.rule"),
		Severity: severity.Level(r.IntN(5)), Summary: pick("disk full", "slow"), Labels: map[string]string{}, Data: map[string]any{},
	}
	for _, name := range []string{"env", "region", "owner"} {
		if r.IntN(2) == 0 {
			e.Labels[name] = pick("night", "test", "shop", "")
		}
	}
	if r.IntN(2) == 0 {
		e.Data["cell"] = pick("a", "b")
	}
	if r.IntN(4) > 0 { // else a route errs
		e.Data["count"] = float64(r.IntN(6))
	}
	return e
}

// What an event means must not turn on which events were assessed before it.
func TestFoldedIsAsOneByOne(t *testing.T) {
	const seed = 20261126
	r := rand.New(rand.NewPCG(seed, 1))
	warm, shared := compiled(t, foldable()), make(map[*Assessment]bool)
	folded := 0
	for range 5000 {
		e := drawn(r)
		got := warm.Assess(e)
		if shared[got] {
			folded++
		}
		shared[got] = true
		warmless := compiledAgain(warm)
		want := warmless.Assess(e)
		require.Equal(t, texts(want.RuleErrors), texts(got.RuleErrors))
		a, b := *want, *got
		a.RuleErrors, b.RuleErrors = nil, nil
		require.Equal(t, a, b, "%+v", e)
	}
	assert.Greater(t, folded, 500, "of 5000, seed %d", seed)
	assert.Greater(t, len(shared), 100)
	t.Logf("seed %d: 5000 events, %d folded", seed, folded)
}

// compiledAgain returns the same catalog that recalls nothing.
func compiledAgain(c *Compiled) *Compiled {
	again := *c
	again.recall = newRecall(c.source.Plans)
	return &again
}

func texts(errs map[string]error) map[string]string {
	all := make(map[string]string, len(errs))
	for id, err := range errs {
		all[id] = err.Error()
	}
	return all
}

func TestWhatIsRecalledHasABound(t *testing.T) {
	cat, noErrors := compiled(t, foldable()), map[string]any{"count": 0.0}
	for i := range 2*mostRecalled + 1 {
		cat.Assess(&event.Event{Type: fmt.Sprintf("shop.t%d", i), Data: noErrors})
	}
	assert.Len(t, cat.recall.known, 1)
	cat.Assess(&event.Event{Type: "shop.slow", Summary: string(make([]byte, 2*longestFacts)), Data: noErrors})
	assert.Len(t, cat.recall.known, 1, "what is too long is not kept")
}

// A catalog made from another one must decide as one that was made anew.
func TestRecompileIsAsCompile(t *testing.T) {
	before := compiled(t, foldable())
	changed := foldable()
	changed.Routes[len(changed.Routes)-2].When = `"cell" in event.data`
	changed.Impact = append(changed.Impact, ImpactRule{When: `label("region") == "shop"`, Impact: severity.High, Because: "ours"})
	got, err := before.Recompile(changed)
	require.NoError(t, err)
	want, r := compiled(t, changed), rand.New(rand.NewPCG(20261127, 1))
	for range 1000 {
		e := drawn(r)
		a, b := *want.Assess(e), *got.Assess(e)
		a.RuleErrors, b.RuleErrors = nil, nil
		require.Equal(t, a, b, "%+v", e)
	}
	_, err = before.Recompile(&Catalog{})
	require.Error(t, err)
}
