package archtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rules = []struct {
	name  string
	judge func(*pkg, report)
}{
	{"layers", judgeLayers},
	{"purity", judgePurity},
	{"pkgdoc", judgeDocs},
	{"example", judgeExamples},
	{"engine-only-route", judgeEngine},
	{"thirdparty", judgeThirdParty},
	{"table-hidden", judgeTableHidden},
	{"parts", judgeParts},
	{"nothing-parsed", judgeParsed},
	{"ended-phase", judgeEnded},
	{"exported", judgeExported},
	{"stories", judgeStories},
	{"loud-skips", judgeSkips},
}

// TestArchitecture holds the rules over every package of this repository.
func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	pkgs := load(t, root)
	if !slices.ContainsFunc(pkgs, func(p *pkg) bool { return p.rel == "internal/archtest" }) {
		t.Fatalf("found %d packages beneath %s and this one is not among them", len(pkgs), root)
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, p := range pkgs {
				rule.judge(p, func(where, format string, args ...any) {
					t.Errorf(where+": "+format, args...)
				})
			}
		})
	}
	t.Run("size", func(t *testing.T) {
		logExported(t, pkgs)
		logStories(t, pkgs)
		logSize(t, pkgs)
	})
}

// TestFixtures holds the rules over testdata/clean, which keeps them all, and over clean with one addition that breaks one.
func TestFixtures(t *testing.T) {
	tests := []struct {
		addition string // folder beneath testdata
		rule     string // the one rule that must find something
		want     string // how its finding begins
	}{
		{"unlisted-package", "layers", "gossip: "},
		{"upward-import", "layers", "severity/upward.go:4: imports catalog: L0 may not import L2"},
		{"sideways-import", "layers", "notify/sideways.go:4: imports escalate: both are in L1"},
		{"respond-upward", "layers", "respond/upward.go:4: imports internal/outbox: L2 may not import L4"},
		{"machine-upward", "layers", "internal/machine/escalation/upward.go:4: imports respond: L1 may not import L2"},
		{"beside-respond", "layers", "catalog/beside.go:4: imports respond: both are in L2"},
		{"beside-codec", "layers", "internal/outbox/beside.go:4: imports store/codec: both are in L4"},
		{"test-package-import", "layers", "suite.go:4: imports notify/notifytest: *test packages are"},
		{"foreign-internal", "layers", "examples/app/foreign.go:4: imports internal/outbox of another module"},
		{"foreign-internal-test", "layers", "store/sqlite/example_test.go:6: imports internal/core of another module"},
		{"timer", "purity", "internal/core/timer.go:7: uses time.NewTimer"},
		{"deadline", "purity", "internal/machine/escalation/deadline.go:10: uses context.WithTimeout"},
		{"zone", "purity", "respond/zone.go:7: uses time.LoadLocation"},
		{"net-import", "purity", "notify/net.go:4: imports net/http"},
		{"os-import", "purity", "catalog/os.go:4: imports os"},
		{"go-statement", "purity", "internal/core/background.go:5: starts a goroutine"},
		{"global-rand", "purity", "internal/core/luck.go:7: uses math/rand/v2.IntN"},
		{"init-function", "purity", "severity/init.go:6: has an init function"},
		{"missing-doc", "pkgdoc", "severity/undocumented.go:6: Worse has no comment"},
		{"missing-package-doc", "pkgdoc", "review: has no package comment"},
		{"missing-example", "example", "review: has no Example"},
		{"cel-outside-route", "engine-only-route", "catalog/cel.go:4: imports cel.dev/cel-go/cel"},
		{"regexp-outside-route", "engine-only-route", "notify/pattern.go:4: imports regexp"},
		{"third-party", "thirdparty", "notify/toolbox.go:4: imports example.org/toolbox"},
		{"misplaced-third-party", "thirdparty", "catalog/uuid.go:4: imports github.com/google/uuid"},
		{"test-library", "thirdparty", "severity/require.go:4: imports github.com/stretchr/testify/require"},
		{"testing-import", "thirdparty", "severity/testing.go:4: imports testing"},
		{"exported-table", "table-hidden", "catalog/table.go:7: Matcher shows route.Table"},
		{"part-method", "parts", "internal/core/phases.go:8: names fold of the part alerts"},
		{"part-function", "parts", "internal/core/escalation.go:4: names acknowledge of the part alerts"},
		{"part-value", "parts", "internal/core/restart.go:4: names restart of the part phases"},
		{"part-through-import", "parts", "internal/core/each.go:8: names fold of the part alerts"},
		{"part-split", "parts", "internal/core/more.go: declares silence of the part alerts, which lives in internal/core/alerts.go"},
		{"part-shared", "parts", "internal/core/more.go: declares the parts phases and roles"},
		{"part-unknown", "parts", "internal/core: 0 types implement an interface named part"},
		{"parsed-id", "nothing-parsed", "internal/core/id.go:6: uses strings.Cut"},
		{"parsed-number", "nothing-parsed", "number.go:6: uses fmt.Sscanf"},
		{"parsed-line", "nothing-parsed", "internal/machine/escalation/line.go:5: uses bytes.Fields"},
		{"parsed-word", "nothing-parsed", "internal/telemetry/word.go:7: uses strings.TrimPrefix"},
		{"not-resolved", "ended-phase", "internal/telemetry/open.go:5: compares with != incident.Resolved"},
		{"many-exports", "exported", "respond: exports 11 types and functions, at most 10"},
		{"fragments", "stories", "tocsintest: has 11 assertions on a piece of text, at most 10"},
		{"quiet-skip", "loud-skips", "severity/skip_test.go:5: skips with another text"},
		{"skip-now", "loud-skips", "severity/skip_test.go:5: skips without a word"},
	}
	t.Run("clean", func(t *testing.T) {
		for rule, findings := range judge(t, fixture(t, "")) {
			t.Errorf("rule %s refuses the clean tree: %s", rule, strings.Join(findings, "\n"))
		}
	})
	for _, tt := range tests {
		t.Run(tt.addition, func(t *testing.T) {
			got := judge(t, fixture(t, tt.addition))
			for rule, findings := range got {
				if rule != tt.rule {
					t.Errorf("rule %s found something too: %s", rule, strings.Join(findings, "\n"))
				}
			}
			if f := got[tt.rule]; len(f) != 1 || !strings.HasPrefix(f[0], tt.want) {
				t.Errorf("rule %s found %q, want one finding that begins with %q", tt.rule, f, tt.want)
			}
		})
	}
}

// fixture lays an addition over testdata/clean and returns where. A file of the addition takes the place of one of the same
// name.
func fixture(t *testing.T, addition string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/clean")))
	if addition == "" {
		return root
	}
	files := os.DirFS(filepath.Join("testdata", addition))
	require.NoError(t, fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.RemoveAll(filepath.Join(root, name))
	}))
	require.NoError(t, os.CopyFS(root, files))
	return root
}

// judge returns what each rule finds in the tree at root.
func judge(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, p := range load(t, root) {
		for _, rule := range rules {
			rule.judge(p, func(where, format string, args ...any) {
				found[rule.name] = append(found[rule.name], fmt.Sprintf(where+": "+format, args...))
			})
		}
	}
	return found
}
