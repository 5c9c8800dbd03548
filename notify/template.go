package notify

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Template holds the title and the text of one kind of message, written for text/template over the fields of [Message]:
//
//	Template{Title: "{{.Priority}} {{.Summary}}", Text: "owner {{.Owner}}"}
//
// Fields are data: braces in them are printed, not executed. The text needs neither the reason nor the links: these are parts of their
// own, see [Message.Parts]. {{clock . .Since}} prints a time of day, {{cut 60 .Latest}} the first 60 bytes.
type Template struct{ Title, Text string }

const (
	maxTitle = 256     // bytes of a rendered title
	maxText  = 4 << 10 // bytes of a rendered text
)

// Templates renders messages. It is immutable and safe for concurrent use.
type Templates struct {
	kinds     map[Kind]parsed
	occasions map[Occasion]parsed
	audience  parsed
	own       map[Kind]Template
}

type parsed struct{ title, text *template.Template }

// NewTemplates compiles templates. An entry of own replaces the built-in words of its kind, for every occasion; an empty Title or Text
// keeps the built-in one. The error joins all faults.
func NewTemplates(own map[Kind]Template) (*Templates, error) {
	source := byKind()
	var found fault.List
	for _, kind := range slices.Sorted(maps.Keys(own)) {
		t := own[kind]
		builtin, ok := source[kind]
		if !ok {
			found.Add(fault.Path{kind}, "template of kind %q, expected page, notice, reminder or all-clear", kind)
			continue
		}
		source[kind] = Template{cmp.Or(t.Title, builtin.Title), cmp.Or(t.Text, builtin.Text)}
	}
	ts := &Templates{kinds: compileAll(&found, source), own: maps.Clone(own)}
	ts.occasions = compileAll(&found, byOccasion())
	ts.audience = parsed{compile(&found, "audience", "title", "{{.Note}}"), compile(&found, "audience", "text", "{{.Note}}")}
	return ts, found.Err()
}

// compileAll compiles templates by their names.
func compileAll[K ~string](found *fault.List, source map[K]Template) map[K]parsed {
	all := make(map[K]parsed, len(source))
	for _, name := range slices.Sorted(maps.Keys(source)) {
		t := source[name]
		all[name] = parsed{compile(found, Kind(name), "title", t.Title), compile(found, Kind(name), "text", t.Text)}
	}
	return all
}

// of returns the templates of a message: those of its occasion, where its kind has none of its own. To somebody outside goes the note
// alone.
func (ts *Templates) of(m *Message) (p parsed, ok bool) {
	if m.Audience {
		return ts.audience, true
	}
	p, ok = ts.kinds[m.Kind]
	builtin, told := ts.occasions[m.Occasion]
	if !told || !ok {
		return p, ok
	}
	if ts.own[m.Kind].Title == "" {
		p.title = builtin.title
	}
	if ts.own[m.Kind].Text == "" {
		p.text = builtin.text
	}
	return p, true
}

// compile parses a template and runs it once over an empty message. The run finds unknown fields and endless loops.
func compile(found *fault.List, kind Kind, part, text string) *template.Template {
	t, err := template.New(string(kind) + " " + part).Option("missingkey=error").Funcs(short()).Funcs(phrases()).Parse(text)
	if err == nil {
		count(t)
		_, err = execute(t, &Message{}, maxText)
	}
	if err != nil {
		found.Note(fault.Path{kind, part}, err)
	}
	return t
}

// Render sets Title, at most 256 bytes in one line, and Text, at most 4 KiB, from the other fields of m. If the title's
// template fails or runs too long, the title is priority and summary. If the text's template does, the text is empty. The error
// reports the failure; m can be sent nevertheless. A message that holds several pages keeps its words, see [Together].
func (ts *Templates) Render(m *Message) error {
	if len(m.Pages) > 0 {
		return nil
	}
	p, ok := ts.of(m)
	shown := m.Shown() // so that only the template begins lines
	title, titleErr, textErr := "", error(nil), error(nil)
	if ok {
		title, titleErr = execute(p.title, &shown, maxTitle)
	}
	if title == "" {
		title = shown.Priority.String() + " " + shown.Summary
	}
	m.Title = shorten(strings.Join(strings.Fields(title), " "), maxTitle)
	m.Text, shown.Text, shown.Title = "", "", m.Title
	if ok {
		m.Text, textErr = execute(p.text, &shown, maxText)
	}
	return errors.Join(titleErr, textErr)
}

// execute returns the output of t. Beyond limit bytes it is cut between two characters and outside of links; "" if t fails.
func execute(t *template.Template, m *Message, limit int) (string, error) {
	w := &limited{limit: limit + utf8.UTFMax} // some bytes more, so that shorten marks the cut
	if err := t.Execute(w, m); err != nil && !errors.Is(err, errTooLong) {
		return "", err
	}
	return shorten(strings.TrimSpace(strings.ToValidUTF8(w.b.String(), "")), limit), nil
}
