package catalog

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

// Compiled is a valid catalog, made ready for questions.
type Compiled struct {
	source   *Catalog
	taxonomy *event.Taxonomy
	impact   *route.Table[*ImpactRule]
	routes   *route.Table[*Route]
	runbooks map[string]*automate.Runbook
	calls    *route.Table[*automate.Runbook] // of the events that call for them
	texts    *notify.Templates
	matrix   severity.Matrix
	tiers    map[string]tier
	plans    map[string]*Pinned
	pinned   map[string]*Pinned // the same by hash
	recall   *recall
}

// Compile validates the catalog and makes it ready.
func (c *Catalog) Compile() (*Compiled, error) {
	return c.compileAfter(&Compiled{})
}

// Recompile validates another catalog and makes it ready. Rules whose text c has already are not checked again, which is nearly
// all that a reload takes. c stays as it is.
func (c *Compiled) Recompile(next *Catalog) (*Compiled, error) { return next.compileAfter(c) }

func (c *Catalog) compileAfter(before *Compiled) (*Compiled, error) {
	out, found := c.compile(before)
	if len(found.list) > 0 {
		return nil, found.join()
	}
	return out, nil
}

// compile also returns what keeps the catalog from running; without any the answer is ready. before may be empty.
func (c *Catalog) compile(before *Compiled) (*Compiled, *faults) {
	found := &faults{places: c.places}
	c.check(found)
	out := &Compiled{source: c, matrix: c.Matrix, tiers: c.tiers(), recall: newRecall(c.Plans)}
	if out.matrix == (severity.Matrix{}) {
		out.matrix = severity.DefaultMatrix()
	}
	var err error
	classes := slices.Concat(builtinClasses(c.Classes), c.Classes)
	if out.taxonomy, err = event.NewTaxonomy(classes); err != nil {
		found.classes(err, classes)
	}
	if out.texts, err = notify.NewTemplates(c.Messages); err != nil {
		found.each(err, "messages", "messages")
	}
	impact := make([]route.Rule[*ImpactRule], len(c.Impact))
	for i := range c.Impact {
		impact[i] = route.Rule[*ImpactRule]{ID: fmt.Sprintf("impact %d", i+1), When: c.Impact[i].When, Then: &c.Impact[i]}
	}
	if out.impact, err = table(before.impact, impact); err != nil {
		found.rules("impact", err, byIndex)
	}
	routes := make([]route.Rule[*Route], len(c.Routes))
	for i := range c.Routes {
		r := &c.Routes[i]
		routes[i] = route.Rule[*Route]{ID: r.ID, When: r.When, Continue: r.Continue, Then: r}
	}
	if out.routes, err = table(before.routes, routes); err != nil {
		found.rules("routes", err, byIndex)
	}
	out.runbooks, out.calls = c.runbooks(before.calls, found)
	out.plans, out.pinned = make(map[string]*Pinned, len(c.Plans)), make(map[string]*Pinned, len(c.Plans))
	for name := range c.Plans {
		p := c.pin(name)
		out.plans[name], out.pinned[p.Hash] = p, p
	}
	return out, found
}

// table compiles rules, those that are new if there is a table from before.
func table[T any](before *route.Table[T], rules []route.Rule[T]) (*route.Table[T], error) {
	if before == nil {
		return route.Compile(rules, nil)
	}
	return before.Recompile(rules)
}

// builtinClasses are the classes of findings and of what the in-process intakes make, less those that own names.
func builtinClasses(own []event.Class) []event.Class {
	builtin := []event.Class{
		{Name: "tocsin.*", Severity: severity.Warning, StaleAfter: 24 * time.Hour},
		{Name: "tocsin." + event.FindingExhausted, Severity: severity.Critical},
		{Name: "tocsin." + event.FindingUncoveredLevel, Severity: severity.Error},
		{Name: "tocsin." + event.FindingDeadLetter, Severity: severity.Error},
		{Name: "log.error", Severity: severity.Error},
		{Name: "panic", Severity: severity.Critical},
	}
	return slices.DeleteFunc(builtin, func(c event.Class) bool {
		return slices.ContainsFunc(own, func(o event.Class) bool { return o.Name == c.Name })
	})
}

// tier is what the importance of a service is, and of which service it comes.
type tier struct {
	tier int
	from string
}

// tiers gives every service the tier of the most important service that needs it, directly or through others.
func (c *Catalog) tiers() map[string]tier {
	tiers := make(map[string]tier, len(c.Services))
	names := slices.Sorted(maps.Keys(c.Services))
	for _, n := range names {
		tiers[n] = tier{c.Services[n].Tier, n}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range names {
			above := tiers[n]
			for _, need := range c.Services[n].Needs {
				if own := tiers[need]; above.tier != 0 && (own.tier == 0 || above.tier < own.tier) {
					tiers[need] = above
					changed = true
				}
			}
		}
	}
	return tiers
}

// Class returns the class of a type, as [event.Taxonomy.Class] does.
func (c *Compiled) Class(typ string) (*event.Class, bool) { return c.taxonomy.Class(typ) }

// CatchAll returns the team that owns what nobody else does.
func (c *Compiled) CatchAll() string { return c.source.Defaults.Owner }

// Render fills the texts of a message, as [notify.Templates.Render] does.
func (c *Compiled) Render(m *notify.Message) error { return c.texts.Render(m) }
