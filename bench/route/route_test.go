package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/route"

	"github.com/tocsin-dev/tocsin/bench/internal/numbers"
)

// TestEnginesAgree checks that engines find the same rules, and cel-go the same errors. Otherwise the figures would not
// be comparable.
func TestEnginesAgree(t *testing.T) {
	for _, m := range mixes {
		t.Run(m.name, func(t *testing.T) {
			rules := 150
			if testing.Short() {
				rules = 40
			}
			load, err := newWorkload(m, rules)
			require.NoError(t, err)
			var first []verdict
			var spoke []string
			for _, s := range sides {
				e, err := s.make(load.rules)
				if err == errInexpressible {
					continue
				}
				require.NoError(t, err, s.name)
				spoke = append(spoke, s.name)
				for _, in := range inputs {
					r := &runner{match: in.make(e, load)}
					first, err = r.check(first, s.errs)
					require.NoError(t, err, s.name+" from "+in.name)
				}
			}
			want := []string{"tocsin", "cel-go", "expr"}
			if load.rules[0].matchers != "" {
				want = append(want, "alertmanager")
			}
			assert.Equal(t, want, spoke)
		})
	}
}

func TestAnEngineThatDisagreesIsNoticed(t *testing.T) {
	r := &runner{match: func(i int) (verdict, error) { return verdict{matches: 1, errors: 2, sum: i}, nil }}
	first, err := r.check(nil, true)
	require.NoError(t, err)
	for name, other := range map[string]func(i int) verdict{
		"another number": func(i int) verdict { return verdict{matches: 2, errors: 2, sum: i} },
		"another rule":   func(int) verdict { return verdict{matches: 1, errors: 2, sum: 1} },
		"another error":  func(i int) verdict { return verdict{matches: 1, errors: 1, sum: i} },
	} {
		peer := &runner{match: func(i int) (verdict, error) { return other(i), nil }}
		_, err := peer.check(first, true)
		assert.ErrorContains(t, err, "expected", name)
		_, err = peer.check(first, false)
		assert.Equal(t, name != "another error", err != nil, name)
	}
}

func TestOneLinePerEngineRulesInputAndMix(t *testing.T) {
	var out, log bytes.Buffer
	p := plan{rules: numbers.List{10, 30}, rounds: 1, out: &out, log: &log}
	require.NoError(t, p.mixes.Set("labels,full"))
	measured, err := p.run(t.Context())
	require.NoError(t, err)
	assert.Empty(t, log.String(), "nothing is skipped")

	var got, want []string
	for lines := json.NewDecoder(&out); lines.More(); {
		var f figures
		require.NoError(t, lines.Decode(&f))
		got = append(got, fmt.Sprint(f.Mix, f.Rules, f.Engine, f.Input))
		assert.Positive(t, f.Ns)
		assert.Positive(t, f.CPU)
		assert.Positive(t, f.Heap)
		assert.Equal(t, f, measured[f.key])
	}
	engines := map[string][]string{
		"labels": {"tocsin", "cel-go", "expr", "alertmanager"},
		"full":   {"tocsin", "cel-go", "expr"},
	}
	for _, m := range []string{"labels", "full"} {
		for _, n := range []int{10, 30} {
			for _, engine := range engines[m] {
				want = append(want, fmt.Sprint(m, n, engine, "struct"), fmt.Sprint(m, n, engine, "json"))
			}
		}
	}
	assert.Equal(t, want, got)
}

func TestAPeerThatFailsIsSkippedLoudly(t *testing.T) {
	load, err := newWorkload(fullMix, 10)
	require.NoError(t, err)
	for i := range load.rules {
		load.rules[i].expr = "no such words"
	}
	var log bytes.Buffer
	runners, err := (&plan{log: &log}).runners(fullMix, load)
	require.NoError(t, err)
	var engines []string
	for _, r := range runners {
		engines = append(engines, r.Engine+" "+r.Input)
	}
	assert.Equal(t, []string{"tocsin struct", "tocsin json", "cel-go struct", "cel-go json"}, engines)
	assert.Contains(t, log.String(), "SKIPPED expr at 10 rules of full: ")

	load.rules[0].cel = "no such words"
	_, err = (&plan{log: &log}).runners(fullMix, load)
	assert.Error(t, err, "without our own there is nothing to compare")
}

func TestClaimsStandBesideTheirTargets(t *testing.T) {
	all := map[key]figures{}
	for _, s := range sides {
		for _, m := range mixes {
			for i, n := range []int{10, 1000, 10_000, 100_000} {
				for _, in := range inputs {
					k := key{s.name, n, in.name, m.name}
					all[k] = figures{key: k, CPU: float64(1 + i), Heap: 400, Allocs: 0}
				}
			}
		}
	}
	var out bytes.Buffer
	require.NoError(t, printClaims(&out, all))
	assert.Equal(t, len(claims())+1, bytes.Count(out.Bytes(), []byte("\n")))
	assert.Regexp(t, `growth, full, 1,000 to 100,000 rules +2\.00× +≤ 8×`, out.String())
	assert.Regexp(t, `heap per rule, full, 10,000 rules +400\.00 B +≤ 500 B`, out.String())

	out.Reset()
	delete(all, oursAt(1000, "full"))
	require.NoError(t, printClaims(&out, all))
	assert.NotContains(t, out.String(), "growth, full", "a claim needs its measurements")
}

func TestListFlags(t *testing.T) {
	var l numbers.List
	require.NoError(t, l.Set("1,10"))
	assert.Equal(t, numbers.List{1, 10}, l)
	for _, text := range []string{"", "0", "1,", "a"} {
		assert.Error(t, l.Set(text), text)
	}
	var m mixList
	require.NoError(t, m.Set("pairs,full"))
	assert.Equal(t, []string{"pairs", "full"}, []string{m[0].name, m[1].name})
	for _, text := range []string{"", "full,", "other"} {
		assert.ErrorContains(t, m.Set(text), "adversarial", text)
	}
}

func TestReloadWhileMatching(t *testing.T) {
	var out, log bytes.Buffer
	require.NoError(t, (&plan{out: &out, log: &log}).reload(t.Context(), fullMix, 200))
	var s swaps
	require.NoError(t, json.Unmarshal(out.Bytes(), &s))
	assert.Equal(t, [2]int{200, 2}, [2]int{s.Rules, s.Changed})
	assert.Positive(t, s.Alone.Events)
	assert.Positive(t, s.Meanwhile.Events)
	assert.Contains(t, log.String(), "reload of 200 rules, 2 changed: ")
}

// TestAMixedTableIsNoticed checks that a matcher sees one table or the other, never rules of both.
func TestAMixedTableIsNoticed(t *testing.T) {
	load, err := newWorkload(fullMix, 10)
	require.NoError(t, err)
	l := &live{load: load}
	table, err := route.Compile([]route.Rule[int]{{ID: "a", When: "true", Then: 1}, {ID: "b", When: "true", Then: 2}}, nil)
	require.NoError(t, err)
	l.table.Store(table)
	_, err = l.while(func() error { return nil })
	assert.ErrorContains(t, err, "generations 1 and 2")
}

func TestEveryThreatMeetsALimit(t *testing.T) {
	var out, log bytes.Buffer
	require.NoError(t, (&plan{out: &out, log: &log}).hostile())
	lines := json.NewDecoder(&out)
	for _, threat := range threats() {
		var h harm
		require.NoError(t, lines.Decode(&h))
		assert.Equal(t, threat.name, h.Rule)
		if threat.legal {
			assert.Equal(t, "answered", h.Outcome, h.Rule)
			continue
		}
		assert.Contains(t, []string{"refused", "erred"}, h.Outcome, h.Rule)
		assert.Regexp(t, "limit|exceeds|at most|longer|larger", h.Detail, h.Rule)
		assert.Contains(t, log.String(), h.Rule)
	}
}
