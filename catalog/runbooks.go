package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/route"
)

// runbooks makes the runbooks ready: by name, and their conditions as a table in the order of the names.
func (c *Catalog) runbooks(before *route.Table[*automate.Runbook], found *faults) (
	map[string]*automate.Runbook, *route.Table[*automate.Runbook],
) {
	all := make(map[string]*automate.Runbook, len(c.Runbooks))
	var rules []route.Rule[*automate.Runbook]
	var ids []string
	for _, name := range sorted(c.Runbooks) {
		book := c.Runbooks[name]
		book.Name = name
		all[name] = &book
		if book.When != "" {
			rules, ids = append(rules, route.Rule[*automate.Runbook]{ID: name, When: book.When, Then: &book}), append(ids, name)
		}
	}
	calls, err := table(before, rules)
	if err != nil {
		found.rules("runbooks", err, func(i int) any { return ids[i] })
	}
	return all, calls
}

func (c *Catalog) checkRunbooks(f *faults) {
	for _, id := range sorted(c.Runbooks) {
		book, where := c.Runbooks[id], fmt.Sprintf("runbook %q", id)
		at := path("runbooks", id, "owner")
		if book.Owner == "" {
			f.add(at, where, "owner is missing, expected the team that is responsible")
		}
		name(f, at, where, "owner", book.Owner, c.Teams)
		f.each(book.Validate(), where, "runbooks", id)
	}
}

// Runbooks returns the runbooks that an event calls for, in the order of their names, and the errors of conditions that failed
// on it, by name: such a runbook is not called for. Those of mode manual wait for a person, whatever their condition.
func (c *Compiled) Runbooks(f *route.Facts) ([]*automate.Runbook, map[string]error) {
	var called []*automate.Runbook
	res := c.calls.All(f)
	for m := range res.Matches() {
		if m.Then.Mode != automate.Manual {
			called = append(called, m.Then)
		}
	}
	return called, collect(&res)
}

// Runbook returns the runbook of the name, nil if there is none. A class may name one as its own.
func (c *Compiled) Runbook(name string) *automate.Runbook { return c.runbooks[name] }

// Actions returns the names of all actions that the steps of runbooks call, sorted: each needs an [automate.Action].
func (c *Compiled) Actions() []string {
	used := make(map[string]bool)
	for _, book := range c.runbooks {
		for i := range book.Steps {
			used[book.Steps[i].Action()] = true
		}
	}
	delete(used, "")
	return slices.Sorted(maps.Keys(used))
}
