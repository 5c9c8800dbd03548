//go:build !race

package route

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The race detector drops pooled objects at random, so the count is meaningless with it.
func TestMatchingAllocatesNothing(t *testing.T) {
	table, err := Compile(mixedRules(1200), nil)
	require.NoError(t, err)
	f, without := mixedFacts(), mixedFacts()
	delete(without.Event.Labels, "team")
	sum, room := 0, make([]byte, 0, 1024)
	for name, match := range map[string]func(){
		"all": func() {
			res := table.All(f)
			for m := range res.Matches() {
				sum += m.Then
			}
		},
		"first":       func() { res := table.First(f); sum += res.MatchCount() },
		"errors":      func() { res := table.All(without); sum += res.ErrorCount() },
		"fingerprint": func() { _, _ = table.AppendFingerprint(room[:0], without) },
	} {
		if name == "fingerprint" {
			table, err = Compile(mixedRules(12)[:11], nil)
			require.NoError(t, err)
		}
		assert.Zero(t, testing.AllocsPerRun(100, match), name)
	}
	assert.NotZero(t, sum)
}
