package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/route"
)

// Finding is something that should not run, although it can.
type Finding struct {
	Kind  string // see [Catalog.Vet]
	Place string // FILE:LINE:COLUMN; empty where the catalog was written in Go
	Where string // the part that it is about, such as class "shop.slow"
	Text  string
}

// String returns f as one line: FILE:LINE:COLUMN: where: text (kind).
func (f Finding) String() string {
	text := fmt.Sprintf("%s: %s (%s)", f.Where, f.Text, f.Kind)
	if f.Place != "" {
		return f.Place + ": " + text
	}
	return text
}

// vet looks at a catalog that can run.
type vet struct {
	*Compiled
	from, to time.Time
	idle     map[string]bool // schedules on which nobody is in all that time
	findings []Finding
}

func (v *vet) add(kind string, at spot, format string, args ...any) {
	v.note(kind, v.source.places.find(at.path), at.where, fmt.Sprintf(format, args...))
}

func (v *vet) note(kind string, at position, where, text string) {
	f := Finding{Kind: kind, Where: where, Text: text}
	if at.line > 0 {
		f.Place = at.String()
	}
	v.findings = append(v.findings, f)
}

// invalid reports what keeps the catalog from running.
func (v *vet) invalid(flaws []flaw) {
	for i := range flaws {
		at, err := flaws[i].locate(v.source.places)
		v.note("invalid", at, flaws[i].where, err.Error())
	}
}

// rules reports rules that do not do what they seem to. places holds the rules by their ids.
func (v *vet) rules(found []route.Finding, places map[string]spot) {
	for _, f := range found {
		text := f.Text
		if len(f.Others) > 0 {
			text += "; see " + strings.Join(f.Others, ", ")
		}
		v.add("rule-"+f.Kind, places[f.Rule], "%s", text)
	}
}

// alone leaves out findings about the order of rules, for a table in which every rule is asked.
func alone(found []route.Finding) []route.Finding {
	return slices.DeleteFunc(found, func(f route.Finding) bool { return f.Kind == "shadowed" || f.Kind == "redundant" })
}
