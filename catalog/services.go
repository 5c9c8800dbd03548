package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Service is something that runs, and that events are about.
type Service struct {
	Owner string   // a team; empty: the catch-all
	Tier  int      // 1 to 3, 1 the most important; 0: unknown
	Needs []string // the services that it cannot do without
	Tags  []string // words for rules
	// Name is what customers call it, and Impaired the sentence that tells them what does not work. A service with a Name is one whose
	// impairment customers notice.
	Name, Impaired string
}

func servicesForm() field[document] {
	return key("services", "What runs.", func(d *document) *map[string]Service { return &d.Services },
		named[string]("service", mapping("Service", "a service", true,
			key("owner", "The team that is responsible. Without it: that of defaults.", func(s *Service) *string { return &s.Owner }, ref[string]("a team")),
			key("tier", "How important it is: 1 the most, 3 the least. Without it: that of the most important service that needs it, else 2.",
				func(s *Service) *int { return &s.Tier }, number("a tier from 1 to 3")),
			key("needs", "The services that it cannot do without.", func(s *Service) *[]string { return &s.Needs },
				list("", "a list of services", ref[string]("a service"))),
			key("tags", "Words for rules.", func(s *Service) *[]string { return &s.Tags }, list("", "a list of tags", free[string]("a tag"))),
			key("name", "What customers call it. A service with a name is one whose impairment customers notice.",
				func(s *Service) *string { return &s.Name }, free[string]("a name")),
			key("impaired", "What customers are told when it is impaired, a sentence.",
				func(s *Service) *string { return &s.Impaired }, free[string]("a sentence")),
		)))
}

func checkServices(c *checker) {
	for at, service := range entries("services", "service", c.Services) {
		refer(c, at.in("owner"), "owner", service.Owner, "teams", c.Teams)
		for i, need := range service.Needs {
			refer(c, at.in("needs", i), "needed service", need, "services", c.Services)
		}
		if service.Tier < 0 || service.Tier > 3 {
			c.add(at.in("tier"), "tier %d, expected 1 to 3, or 0 for unknown", service.Tier)
		}
	}
	c.out.tiers = c.tiers()
}

func documentServices(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.Services) {
		s := d.source.Services[id]
		rows = append(rows, []string{
			plain(id), plain(cmp.Or(s.Owner, d.CatchAll())), plain(d.tiers[id].of(id)), plains(s.Needs, ""), plains(s.Tags, ""), plain(s.Name),
		})
	}
	d.table("Services", []string{"service", "owner", "importance", "needs", "tags", "customers say"}, rows)
}

// Public returns what customers are told of a service that is impaired: its name, and the sentence.
func (c *Compiled) Public(service string) (name, sentence string) {
	s := c.source.Services[service]
	return s.Name, s.Impaired
}

// PublicNames returns the names that customers know services by.
func (c *Compiled) PublicNames() []string {
	var names []string
	for _, s := range c.source.Services {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Closure returns a service, then everything that it cannot do without, directly or through others, each once. An unknown service needs
// nothing.
func (c *Catalog) Closure(service string) []string {
	all := []string{service}
	for k := 0; k < len(all); k++ {
		for _, n := range c.Services[all[k]].Needs {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// tier is how important a service is.
type tier struct {
	tier int    // 1 to 3; 0: unknown
	from string // the service whose tier it is: itself, or one that needs it
}

// of says where the tier of the service is from.
func (t tier) of(service string) string {
	switch {
	case t.tier == 0:
		return "tier unknown"
	case t.from != service:
		return fmt.Sprintf("needed by %s, tier %d", t.from, t.tier)
	}
	return fmt.Sprintf("tier %d", t.tier)
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
