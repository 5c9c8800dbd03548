package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
)

// The states of a capability beside those of incidents.
const (
	stateUnknown State = "unknown" // nothing recent is known
	stateQuiet   State = "quiet"   // nothing is open
)

// capability says how something that the business does stands.
type capability struct {
	Name, Title, Owner string
	State              State
	Worst              *part // the worst of Parts; nil: nothing is open
	Open               int   // incidents
	Parts              []part
}

// part is a service of a capability, or one that such a service cannot do without.
type part struct {
	Service string
	For     string    // the service of the capability that needs it; empty: it is the capability's own
	Worst   *Incident // nil: nothing is open
	Open    int       // incidents
}

// rollUp says how the capabilities of a catalog stand, by their names. A capability stands as the worst open incident of its services and of
// everything that these need: the catalog says that a service cannot do without what it needs, and ranks that as high. The worst is the one
// that needs people most: unheld, held, watched, informed; then by priority, and the oldest. If nothing recent is known, nothing of all this
// is, and each is unknown.
func rollUp(source *catalog.Catalog, s *Snapshot) []capability {
	if len(source.Capabilities) == 0 {
		return nil
	}
	worst, open := make(map[string]*Incident), make(map[string]int)
	for k := range s.Open {
		i := &s.Open[k]
		if open[i.Service]++; worst[i.Service] == nil || i.worse(worst[i.Service]) {
			worst[i.Service] = i
		}
	}
	all := make([]capability, 0, len(source.Capabilities))
	for _, name := range slices.Sorted(maps.Keys(source.Capabilities)) {
		of := source.Capabilities[name]
		c := capability{Name: name, Title: cmp.Or(of.Title, name), Owner: of.Owner, State: stateQuiet, Parts: partsOf(source, of.Services)}
		for k := range c.Parts {
			p := &c.Parts[k]
			p.Worst, p.Open = worst[p.Service], open[p.Service]
			c.Open += p.Open
			if p.Worst != nil && (c.Worst == nil || p.Worst.worse(c.Worst.Worst)) {
				c.Worst, c.State = p, p.Worst.State
			}
		}
		if s.Fault != "" {
			c.State = stateUnknown
		}
		all = append(all, c)
	}
	return all
}

// partsOf returns services, then what they need, each once.
func partsOf(source *catalog.Catalog, services []string) (parts []part) {
	for _, name := range services {
		parts = append(parts, part{Service: name})
	}
	for _, name := range services {
		for _, need := range source.Closure(name)[1:] {
			if !slices.ContainsFunc(parts, func(p part) bool { return p.Service == need }) {
				parts = append(parts, part{Service: need, For: name})
			}
		}
	}
	return parts
}

// worse reports whether i needs people more than o does.
func (i *Incident) worse(o *Incident) bool {
	return cmp.Or(cmp.Compare(rank(i.State), rank(o.State)), i.compare(o)) < 0
}

// says tells how a capability stands, as what follows its title and a colon. It names no person, and nothing that a sender wrote.
func (c *capability) says(s *Snapshot) string {
	text := "nothing is open"
	if c.Worst != nil {
		text = c.Worst.says(s.Now)
	}
	if n := c.Open - 1; n > 0 {
		text += fmt.Sprintf("; %s more %s open", count(n), verb(make([]struct{}, n), "is", "are"))
	}
	if c.State == stateUnknown {
		return fmt.Sprintf("we cannot say. At %s: %s.", s.AsOf.In(s.Now.Location()).Format("15:04:05"), text)
	}
	return text + "."
}

func (p *part) says(now time.Time) string {
	name, i := clip(p.Service, 40), p.Worst
	if p.For != "" {
		name += ", which " + clip(p.For, 40) + " needs,"
	}
	switch since := ago(now.Sub(i.Since)); i.State {
	case Unheld:
		return fmt.Sprintf("%s has a %v for %s, and nobody has it", name, i.Priority, since)
	case Held:
		return fmt.Sprintf("%s has a %v for %s, and somebody has it", name, i.Priority, since)
	case Watched:
		return fmt.Sprintf("%s had a %v, recovered at %s and is watched", name, i.Priority, clock(i.Recovered, now))
	}
	return fmt.Sprintf("%s has a %v for information", name, i.Priority)
}
