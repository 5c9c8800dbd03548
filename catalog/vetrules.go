package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
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

// unrouted reports classes of alerts that name no plan and of which no event is routed, whatever its labels and data: the
// engine pages about that, once the first one comes.
func (v *vet) unrouted() {
	if len(v.source.Routes) == 0 {
		return
	}
	// What a class certainly means for rules: who owns its events is open where a label may say it.
	of := make(map[*route.Facts]*event.Class)
	certain := func(owned bool, fixed ...string) (missed []*route.Facts) {
		var all []*route.Facts
		for _, c := range v.decided() {
			if !alerts(c) || c.Plan != "" || strings.HasSuffix(c.Name, ".*") || owned != (c.Owner != "" || v.source.Services[c.Service].Owner != "") {
				continue
			}
			f := v.facts(&event.Event{Type: c.Name}, c)
			all, of[&f] = append(all, &f), c
		}
		return v.routes.Uncovered(all, fixed...)
	}
	missed := append(certain(true, "event.type", "service", "team"), certain(false, "event.type", "service")...)
	slices.SortFunc(missed, func(a, b *route.Facts) int { return strings.Compare(of[a].Name, of[b].Name) })
	for _, f := range missed {
		name := of[f].Name
		v.add("uncovered-class", path("classes", name), fmt.Sprintf("class %q", name),
			"no route matches any event of it, and it names no plan, expected a plan, or a route")
	}
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
