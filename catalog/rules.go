package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
)

// rules adds the faults of the rules of a section. A rule of YAML shows the place in its file, one of Go that in its text.
// step is the index or name under which the section keeps a rule.
func (f *faults) rules(section string, err error, ids []string, step func(int) any) {
	index := 0
	for _, e := range flatten(err) {
		var fault *route.CompileError
		if !errors.As(e, &fault) {
			f.note(path(section), fmt.Errorf("%s: %w", section, e))
			continue
		}
		index = indexOf(ids, fault, index)
		field := "when"
		if fault.Line == 0 {
			field = "id"
		}
		where := path(section, step(index), field)
		if at, ok := f.places.expression(where, fault.Line, fault.Col); ok {
			f.note(where, &ruleError{fmt.Sprintf("%s: rule %q: %s", section, fault.Rule, withoutPlace(fault)), fault})
			f.list[len(f.list)-1].at = at
			continue
		}
		f.note(where, fmt.Errorf("%s: %w", section, fault))
	}
}

// byIndex is the step to a rule of a list.
func byIndex(i int) any { return i }

// indexOf finds the rule of a fault, from the rule of the fault before on: faults come in the order of the rules, and an id
// may be there twice.
func indexOf(ids []string, fault *route.CompileError, from int) int {
	n := 0
	if _, err := fmt.Sscanf(fault.Rule, "#%d", &n); err == nil && n > 0 && n <= len(ids) && ids[n-1] == "" {
		return n - 1
	}
	again := from
	if fault.Line == 0 { // perhaps of the id itself, which the second rule has
		again = max(from, slices.Index(ids, fault.Rule)+1)
	}
	for _, start := range []int{again, from} {
		if i := slices.Index(ids[start:], fault.Rule); i >= 0 {
			return start + i
		}
	}
	return from
}

// withoutPlace returns the message of a fault without its place in the text, which the place in the file stands for.
func withoutPlace(fault *route.CompileError) string {
	return strings.TrimPrefix(fault.Message, fmt.Sprintf("ERROR: <input>:%d:%d: ", fault.Line, fault.Col))
}

// ruleError says what is wrong with a rule in a file.
type ruleError struct {
	text string
	of   *route.CompileError
}

// Error implements error.
func (e *ruleError) Error() string { return e.text }

// Unwrap returns the error of the rule by itself.
func (e *ruleError) Unwrap() error { return e.of }

// messages adds the faults of the texts in place of the built-in ones.
func (f *faults) messages(own map[notify.Kind]notify.Template) {
	for _, kind := range slices.Sorted(maps.Keys(own)) {
		_, err := notify.NewTemplates(map[notify.Kind]notify.Template{kind: own[kind]})
		for _, e := range flatten(err) {
			field := ""
			for _, part := range []string{"title", "text"} {
				if strings.Contains(e.Error(), string(kind)+" "+part) {
					field = part
				}
			}
			f.add(path("messages", kind, field), "messages", "%s", strings.TrimPrefix(e.Error(), "notify: template: "))
		}
	}
}

// classes adds the faults of classes by themselves.
func (f *faults) classes(err error) {
	for _, e := range flatten(err) {
		text := strings.TrimPrefix(e.Error(), "event: ")
		var class string
		if _, err := fmt.Sscanf(text, "class %q", &class); err != nil {
			f.note(path("classes"), e)
			continue
		}
		_, fault, ok := strings.Cut(text, ": ")
		word, _, _ := strings.Cut(fault, " ")
		if !ok {
			word = ""
		}
		f.note(path("classes", class, fieldOf(word)), errors.New(text))
	}
}
