package status

import (
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/line"
)

// form is a form of the room. Without fields it is a row of buttons.
type form struct {
	Base, ID string // where it goes, and the incident
	Key      string // tells it from others on the page
	Sum      string // what opens it; empty: it is open
	Open     bool   // it was refused, and shows what was typed
	Hidden   []formField
	Fields   []formField
	Buttons  []button
}

// formField is a field of a form.
type formField struct {
	Name, Label, Kind, Value string // the kinds: line, text, time, pick, check
	Required                 bool
	Options                  []option
}

type option struct {
	Value, Say string
	Here       bool
}

func hidden(name, value string) []formField { return []formField{{Name: name, Value: value}} }

// fill opens the form that was refused, with what was typed in it. Who may not act gets no form.
func (p *roomPart) fill(q *request, id string) {
	p.Forms = q.refill(p.Forms, id)
	for i := range p.Lines {
		p.Lines[i].Forms = q.refill(p.Lines[i].Forms, id)
	}
}

func (q *request) refill(forms []form, id string) []form {
	if !q.mayAct() {
		return nil
	}
	do := q.PostFormValue("do")
	for i := range forms {
		f := &forms[i]
		f.Base, f.ID = q.base, id
		mine := slices.ContainsFunc(f.Buttons, func(b button) bool { return do != "" && b.Do == do }) &&
			!slices.ContainsFunc(f.Hidden, func(h formField) bool { return q.PostFormValue(h.Name) != h.Value })
		if !mine {
			continue
		}
		f.Open = true
		for k := range f.Fields {
			f.Fields[k].set(q.PostFormValue(f.Fields[k].Name))
		}
	}
	return forms
}

// set puts in what was typed, line by line without what a page must not show.
func (f *formField) set(value string) {
	var lines []string
	for text := range strings.SplitSeq(value, "\n") {
		lines = append(lines, line.Of(text))
	}
	f.Value = strings.Join(lines, "\n")
	for i := range f.Options {
		f.Options[i].Here = f.Options[i].Value == value
	}
}
