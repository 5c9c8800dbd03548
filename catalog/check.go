package catalog

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
)

// Validate reports everything that keeps the catalog from running: names that lead nowhere, rules that do not compile, values
// out of range. The error joins all faults; one of a catalog from YAML is a [*FileError]. [Catalog.Vet] reports what can run
// and should not.
func (c *Catalog) Validate() error {
	_, err := c.Compile()
	return err
}

// spot is a part of the catalog that a check looks at: its name for people and its path.
type spot struct {
	where string
	path  fault.Path
}

// in returns a part of s that has no name of its own.
func (s spot) in(path ...any) spot { return spot{s.where, slices.Concat(s.path, path)} }

// item returns an item of a list in s, which people count from 1.
func (s spot) item(list, noun string, i int) spot {
	return spot{fmt.Sprintf("%s: %s %d", s.where, noun, i+1), slices.Concat(s.path, fault.Path{list, i})}
}

// entry returns a named entry of a section.
func entry[K ~string](section, noun string, name K) spot {
	return spot{fmt.Sprintf("%s %q", noun, name), fault.Path{section, name}}
}

// entries iterates over a section in the order of the names.
func entries[K ~string, V any](section, noun string, all map[K]V) iter.Seq2[spot, V] {
	return func(yield func(spot, V) bool) {
		for _, name := range sorted(all) {
			if !yield(entry(section, noun, name), all[K(name)]) {
				return
			}
		}
	}
}

// checker collects what keeps a catalog from running, and makes the catalog ready for questions.
type checker struct {
	*Catalog
	before *Compiled // its rules need no second look
	out    *Compiled
	flaws  []flaw
}

// flaw is something that keeps the catalog from running.
type flaw struct {
	spot
	err    error
	misses string // the section that lacks something; perhaps it is there, and the file could not be read
}

func (c *checker) add(at spot, format string, args ...any) {
	c.flaws = append(c.flaws, flaw{spot: at, err: fmt.Errorf(format, args...)})
}

// missing is add for what the section lacks.
func (c *checker) missing(section string, at spot, format string, args ...any) {
	c.flaws = append(c.flaws, flaw{at, fmt.Errorf(format, args...), section})
}

// refer checks that a name leads to something in a section, and else says what there is.
func refer[K ~string, V any](c *checker, at spot, what string, name K, section string, in map[K]V) {
	if name == "" {
		return
	}
	if _, ok := in[name]; !ok {
		c.missing(section, at, "%s %q does not exist, expected %s%s", what, name, choices(in), suggest(string(name), sorted(in)))
	}
}

// each adds the faults of a part that checks itself. A list that stands in YAML by name needs the names of its items.
func (c *checker) each(at spot, err error, names ...string) {
	for _, f := range fault.Of(err) {
		inner := spot{fault.Join(at.where, f.Where), slices.Concat(at.path, f.Path)}
		if len(names) > 0 && len(f.Path) > 0 {
			inner.path[len(at.path)] = names[f.Path[0].(int)]
		}
		c.flaws = append(c.flaws, flaw{spot: inner, err: f.Err})
	}
}

// table compiles rules, only the new ones if there is a table from before.
func table[T any](before *route.Table[T], rules []route.Rule[T]) (*route.Table[T], error) {
	if before == nil {
		return route.Compile(rules, nil)
	}
	return before.Recompile(rules)
}

// locate returns where the flaw stands, and the error to show there: the line and column of a rule's text go without saying
// where those of the file are known.
func (f *flaw) locate(places *part) (position, error) {
	at := places.find(f.path)
	var rule *route.CompileError
	if errors.As(f.err, &rule) && rule.Line > 0 {
		if known := places.along(f.path); len(known) > len(f.path) && known[len(f.path)].rule != nil {
			return known[len(f.path)].rule.position(rule.Line, rule.Col), placed{rule}
		}
	}
	return at, f.err
}

// placed is the fault of a rule whose place in a file is known.
type placed struct{ *route.CompileError }

// Error implements error.
func (p placed) Error() string { return fmt.Sprintf("rule %q: %s", p.Rule, p.Message) }

// Unwrap returns the fault with its place in the rule's text.
func (p placed) Unwrap() error { return p.CompileError }

// show returns the flaw as an error, a [*FileError] where its place is known.
func (f *flaw) show(places *part) error {
	at, err := f.locate(places)
	err = &fault.Error{Where: f.where, Err: err}
	if at.line == 0 {
		return fmt.Errorf("catalog: %w", err)
	}
	return &FileError{at.file, at.line, at.column, err}
}

// refused joins the flaws.
func (c *Catalog) refused(flaws []flaw) error {
	errs := make([]error, len(flaws))
	for i := range flaws {
		errs[i] = flaws[i].show(c.places)
	}
	return errors.Join(errs...)
}

// lasting leaves out what YAML cannot say and the program may yet add: strategies.
func lasting(flaws []flaw) []flaw {
	return slices.DeleteFunc(flaws, func(f flaw) bool { return f.misses == strategies })
}
