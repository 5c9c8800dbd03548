package event

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/severity"
)

// Unclassified is the class of events whose type no class names.
const Unclassified = "unclassified"

// Taxonomy is the set of classes, with what each inherits filled in. It is immutable and safe for concurrent use.
type Taxonomy struct {
	exact  map[string]*Class
	prefix map[string]*Class // by "payments." for payments.*
}

// NewTaxonomy compiles classes. All faults come at once, joined.
func NewTaxonomy(classes []Class) (*Taxonomy, error) {
	t := &Taxonomy{exact: make(map[string]*Class, len(classes)+1), prefix: make(map[string]*Class)}
	var errs []error
	for i := range classes {
		c := classes[i]
		if err := c.check(); err != nil {
			errs = append(errs, err)
			continue
		}
		into, name := t.exact, c.Name
		if above, ok := strings.CutSuffix(c.Name, "*"); ok {
			into, name = t.prefix, above
		}
		if into[name] != nil {
			errs = append(errs, fmt.Errorf("event: class %q is there twice", c.Name))
			continue
		}
		into[name] = &c
	}
	if t.exact[Unclassified] == nil {
		t.exact[Unclassified] = &Class{Name: Unclassified, Severity: severity.Warning}
	}
	t.inherit()
	return t, errors.Join(errs...)
}

// Class returns the class of events of the type: the one of that name; else one made of what classes above it decided,
// under the type's own name; else Unclassified and false. Nobody changes what it returns.
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

// inherit fills every class from the nearest class above it, the highest first, so that one look up suffices.
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

// above finds the longest prefix class strictly above the name.
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
	fill(&c.Plan, a.Plan)
	fill(&c.Runbook, a.Runbook)
	fill(&c.StaleAfter, a.StaleAfter)
	fill(&c.For, a.For)
	if c.Count == 0 {
		c.Count, c.Within = a.Count, a.Within
	}
	if len(c.Dedup) == 0 {
		c.Dedup = a.Dedup
	}
}

func fill[T comparable](field *T, from T) {
	var zero T
	if *field == zero {
		*field = from
	}
}

func (c *Class) check() error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("event: class %q: "+format, append([]any{c.Name}, args...)...))
	}
	base := strings.TrimSuffix(c.Name, ".*")
	for part := range strings.SplitSeq(base, ".") {
		if part == "" || strings.ContainsAny(part, "*/# \t\n") {
			fault("expected dotted words, or dotted words and a final \".*\"")
			break
		}
	}
	switch c.Kind {
	case "", Alert, Changes, Infos:
	default:
		fault("kind %q is none of alert, change, info", c.Kind)
	}
	if !c.Severity.Valid() {
		fault("%v is none of the severities", c.Severity)
	}
	if c.StaleAfter < 0 {
		fault("stale after %v, expected no negative duration", c.StaleAfter)
	}
	if c.For < 0 {
		fault("for %v, expected no negative duration", c.For)
	}
	if c.Count < 0 || c.Within < 0 || (c.Count > 0) != (c.Within > 0) {
		fault("count %d within %v, expected both above zero, or neither", c.Count, c.Within)
	}
	for _, path := range c.Dedup {
		if !ValidField(path) {
			fault("dedup field %q, expected %s", path, FieldForms)
		}
	}
	return errors.Join(errs...)
}
