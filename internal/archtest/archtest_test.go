package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
}

// TestArchitecture holds the rules over every package of this repository.
func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
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
	t.Run("size", func(t *testing.T) { logSize(t, pkgs) })
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
		{"sideways-import", "layers", "notify/sideways.go:4: imports correlate: both are in L1"},
		{"test-package-import", "layers", "suite.go:4: imports notify/notifytest: *test packages are"},
		{"foreign-internal", "layers", "examples/app/foreign.go:4: imports internal/outbox of another module"},
		{"timer", "purity", "respond/timer.go:7: uses time.NewTimer"},
		{"deadline", "purity", "respond/deadline.go:10: uses context.WithTimeout"},
		{"zone", "purity", "respond/zone.go:7: uses time.LoadLocation"},
		{"net-import", "purity", "notify/net.go:4: imports net/http"},
		{"os-import", "purity", "catalog/os.go:4: imports os"},
		{"go-statement", "purity", "respond/background.go:5: starts a goroutine"},
		{"global-rand", "purity", "respond/luck.go:7: uses math/rand/v2.IntN"},
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

// fixture lays testdata/clean and one addition over each other and returns where.
func fixture(t *testing.T, addition string) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"clean", addition} {
		if dir == "" {
			continue
		}
		if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", dir))); err != nil {
			t.Fatal(err)
		}
	}
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
