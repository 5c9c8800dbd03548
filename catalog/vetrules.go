package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/route"
)

// rules reports rules that do not do what they seem to. Of a table in which every rule is asked, what stands before a rule does
// not shadow it.
func (v *vet) rules() {
	routes := make([]string, len(v.source.Routes))
	for i := range v.source.Routes {
		routes[i] = v.source.Routes[i].ID
	}
	v.table("route", v.routes.Vet(), func(id string) string { return path("routes", slices.Index(routes, id), "when") })
	alone := func(found []route.Finding) []route.Finding {
		return slices.DeleteFunc(found, func(f route.Finding) bool { return f.Kind == "shadowed" || f.Kind == "redundant" })
	}
	v.table("rule", alone(v.impact.Vet()), func(id string) string { // which is impact 1, impact 2 and so on
		n, _ := strconv.Atoi(strings.TrimPrefix(id, "impact "))
		return path("impact", n-1, "when")
	})
	v.table("runbook", alone(v.calls.Vet()), func(id string) string { return path("runbooks", id, "when") })
}

func (v *vet) table(what string, found []route.Finding, at func(id string) string) {
	for _, f := range found {
		text := f.Text
		if len(f.Others) > 0 {
			text += "; see " + strings.Join(f.Others, ", ")
		}
		v.add("rule-"+f.Kind, at(f.Rule), what+" \""+f.Rule+"\"", "%s", text)
	}
}
