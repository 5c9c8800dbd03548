package route

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutants lists plausible faults in the index. Each changes one line.
var mutants = []struct{ name, file, line, instead string }{
	{
		"conditions with equal texts are one", "lower.go",
		"a := atom{kind: atomOpaque, slot: noSlot, opaque: &opaque{identity: expressionIdentity(x)}}",
		"a := atom{kind: atomOpaque, opaque: &opaque{}}; a.slot = noSlot; a.opaque.identity, _ = parser.Unparse(x, l.tree.SourceInfo())",
	},
	{
		"an error lets a term go early", "match.go",
		"if value = min(value, m.literal(l)); value == isFalse {", "if value = min(value, m.literal(l)); value != isTrue {",
	},
	{
		"no term stands behind an error", "build.go",
		"case !k.guarded && !d.mayErr, k.guarded && !d.mayBreak:", "case !k.guarded, k.guarded && !d.mayBreak:",
	},
	{
		"a guard also guards what is broken", "build.go",
		"case !k.guarded && !d.mayErr, k.guarded && !d.mayBreak:", "case !k.guarded && !d.mayErr, k.guarded:",
	},
	{"any has() guards", "key.go", "a.slot == sl.parent && a.text == sl.name {", "a.slot == sl.parent {"},
	{"terms of a rule are not merged", "match.go", "case g.several:", "case g.several && value == isTrue:"},
	{"of the terms the least counts", "match.go", "} else if kleene(known&3) >= value {", "} else if kleene(known&3) <= value {"},
	{"shorter affixes are forgotten", "affix.go", "i >= 0; i = a.parents[i] {", "i >= 0; i = -1 {"},
	{"texts within texts are forgotten", "automaton.go", "end != 0; end = a.dict[end] {", "end != 0; end = 0 {"},
	{"the automaton begins anew", "automaton.go", "b.fail[to] = b.step(fail, c)", "b.fail[to] = 0 * b.step(fail, c)"},
	{"the end of an interval is open", "ranges.go", "if r.reach[mid] < x {", "if r.reach[mid] <= x {"},
	{"NaN lies nowhere", "dimension.go", "return append(found, d.ranges.tokens...), stateFound", "return found, stateFound"},
	{"a hint is taken for the condition", "build.go", "if !k.exact {", "if false {"},
	{
		"rules with other conditions share a group", "layout.go",
		"return g.several == e.several && g.litsN == e.litsN && (g.lits == e.lits || g.litsN == 0)", "return g.several == e.several",
	},
	{"absent names lead nowhere", "walk.go", "for _, d := range w.absent {", "for _, d := range w.absent[:0] {"},
	{
		"an item is found twice", "dimension.go", "return found[:before+unique(found[before:])], stateFound",
		"return found[:max(len(found), unique(found[before:]))], stateFound",
	},
	{"a hash is as good as the key", "edges.go", "if e.keys[i] == key {", "if true {"},
	{"errors behind the winner count", "match.go", "return rule > m.last })", "return rule > m.last+1 })"},
	{
		"a condition that errs picks a side", "lower.go",
		"combine(opAnd, &formula{lit: yes}, no),", "constant(false),",
	},
}

// mutantPairs is the number of pairs of rule and event within which the oracle must find a mutant.
const mutantPairs = "150000"

// TestMutants builds the package with each fault and requires that the oracle finds it. It tests the first eight mutants, two with
// -short, and all with TOCSIN_LONG=1, which takes minutes.
func TestMutants(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Fatal(err)
	}
	tried := mutants[:8]
	switch {
	case testing.Short():
		tried = mutants[:2]
	case os.Getenv("TOCSIN_LONG") == "1":
		tried = mutants
	}
	t.Logf("%d of %d mutants", len(tried), len(mutants))
	for _, m := range tried {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(m.file)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(source), m.line), "%s: the line must stand there once", m.file)
			overlay := writeOverlay(t, m.file, strings.Replace(string(source), m.line, m.instead, 1))
			out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", overlay,
				"-run", "^TestOracle$", "-oracle.pairs", mutantPairs, "-oracle.seed", "1", ".").CombinedOutput()
			require.Error(t, err, "survived")
			require.Contains(t, string(out), "-oracle.seed=", "it must fail over a difference, or a panic of the oracle's round")
		})
	}
}

// writeOverlay replaces one file of the package for the go command.
func writeOverlay(t *testing.T, file, text string) string {
	t.Helper()
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(changed, []byte(text), 0o600))
	original, err := filepath.Abs(file)
	require.NoError(t, err)
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, list, 0o600))
	return overlay
}
