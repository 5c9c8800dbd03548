package event

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/severity"
)

// Unclassified names the class of events whose type matches no other class.
const Unclassified = "unclassified"

// Taxonomy is a compiled set of classes; every class holds its inherited fields. It is immutable and safe for concurrent
// use.
type Taxonomy struct {
	exact  map[string]*Class
	prefix map[string]*Class // the key of payments.* is "payments."
}

// NewTaxonomy compiles classes. It adds the class [Unclassified], of severity warning, if classes lacks it. The error joins
// all faults.
func NewTaxonomy(classes []Class) (*Taxonomy, error) {
	t := &Taxonomy{exact: make(map[string]*Class, len(classes)+1), prefix: make(map[string]*Class)}
	var found fault.List
	for i := range classes {
		c := classes[i]
		into, name := t.exact, c.Name
		if above, ok := strings.CutSuffix(c.Name, "*"); ok {
			into, name = t.prefix, above
		}
		faults := c.faults()
		if into[name] != nil {
			faults.Add(nil, "is there twice")
		}
		if len(faults) == 0 {
			into[name] = &c
		}
		found.In(fault.Path{i}, fmt.Sprintf("class %q", c.Name), faults)
	}
	if t.exact[Unclassified] == nil {
		t.exact[Unclassified] = &Class{Name: Unclassified, Severity: severity.Warning}
	}
	t.inherit()
	return t, found.Err()
}

// Class returns the class of events of type typ, and whether a class matches. It looks for the class named typ, then for the
// nearest prefix class; then the result is a copy of the prefix class, named typ. If nothing matches, it returns the class
// [Unclassified] and false. Do not change the result, which other callers share.
func (t *Taxonomy) Class(typ string) (*Class, bool) {
	if c := t.exact[typ]; c != nil {
		return c, typ != Unclassified
	}
	if above := t.above(typ); above != nil {
		c := *above
		c.Name = typ
		return &c, true
	}
	return t.exact[Unclassified], false
}

// inherit fills every class from its nearest prefix class, the shortest prefix first. Class then needs one lookup.
func (t *Taxonomy) inherit() {
	filled := make(map[*Class]bool)
	var fill func(c *Class, name string)
	fill = func(c *Class, name string) {
		above := t.above(name)
		if filled[c] || above == nil {
			return
		}
		filled[c] = true
		fill(above, strings.TrimSuffix(above.Name, "*"))
		c.fillFrom(above)
	}
	for name, c := range t.prefix {
		fill(c, name)
	}
	for name, c := range t.exact {
		fill(c, name)
	}
}

// above returns the class of the longest prefix of name, nil if there is none. payments.* is not above itself.
func (t *Taxonomy) above(name string) *Class {
	name = strings.TrimSuffix(name, ".")
	for {
		dot := strings.LastIndexByte(name, '.')
		if dot < 0 {
			return nil
		}
		if c := t.prefix[name[:dot+1]]; c != nil {
			return c
		}
		name = name[:dot]
	}
}

func (c *Class) fillFrom(a *Class) {
	fill(&c.Kind, a.Kind)
	fill(&c.Severity, a.Severity)
	fill(&c.Service, a.Service)
	fill(&c.Owner, a.Owner)
	if c.Plan == "" && len(c.Plans) == 0 {
		c.Plan, c.Plans = a.Plan, a.Plans
	}
	fill(&c.Runbook, a.Runbook)
	fill(&c.StaleAfter, a.StaleAfter)
	fill(&c.Private, a.Private)
	fill(&c.For, a.For)
	if c.Count == 0 {
		c.Count, c.Within, c.CountOf = a.Count, a.Within, a.CountOf
	}
	if len(c.Dedup) == 0 {
		c.Dedup = a.Dedup
	}
	if len(c.Require) == 0 {
		c.Require = a.Require
	}
}

func fill[T comparable](field *T, from T) {
	var zero T
	if *field == zero {
		*field = from
	}
}

func (c *Class) faults() (found fault.List) {
	base := strings.TrimSuffix(c.Name, ".*")
	for part := range strings.SplitSeq(base, ".") {
		if part == "" || strings.ContainsAny(part, "*/# \t\n") {
			found.Add(nil, "expected dotted words, or dotted words and a final \".*\"")
			break
		}
	}
	switch c.Kind {
	case "", Alert, Changes, Infos:
	default:
		found.Add(fault.Path{"kind"}, "kind %q is none of alert, change, info", c.Kind)
	}
	if !c.Severity.Valid() {
		found.Add(fault.Path{"severity"}, "%v is none of the severities", c.Severity)
	}
	if c.StaleAfter < 0 {
		found.Add(fault.Path{"stale_after"}, "stale after %v, expected no negative duration", c.StaleAfter)
	}
	if c.For < 0 {
		found.Add(fault.Path{"for"}, "for %v, expected no negative duration", c.For)
	}
	if c.Count < 0 || c.Within < 0 || (c.Count > 0) != (c.Within > 0) {
		found.Add(fault.Path{"count"}, "count %d within %v, expected both above zero, or neither", c.Count, c.Within)
	}
	switch {
	case c.CountOf == "":
	case !ValidField(c.CountOf):
		found.Add(fault.Path{"count"}, "count of %q, expected %s", c.CountOf, FieldForms)
	case c.Count == 0:
		found.Add(fault.Path{"count"}, "count of %s without a count", c.CountOf)
	case slices.Contains(c.Dedup, c.CountOf) || len(c.Dedup) == 0 && c.CountOf == "subject":
		found.Add(fault.Path{"count"}, "count of %s, which is the same in all triggers of an alert, expected a field that is not part of the dedup key",
			c.CountOf)
	}
	for i, path := range c.Dedup {
		if !ValidField(path) {
			found.Add(fault.Path{"dedup", i}, "dedup field %q, expected %s", path, FieldForms)
		}
	}
	for i, path := range c.Require {
		if !ValidField(path) {
			found.Add(fault.Path{"require", i}, "required field %q, expected %s", path, FieldForms)
		}
	}
	return found
}
