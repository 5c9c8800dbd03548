package notify

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Template holds the title and the text of one kind of message, written for text/template over the fields of [Message]:
//
//	Template{Title: "{{.Priority}} {{.Summary}}", Text: "owner {{.Owner}}"}
//
// Fields are data: braces in them are printed, not executed.
type Template struct{ Title, Text string }

const (
	maxTitle = 256     // bytes of a rendered title
	maxText  = 4 << 10 // bytes of a rendered text
)

func defaultTemplates() map[Kind]Template {
	const about = "{{with .Service}}service {{.}}{{end}}{{if and .Service .Owner}}, {{end}}{{with .Owner}}owner {{.}}{{end}}" +
		"{{with .Runbook}}\nrunbook {{.}}{{end}}{{range .Links}}\n{{.URL}}{{end}}"
	return map[Kind]Template{
		Page:     {"{{.Priority}} {{.Summary}}", "{{with .Note}}{{.}}\n{{end}}" + about},
		Notice:   {"{{.Priority}} {{.Summary}}{{with .Note}}: {{.}}{{end}}", about},
		Reminder: {"{{.Priority}} {{.Summary}}: {{.Note}}", about},
		AllClear: {"all clear: {{.Summary}}", "{{.Note}}"},
	}
}

// Templates renders messages. It is immutable and safe for concurrent use.
type Templates struct{ kinds map[Kind]parsed }

type parsed struct{ title, text *template.Template }

// NewTemplates compiles templates. An entry of own replaces the built-in template of its kind; an empty Title or Text keeps
// the built-in one. The error joins all faults.
func NewTemplates(own map[Kind]Template) (*Templates, error) {
	source := defaultTemplates()
	var found fault.List
	for _, kind := range slices.Sorted(maps.Keys(own)) {
		t := own[kind]
		builtin, ok := source[kind]
		if !ok {
			found.Add(fault.Path{kind}, "template of kind %q, expected page, notice, reminder or all-clear", kind)
			continue
		}
		if t.Title == "" {
			t.Title = builtin.Title
		}
		if t.Text == "" {
			t.Text = builtin.Text
		}
		source[kind] = t
	}
	ts := &Templates{kinds: make(map[Kind]parsed, len(source))}
	for _, kind := range slices.Sorted(maps.Keys(source)) {
		t := source[kind]
		ts.kinds[kind] = parsed{compile(&found, kind, "title", t.Title), compile(&found, kind, "text", t.Text)}
	}
	return ts, found.Err()
}

// compile parses a template and runs it once over an empty message. The run finds unknown fields and endless loops.
func compile(found *fault.List, kind Kind, part, text string) *template.Template {
	t, err := template.New(string(kind) + " " + part).Option("missingkey=error").Funcs(short()).Parse(text)
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
// reports the failure; m can be sent nevertheless.
func (ts *Templates) Render(m *Message) error {
	p, ok := ts.kinds[m.Kind]
	title, titleErr, textErr := "", error(nil), error(nil)
	if ok {
		title, titleErr = execute(p.title, m, maxTitle)
	}
	if title == "" {
		title = strings.ToValidUTF8(m.Priority.String()+" "+m.Summary, "")
	}
	m.Title = event.Shorten(strings.Join(strings.Fields(title), " "), maxTitle)
	m.Text = ""
	if ok {
		m.Text, textErr = execute(p.text, m, maxText)
	}
	return errors.Join(titleErr, textErr)
}

// execute returns the output of t, cut to limit bytes between two characters; "" if t fails.
func execute(t *template.Template, m *Message, limit int) (string, error) {
	w := &limited{limit: limit}
	if err := t.Execute(w, m); err != nil && !errors.Is(err, errTooLong) {
		return "", err
	}
	return strings.TrimSpace(strings.ToValidUTF8(w.b.String(), "")), nil
}
