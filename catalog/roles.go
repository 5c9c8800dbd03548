package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// Role says who is asked for when a role that a plan requires is vacant. A catalog may add roles to those of [incident.Roles].
type Role struct {
	// Page is who is paged. Defaults to the owner of the incident.
	Page []escalate.Target
	// After is how long the role may be vacant before. Zero: 5 minutes.
	After time.Duration
}

// vacancy is how long a role may be vacant, where the catalog does not say.
const vacancy = 5 * time.Minute

func rolesForm() field[document] {
	return key("roles", "Who is asked for when a role that a plan requires is vacant; further roles beside "+strings.Join(new(Catalog).roles(), ", ")+".",
		func(d *document) *map[incident.Role]Role { return &d.Roles }, named[incident.Role]("role", mapping("Role", "a role", true,
			key("page", "Who is paged. Without it: owner, who is on call for the owning team.",
				func(r *Role) *[]escalate.Target { return &r.Page }, list("", "a list of targets", targetForm())),
			key("after", "How long it may be vacant before. Without it: 5m.", func(r *Role) *time.Duration { return &r.After }, spanForm("")),
		)))
}

func checkRoles(c *checker) {
	for at, role := range entries("roles", "role", c.Roles) {
		c.targets(at, "page", role.Page)
		c.notNegative(at.in("after"), "after", &role.After)
	}
}

// checkRole reports a role that does not exist.
func (c *checker) checkRole(at spot, name incident.Role) {
	if _, err := c.out.Role(name); err != nil {
		c.add(at, "%w", err)
	}
}

func documentRoles(d *markdown) {
	var items []string
	for _, name := range sorted(d.source.Roles) {
		role, _ := d.Role(incident.Role(name))
		items = append(items, fmt.Sprintf("**%s**: vacant for %s, it pages %s, where the plan requires it.",
			plain(name), printDuration(role.After), targets(role.Page)))
	}
	d.list("Roles", items)
}

// vetRoles reports roles of which nobody is asked, since no plan requires them and no update waits for them.
func vetRoles(v *vet) {
	required := make(map[incident.Role]bool)
	for _, p := range v.source.Plans {
		for _, r := range p.Roles {
			required[r] = true
		}
	}
	for _, c := range v.source.Comms {
		required[incident.Commander], required[incident.Communications] = true, true
		for _, r := range c.Approvers() {
			required[incident.Role(r)] = true
		}
	}
	for _, name := range sorted(v.source.Roles) {
		if r := incident.Role(name); !required[r] && len(v.source.Roles[r].Page) > 0 {
			v.add("unused-role", entry("roles", "role", name), "no plan requires it, so nobody is ever paged for it")
		}
	}
}

// Role returns what the catalog decides about a role, with its defaults. The error names the roles that exist.
func (c *Compiled) Role(name incident.Role) (Role, error) {
	r, named := c.source.Roles[name]
	if !named && !slices.Contains(incident.Roles(), name) {
		known := c.source.roles()
		return Role{}, fmt.Errorf("role %q does not exist, expected one of %s%s", name, strings.Join(known, ", "), suggest(string(name), known))
	}
	if len(r.Page) == 0 {
		r.Page = []escalate.Target{escalate.Target(escalate.ToOwner)}
	}
	r.After = cmp.Or(r.After, vacancy)
	return r, nil
}

// roles returns the names of the roles that every catalog has, and of those that this one adds.
func (c *Catalog) roles() (names []string) {
	for _, r := range incident.Roles() {
		names = append(names, string(r))
	}
	for _, name := range sorted(c.Roles) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
