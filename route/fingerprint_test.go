package route

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEqualFingerprintsMeanEqualResults varies events slightly. Events with equal fingerprints must have equal results, in the table
// and in a newly compiled table.
func TestEqualFingerprintsMeanEqualResults(t *testing.T) {
	equal, different := 0, 0
	for seed := range uint64(300) {
		g := newGenerator(seed)
		rules := g.rules(1 + g.IntN(4))
		table, err := compileDrawn(rules)
		require.NoError(t, err)
		again, err := table.Recompile(rules)
		require.NoError(t, err)
		seen := make(map[string][]kleene)
		for range 200 {
			f := g.facts()
			print, ok := fingerprint(table, f)
			other, alsoOK := fingerprint(again, f)
			require.Equal(t, ok, alsoOK)
			require.Equal(t, print, other)
			if !ok {
				continue
			}
			got := outcomes(table, f)
			want, known := seen[print]
			if !known {
				seen[print] = got
				different++
				continue
			}
			require.Equal(t, want, got, "%v\n%s", rules, describe(f))
			equal++
		}
	}
	assert.Greater(t, equal, 1000)
	assert.Greater(t, different, 1000)
}

func fingerprint(table *Table[int], f *Facts) (string, bool) {
	print, ok := table.AppendFingerprint(nil, f)
	return string(print), ok
}

func outcomes(table *Table[int], f *Facts) []kleene {
	all := make([]kleene, len(table.rules))
	res := table.All(f)
	for m := range res.Matches() {
		all[m.Then] = isTrue
	}
	for _, i := range res.erred() {
		all[i] = isErr
	}
	return all
}

func TestTheFingerprintCoversWhatRulesRead(t *testing.T) {
	table, err := Compile([]Rule[int]{
		{ID: "a", When: `event.type == "x" && label("env") == "prod"`},
		{ID: "b", When: `has(event.data.http) && event.data.http.status >= 500`},
		{ID: "c", When: `"pci" in service.tags || int(event.data["no-one"]) > 3`},
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{
		`event.data.http`, `event.data.http.status`, `event.data["no-one"]`, `event.labels.?env`, `event.type`, `service.tags`,
	}, table.Slots())

	f := sample()
	before, ok := fingerprint(table, f)
	require.True(t, ok)
	changed := func(change func(*Facts)) bool {
		e, g := *f.Event, *f
		e.Labels, e.Data, g.Event = maps.Clone(e.Labels), maps.Clone(e.Data), &e
		change(&g)
		after, ok := fingerprint(table, &g)
		require.True(t, ok)
		return after != before
	}
	assert.False(t, changed(func(f *Facts) { f.Event.ID, f.Event.Summary, f.Event.Data["usage"] = "other", "other", 3 }))
	assert.True(t, changed(func(f *Facts) { f.Event.Type = "x" }))
	assert.True(t, changed(func(f *Facts) { delete(f.Event.Labels, "env") }))
	assert.True(t, changed(func(f *Facts) { f.Event.Labels["env"] = "" }))
	assert.True(t, changed(func(f *Facts) { f.Event.Data["http"] = nil }))
	assert.True(t, changed(func(f *Facts) { f.Event.Data["http"] = map[string]any{} }))
	assert.True(t, changed(func(f *Facts) { f.Event.Data["no-one"] = 1 }))
	assert.True(t, changed(func(f *Facts) { f.Service.Tags = nil }))
}

func TestNoFingerprintOverWhatAlwaysDiffers(t *testing.T) {
	for _, when := range []string{
		`event.id == "x"`, `event.time > timestamp("2026-01-02T03:04:05Z")`, `event.labels.exists(k, k == k)`,
		`event.labels.exists(k, k.endsWith("x"))`, `event.data.map(k, k).size() > 1`, `event.data == {}`, `dyn(event).type == "x"`,
		`event.time.getHours() > 3`,
	} {
		table, err := Compile([]Rule[int]{{ID: "r", When: when}}, nil)
		require.NoError(t, err)
		_, ok := fingerprint(table, sample())
		assert.False(t, ok, when)
	}
	none, err := Compile[int](nil, nil)
	require.NoError(t, err)
	_, ok := fingerprint(none, sample())
	assert.True(t, ok, "nothing is the same for every event")
}
