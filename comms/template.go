package comms

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stage is how far the response is, as customers are told.
type Stage string

// The stages, in their order.
const (
	Investigating Stage = "investigating"
	Identified    Stage = "identified"
	Monitoring    Stage = "monitoring" // it has recovered, and is watched
	Resolved      Stage = "resolved"   // the last update
)

// Stages returns the stages in their order.
func Stages() []Stage { return []Stage{Investigating, Identified, Monitoring, Resolved} }

// Facts is all that an update may tell. Every field is meant for customers: the words come from the catalog's words for customers, or
// from a person who wrote them for customers, and the instants are those of the impairment and of updates.
type Facts struct {
	Service    string `json:"service,omitempty" erase:"keep"`   // the name that customers know
	Impaired   string `json:"impaired,omitempty" erase:"words"` // a sentence that says what does not work
	Affected   string `json:"affected,omitempty" erase:"words"` // who is affected
	Doing      string `json:"doing,omitempty" erase:"words"`    // what we do about it
	Workaround string `json:"workaround,omitempty" erase:"words"`
	Expected   string `json:"expected,omitempty" erase:"words"` // when it is expected to work again; empty: "unknown"

	Since      time.Time `json:"since,omitzero"`
	NextUpdate time.Time `json:"nextUpdate,omitzero"` // zero: none is promised
	ResolvedAt time.Time `json:"resolvedAt,omitzero"` // zero: it is not
	At         time.Time `json:"at,omitzero"`         // of the update; instants of the same UTC day are told without their date
}

// field is a placeholder: its name and what it stands for.
type field struct {
	name string
	of   func(*Facts) string
}

// fields is the allow list.
func fields() []field {
	instant := func(of func(*Facts) time.Time) func(*Facts) string {
		return func(f *Facts) string { return f.tell(of(f)) }
	}
	return []field{
		{"Service", func(f *Facts) string { return f.Service }},
		{"Impaired", func(f *Facts) string { return f.Impaired }},
		{"Affected", func(f *Facts) string { return f.Affected }},
		{"Doing", func(f *Facts) string { return f.Doing }},
		{"Workaround", func(f *Facts) string { return f.Workaround }},
		{"Expected", func(f *Facts) string {
			if strings.TrimSpace(f.Expected) == "" {
				return "unknown"
			}
			return f.Expected
		}},
		{"Since", instant(func(f *Facts) time.Time { return f.Since })},
		{"NextUpdate", instant(func(f *Facts) time.Time { return f.NextUpdate })},
		{"ResolvedAt", instant(func(f *Facts) time.Time { return f.ResolvedAt })},
	}
}

// tell writes an instant for customers, in UTC; "" for the zero instant.
func (f *Facts) tell(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.UTC()
	if at.Format(time.DateOnly) == f.At.UTC().Format(time.DateOnly) {
		return at.Format("15:04 UTC")
	}
	return at.Format("2 January 15:04 UTC")
}

// Placeholders returns the names that templates may use, such as Since for {{.Since}}.
func Placeholders() []string {
	var names []string
	for _, f := range fields() {
		names = append(names, f.name)
	}
	return names
}

// Missing returns those of the named fields that have no value. Expected always has one. An unknown name is missing.
func (f *Facts) Missing(names ...string) []string {
	all := fields()
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		i := slices.IndexFunc(all, func(p field) bool { return p.name == name })
		return i >= 0 && strings.TrimSpace(all[i].of(f)) != ""
	})
}

// Template is a text with placeholders: {{.NAME}}, where NAME is one of [Placeholders]. It has no functions, conditions or loops.
type Template struct{ pieces []piece }

// piece is a text, or a placeholder.
type piece struct {
	text  string
	field *field
}

const opens, closes = "{{", "}}"

// Parse reads a template. The error is a [*PlaceholderError] that says where the first fault is.
func Parse(text string) (*Template, error) {
	t, all := new(Template), fields()
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, opens)
		if before != "" {
			t.pieces = append(t.pieces, piece{text: before})
		}
		if !found {
			break
		}
		at := text[:len(text)-len(after)-len(opens)]
		inner, next, closed := strings.Cut(after, closes)
		if !closed {
			return nil, faultAt(at, opens+inner)
		}
		name := strings.TrimSpace(inner)
		i := slices.IndexFunc(all, func(f field) bool { return "."+f.name == name })
		if i < 0 {
			return nil, faultAt(at, opens+inner+closes)
		}
		t.pieces, rest = append(t.pieces, piece{field: &all[i]}), next
	}
	return t, nil
}

// PlaceholderError says that a text has a placeholder which does not exist.
type PlaceholderError struct {
	Placeholder  string // as it stands in the text
	Line, Column int    // from 1; columns count characters
}

// faultAt makes the error about a placeholder behind the text.
func faultAt(before, placeholder string) *PlaceholderError {
	line := strings.Count(before, "\n") + 1
	last := before[strings.LastIndexByte(before, '\n')+1:]
	return &PlaceholderError{placeholder, line, len([]rune(last)) + 1}
}

// Error implements error.
func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("line %d, column %d: placeholder %q is unknown, expected {{.NAME}} with one of %s",
		e.Line, e.Column, e.Placeholder, strings.Join(Placeholders(), ", "))
}

// UnresolvedError says that placeholders have no value, so that the text cannot be sent.
type UnresolvedError struct {
	Names []string // such as Workaround, in the order of the text
}

// Error implements error.
func (e *UnresolvedError) Error() string {
	named := make([]string, len(e.Names))
	for i, name := range e.Names {
		named[i] = opens + "." + name + closes
	}
	return "unresolved placeholder " + strings.Join(named, ", ")
}

// Uses reports whether the template has the placeholder of the name.
func (t *Template) Uses(name string) bool {
	return slices.ContainsFunc(t.pieces, func(p piece) bool { return p.field != nil && p.field.name == name })
}

// Render fills the placeholders. The error is an [*UnresolvedError] that names every placeholder without a value, or a
// [*PlaceholderError] about a value that has a placeholder in it.
func (t *Template) Render(f *Facts) (string, error) {
	var out strings.Builder
	var missing []string
	for _, p := range t.pieces {
		if p.field == nil {
			out.WriteString(p.text)
			continue
		}
		value := strings.TrimSpace(p.field.of(f))
		if before, after, found := strings.Cut(value, opens); found {
			return "", faultAt(before, opens+after)
		}
		if value == "" && !slices.Contains(missing, p.field.name) {
			missing = append(missing, p.field.name)
		}
		out.WriteString(value)
	}
	if len(missing) > 0 {
		return "", &UnresolvedError{missing}
	}
	return strings.TrimSpace(out.String()), nil
}

// Compose renders a text for customers. If the text does not say when the next update comes, a sentence is added that does. The errors
// are those of [Parse] and [Template.Render].
func Compose(text string, f *Facts) (string, error) {
	t, err := Parse(text)
	if err != nil {
		return "", err
	}
	out, err := t.Render(f)
	switch {
	case err != nil:
		return "", err
	case f.NextUpdate.IsZero() || t.Uses("NextUpdate"):
		return out, nil
	}
	return out + " Next update by " + f.tell(f.NextUpdate) + ".", nil
}
