package route

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecompileChecksOnlyWhatIsNew(t *testing.T) {
	rules := mixedRules(240)
	table, err := Compile(rules, nil)
	require.NoError(t, err)
	changed := append([]Rule[int]{{ID: "new", When: `event.type == "t3" && label("env") == "prod"`, Then: -1}}, rules[12:]...)
	next, err := table.Recompile(changed)
	require.NoError(t, err)

	f := mixedFacts()
	before, after := table.All(f), next.All(f)
	assert.Equal(t, before.MatchCount()+1, after.MatchCount())
	for m := range after.Matches() {
		assert.Equal(t, "new", m.ID, "it stands in front")
		break
	}
	assert.LessOrEqual(t, len(next.space.atoms), len(table.space.atoms)+2, "nothing but the new rule was added")
	assert.Len(t, table.rules, 240, "the first table stays")

	_, err = next.Recompile([]Rule[int]{{ID: "x", When: "nobody"}})
	var fault *CompileError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "x", fault.Rule)
}

func TestTablesDoNotGrowWithReloads(t *testing.T) {
	table, err := Compile(mixedRules(120), nil)
	require.NoError(t, err)
	most := 0
	for i := range 50 {
		rules := mixedRules(120)
		for j := range rules {
			rules[j].When += fmt.Sprintf(` && label("reload") != "%d"`, i)
		}
		table, err = table.Recompile(rules)
		require.NoError(t, err)
		most = max(most, len(table.space.atoms))
	}
	assert.LessOrEqual(t, most, 3*table.inUse()+200)
}

func TestATableMayBeReplacedWhileItMatches(t *testing.T) {
	table, err := Compile(mixedRules(120), nil)
	require.NoError(t, err)
	f := mixedFacts()
	var matching sync.WaitGroup
	for range 4 {
		matching.Go(func() {
			for range 200 {
				res := table.All(f)
				assert.Equal(t, 12, res.MatchCount())
				_, _ = table.AppendFingerprint(nil, f)
				for range table.Explain(f) {
					break
				}
			}
		})
	}
	next := table
	for i := range 5 {
		next, err = next.Recompile(mixedRules(120 + 12*i))
		require.NoError(t, err)
		res := next.All(f)
		assert.Equal(t, 12, res.MatchCount())
	}
	matching.Wait()
}
