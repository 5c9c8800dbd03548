package catalog

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
)

// markdown is the text so far.
type markdown struct {
	*Compiled
	bytes.Buffer
}

func (d *markdown) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

// table writes rows under a heading, and nothing where there are none. Cells are Markdown already.
func (d *markdown) table(heading string, columns []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	d.line("\n## %s\n", heading)
	d.line("| %s |", strings.Join(columns, " | "))
	d.line("|%s", strings.Repeat(" --- |", len(columns)))
	for _, r := range rows {
		d.line("| %s |", strings.Join(r, " | "))
	}
}

// list writes items under a heading, and nothing where there are none.
func (d *markdown) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	d.line("\n## %s\n", heading)
	for _, i := range items {
		d.line("- %s", i)
	}
}

// plain keeps a text from being read as Markdown or HTML, and on one line.
func plain[T ~string](text T) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(string(text)), " ") {
		if strings.ContainsRune("\\`*_{}[]<>#|&~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plains writes texts one after the other, or what stands for none.
func plains[T ~string](texts []T, none string) string {
	if len(texts) == 0 {
		return none
	}
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = plain(t)
	}
	return strings.Join(all, ", ")
}

// targets says whom targets mean.
func targets(list []escalate.Target) string {
	var all []string
	for _, t := range list {
		switch p, _ := t.Parse(); p.Kind {
		case escalate.ToOwner:
			all = append(all, "whoever is on call for the owner")
		case escalate.ToLead:
			all = append(all, "the owner's lead")
		case escalate.ToPerson:
			all = append(all, plain(p.Name))
		case escalate.ToTeam:
			all = append(all, "whoever is on call for "+plain(p.Name))
		case escalate.ToSchedule:
			all = append(all, "whoever is on call by schedule "+plain(p.Name))
		case escalate.ToChannel:
			all = append(all, "channel "+plain(p.Contact))
		}
	}
	return cmp.Or(strings.Join(all, " and "), "nobody")
}
