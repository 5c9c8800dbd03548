package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/bench/internal/numbers"
)

// TestAllSidesSeeEveryAlert checks that each side has every alert in its group, after the new alerts and after the
// repeats. Otherwise the figures would not be comparable.
func TestAllSidesSeeEveryAlert(t *testing.T) {
	numbers := make([]int, 200)
	for i := range numbers {
		numbers[i] = i
	}
	for _, side := range sides {
		for _, s := range []shape{{1, 1}, {10, 1}, {1, 20}, {10, 20}} {
			t.Run(fmt.Sprintf("%s/%dx%d", side.name, s.routes, s.groups), func(t *testing.T) {
				e, err := side.make(s)
				require.NoError(t, err)
				for range phases {
					e.fill(numbers)
					require.NoError(t, e.take(t.Context()))
					alerts, groups, err := e.seen(t.Context())
					require.NoError(t, err)
					assert.Equal(t, [2]int{200, s.groups}, [2]int{alerts, groups}, "alerts and groups")
				}
				require.NoError(t, e.stop())
			})
		}
	}
}

func TestOneLinePerEngineCaseAndPhase(t *testing.T) {
	var out bytes.Buffer
	p := plan{routes: numbers.List{1, 10}, groups: numbers.List{1, 20}, alerts: 200, rounds: 1, out: &out}
	ratios, err := p.run(t.Context())
	require.NoError(t, err)
	assert.Contains(t, ratios, "10×20 repeat ")

	var got []string
	for lines := json.NewDecoder(&out); lines.More(); {
		var f figures
		require.NoError(t, lines.Decode(&f))
		got = append(got, fmt.Sprintf("%s %d×%d %s", f.Engine, f.Routes, f.Groups, f.Alerts))
		assert.Positive(t, f.Allocs)
		assert.Positive(t, f.Bytes)
	}
	var want []string
	for _, c := range []string{"1×1", "1×20", "10×1", "10×20"} {
		for _, phase := range []string{"new", "repeat", "folded"} {
			want = append(want, "tocsin "+c+" "+phase, "alertmanager "+c+" "+phase, "floor "+c+" "+phase)
		}
	}
	assert.Equal(t, want, got)
}
