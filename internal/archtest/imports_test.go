package archtest

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// report is told of each place that breaks a rule: where it is, and what was found and expected.
type report func(where, format string, args ...any)

// eachImport visits the imports of files of a package.
func eachImport(files []*file, visit func(where, importPath string)) {
	for _, f := range files {
		for _, spec := range f.ast.Imports {
			visit(f.at(spec), importPath(spec))
		}
	}
}

// judgeLayers holds that every package has a layer, that imports outside tests go downwards, and that an internal package
// serves its own module.
func judgeLayers(p *pkg, found report) {
	if p.layer == unplaced {
		found(p.rel, "the package has no layer; enter it in layers in internal/archtest/tables_test.go")
		return
	}
	eachImport(p.code, func(where, imported string) {
		to, isOurs := ours(imported)
		switch {
		case !isOurs:
		case p.foreignInternal(imported) && !matchAny(internalUsers, p.rel):
			found(where, "imports %s of another module; internal packages serve their own module", to)
		default:
			if why := refusal(p.rel, to); why != "" {
				found(where, "imports %s: %s", to, why)
			}
		}
	})
	eachImport(p.tests, func(where, imported string) {
		if p.foreignInternal(imported) && !matchAny(slices.Concat(internalUsers, internalTestUsers), p.rel) {
			to, _ := ours(imported)
			found(where, "imports %s of another module; internal packages serve their own module, also in tests", to)
		}
	})
}

// foreignInternal says whether an import is an internal package of another module of ours.
func (p *pkg) foreignInternal(imported string) bool {
	to, isOurs := ours(imported)
	return isOurs && isInternal(to) && p.module != ourModule && !strings.HasPrefix(imported, p.module+"/")
}

// refusal says why one package of ours may not import another, or "" when it may.
func refusal(from, to string) string {
	if isTestPackage(to) && !isTestPackage(from) && !strings.HasPrefix(from, "bench/") {
		return "*test packages are for _test.go files, other *test packages and benchmarks"
	}
	// A *test package beneath a package speaks its parent's language: it may import the parent, and what the parent may.
	if parent := path.Dir(from); isTestPackage(from) && parent != "." && layerOf(parent) != unplaced {
		if to == parent || isTestPackage(to) || hasEdge(from, to) {
			return ""
		}
		from = parent
	}
	low, high := layerOf(to), layerOf(from)
	switch {
	case low == unplaced, low < high, high == above: // an unplaced package is reported once, where it is
		return ""
	case low > high:
		return fmt.Sprintf("L%d may not import L%d, imports go downwards only", high, low)
	}
	if hasEdge(from, to) {
		return ""
	}
	return fmt.Sprintf("both are in L%d, and sideways in internal/archtest/tables_test.go has no such edge", low)
}

// hasEdge says whether sideways lists an import. A *test package needs an entry of its own.
func hasEdge(from, to string) bool {
	for _, edge := range sideways {
		if edge.to == to && (edge.from == from || !isTestPackage(from) && match(edge.from, from)) {
			return true
		}
	}
	return false
}

// judgeEngine holds that there is one rule engine: nothing else evaluates CEL or regular expressions.
func judgeEngine(p *pkg, found report) {
	if p.rel == "route" || p.module != ourModule {
		return
	}
	eachImport(p.code, func(where, imported string) {
		if match("cel.dev/cel-go/...", imported) || match("regexp/...", imported) {
			found(where, "imports %s; only route may, its tables are the one rule mechanism", imported)
		}
	})
}

// judgeThirdParty holds that the core imports what the table names, from where the table names it.
func judgeThirdParty(p *pkg, found report) {
	if p.module != ourModule {
		return
	}
	eachImport(p.code, func(where, imported string) {
		if _, isOurs := ours(imported); isOurs {
			return
		}
		switch {
		case match("testing/...", imported):
			if !isTestPackage(p.rel) {
				found(where, "imports %s; only _test.go files and *test packages may", imported)
			}
		case standard(imported):
		case matchAny(testLibraries, imported):
			found(where, "imports %s; only _test.go files may", imported)
		case isTestPackage(p.rel):
			found(where, "imports %s; *test packages keep to the standard library and to ours", imported)
		default:
			if places := placesOf(imported); !matchAny(places, p.rel) && !slices.Contains(places, fmt.Sprintf("L%d", p.layer)) {
				found(where, "imports %s, allowed in: %s (thirdParty in internal/archtest/tables_test.go)",
					imported, cmp.Or(strings.Join(places, ", "), "no package"))
			}
		}
	})
}

// placesOf returns from where the core may import a foreign package.
func placesOf(imported string) []string {
	for _, entry := range thirdParty {
		if match(entry.pattern, imported) {
			return entry.places
		}
	}
	return nil
}
