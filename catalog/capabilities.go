package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// capabilityName is the number of bytes that the name of a capability has at most, since a share link holds it.
const capabilityName = 255

// Capability is something that the business does, as the services that do it. It stands as the worst of them stands, and of the services
// that they cannot do without.
type Capability struct {
	Title    string   // for people; empty: its name
	Services []string // at least one, each once
	Owner    string   // the team to ask about it; empty: none
}

func capabilitiesForm() field[document] {
	return key("capabilities", "What the business does, as the services that do it.",
		func(d *document) *map[string]Capability { return &d.Capabilities },
		named[string]("capability", mapping("Capability", "a capability", true,
			key("title", "What people read. Without it: its name.", func(c *Capability) *string { return &c.Title }, free[string]("a title")),
			needed(key("services", "The services that do it. What they need counts too.", func(c *Capability) *[]string { return &c.Services },
				list("", "a list of services", ref[string]("a service")))),
			key("owner", "The team to ask about it.", func(c *Capability) *string { return &c.Owner }, ref[string]("a team")),
		)))
}

func checkCapabilities(c *checker) {
	for at, capability := range entries("capabilities", "capability", c.Capabilities) {
		if n := len(at.path[1].(string)); n > capabilityName {
			c.add(at, "a name of %d bytes, expected at most %d", n, capabilityName)
		}
		if len(capability.Services) == 0 {
			c.add(at.in("services"), "no services, expected %s", choices(c.Services))
		}
		for i, service := range capability.Services {
			refer(c, at.in("services", i), "service", service, "services", c.Services)
			switch {
			case service == "":
				c.add(at.in("services", i), "service %d has no name, expected %s", i+1, choices(c.Services))
			case slices.Index(capability.Services, service) < i:
				c.add(at.in("services", i), "service %q stands twice, expected each once", service)
			}
		}
		refer(c, at.in("owner"), "owner", capability.Owner, "teams", c.Teams)
	}
}

func documentCapabilities(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.Capabilities) {
		c := d.source.Capabilities[id]
		rows = append(rows, []string{plain(cmp.Or(c.Title, id)), plains(c.Services, ""), plain(c.Owner)})
	}
	d.table("Capabilities: what the business does", []string{"capability", "services", "owner"}, rows)
}

// vetCapabilities reports services of tier 1 whose incidents count for no capability.
func vetCapabilities(v *vet) {
	if len(v.source.Capabilities) == 0 {
		return
	}
	counted := make(map[string]bool)
	for _, capability := range v.source.Capabilities {
		for _, service := range capability.Services {
			for _, name := range v.source.Closure(service) {
				counted[name] = true
			}
		}
	}
	for _, id := range sorted(v.source.Services) {
		if v.source.Services[id].Tier == 1 && !counted[id] {
			v.add("no-capability", entry("services", "service", id),
				"has tier 1, and no capability has or needs it, expected it in one of %s", strings.Join(sorted(v.source.Capabilities), ", "))
		}
	}
}
