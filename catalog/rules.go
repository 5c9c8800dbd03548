package catalog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/route"
)

// rules adds the faults of the rules of a section. A rule of YAML shows the place in its file, one of Go that in its text.
// step is the index or name under which the section keeps a rule.
func (f *faults) rules(section string, err error, step func(int) any) {
	for _, e := range fault.Of(err) {
		where := path(section)
		if len(e.Path) > 0 {
			where = path(section, step(e.Path[0].(int)), e.Path[1])
		}
		var rule *route.CompileError
		if errors.As(e, &rule) {
			if at, ok := f.places.expression(where, rule.Line, rule.Col); ok {
				f.note(where, &ruleError{fmt.Sprintf("%s: rule %q: %s", section, rule.Rule, rule.Message), rule})
				f.list[len(f.list)-1].at = at
				continue
			}
		}
		f.add(where, section, "%w", e)
	}
}

// byIndex is the step to a rule of a list.
func byIndex(i int) any { return i }

// ruleError says what is wrong with a rule in a file.
type ruleError struct {
	text string
	of   *route.CompileError
}

// Error implements error.
func (e *ruleError) Error() string { return e.text }

// Unwrap returns the error of the rule by itself.
func (e *ruleError) Unwrap() error { return e.of }

// classes adds the faults of classes by themselves.
func (f *faults) classes(err error, all []event.Class) {
	for _, e := range fault.Of(err) {
		class := all[e.Path[0].(int)].Name
		f.note(path(slices.Concat(fault.Path{"classes", class}, e.Path[1:])...), e)
	}
}
