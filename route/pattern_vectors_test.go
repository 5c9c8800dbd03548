package route_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/route"
)

// differences names the cases, by line of the file, for which imported rules differ from the AWS matcher.
// docs/event-pattern.md gives the reasons.
var differences = map[string][]int{
	"every-address": {356, 357, 358},
	"dotted-name":   {412},
	"unknown-field": {418},
}

// TestPatternVectors runs cases with results of the AWS matcher. It maps documents to events as in docs/event-pattern.md.
func TestPatternVectors(t *testing.T) {
	dir := os.Getenv("TOCSIN_SAMPLES")
	if dir == "" {
		t.Skip("SKIPPED, not tested: the cases in event-pattern/vectors.jsonl; TOCSIN_SAMPLES is unset, so only our own in testdata/pattern are")
	}
	text, err := os.ReadFile(filepath.Join(dir, "event-pattern", "vectors.jsonl"))
	require.NoError(t, err)
	doc, err := os.ReadFile("../docs/event-pattern.md")
	require.NoError(t, err)
	known := map[int]string{}
	for name, at := range differences {
		assert.Contains(t, string(doc), "`"+name+"`", "without a reason in docs/event-pattern.md")
		for _, line := range at {
			known[line] = name
		}
	}
	agreed, legal, matched := 0, 0, 0
	differ := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var c struct {
			Cat            string
			Pattern, Event json.RawMessage
			Valid          bool
			Match          bool
		}
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		got, want := "refused", "refused"
		if c.Valid {
			legal++
			want = fmt.Sprint(c.Match)
		}
		if _, err := route.ImportEventPattern(c.Pattern); err == nil {
			check, _ := imported(t, string(c.Pattern))
			got = fmt.Sprint(check(eventOf(t, string(c.Event))))
		}
		if want == "true" {
			matched++
		}
		name, differs := known[i+1]
		switch {
		case differs != (got != want):
			t.Errorf("line %d, %s: %s, want %s (a known difference: %t)\n%s", i+1, c.Cat, got, want, differs, line)
		case differs:
			differ[name]++
			t.Logf("line %d, %s: %s where the other says %s: %s", i+1, c.Cat, got, want, name)
		default:
			agreed++
		}
	}
	names := []string{}
	for name, n := range differ {
		names = append(names, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(names)
	t.Logf("%d cases agree, of %d legal (%d match) and %d illegal ones; known differences: %s",
		agreed, legal, matched, 420-legal, strings.Join(names, ", "))
}
