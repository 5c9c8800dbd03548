package catalog

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/fault"
)

// Page is the page on which customers read how the services stand. A catalog without one has a page with every service that has a name
// for customers. Without such a service there is no page.
type Page struct {
	Name    string // required
	Support string // an https address where customers get help
	Logo    string // a path that begins with a slash, or an https address, of a picture
	Colour  string // such as #0a5 or #00aa55; empty: that of the page
	// Audience is whose updates the page shows. It defaults to status-page if there is such an audience, else to the first audience outside
	// without channels, by name.
	Audience string
	// Since is the day in UTC from which on the past counts, such as 2026-03-02. Empty: from when the first component of the page changed.
	Since  string
	Groups []PageGroup
	// Follow says what else the state of a component follows, by its service. A component that is not named follows people, updates and
	// planned work.
	Follow map[string]Follow
}

// PageGroup is components under one heading.
type PageGroup struct {
	Name       string   // empty: no heading
	Components []string // services, each with a name for customers, at least one
}

// Follow is what the state of a component follows beside people, updates and planned work.
type Follow struct {
	Alerts bool          // its open incidents, also before an update is sent
	Feed   string        // the class of the events in which a provider says how it stands; empty: none
	Silent time.Duration // after which time without such an event the feed counts no more; defaults to 1 hour
}

// PublicPage is a page, ready for questions.
type PublicPage struct {
	Brand    comms.Brand
	Audience string    // empty: no updates are shown
	Since    time.Time // zero: the catalog does not say
	Groups   []PublicGroup
}

// PublicGroup is components under one heading.
type PublicGroup struct {
	Name       string
	Components []PublicComponent
}

// PublicComponent is a service on a page.
type PublicComponent struct {
	Follow
	Service string // its name inside
	ID      string // its name on the page: that for customers in small letters, with dashes
	Name    string
}

func pageForm() field[document] {
	group := mapping("PageGroup", "a group, {name: NAME, components: [SERVICE]}", true,
		key("name", "Its heading. Without it: none.", func(g *PageGroup) *string { return &g.Name }, free[string]("a name")),
		needed(key("components", "The services in it. Each has a name for customers.", func(g *PageGroup) *[]string { return &g.Components },
			list("", "a list of services", ref[string]("a service")))))
	follow := mapping("Follow", "what a component follows, {alerts: true}", true,
		key("alerts", "Its state follows its open incidents, also before an update is sent. Without it: no.",
			func(f *Follow) *bool { return &f.Alerts }, truth()),
		key("feed", "The class of the events in which a provider says how it stands.", func(f *Follow) *string { return &f.Feed }, ref[string]("a class")),
		key("silent", "After which time without such an event the feed counts no more. Without it: 1h.",
			func(f *Follow) *time.Duration { return &f.Silent }, spanForm("")))
	return key("page", "The page on which customers read how the services stand. Without it: one with every service that has a name.",
		func(d *document) *Page { return &d.Page }, mapping("Page", "a page, {name: NAME, groups: [GROUP]}", false,
			needed(key("name", "What it is called.", func(p *Page) *string { return &p.Name }, free[string]("a name"))),
			key("support", "Where customers get help.", func(p *Page) *string { return &p.Support }, free[string]("an https address")),
			key("logo", "A picture.", func(p *Page) *string { return &p.Logo }, free[string]("a path that begins with a slash, or an https address")),
			key("colour", "The colour of its head.", func(p *Page) *string { return &p.Colour }, free[string]("a colour such as #0a5 or #00aa55")),
			key("audience", "Whose updates it shows. Without it: status-page, else the first audience outside without channels.",
				func(p *Page) *string { return &p.Audience }, ref[string]("an audience")),
			key("since", "The day in UTC from which on the past counts. Without it: when the first component changed.",
				func(p *Page) *string { return &p.Since }, free[string]("a day in quotes, such as \"2026-03-02\"")),
			needed(key("groups", "Its components, under headings.", func(p *Page) *[]PageGroup { return &p.Groups }, list("group", "a list of groups", group))),
			key("follow", "What else the state of a component follows, by its service.",
				func(p *Page) *map[string]Follow { return &p.Follow }, named[string]("component", follow)),
		))
}

func checkPage(c *checker) {
	p, at := &c.Page, spot{"page", fault.Path{"page"}}
	c.out.page = c.publicPage()
	if p.isZero() {
		return
	}
	if p.Name == "" {
		c.add(at.in("name"), "name is missing, expected what the page is called")
	}
	if p.Support != "" && !isHTTPS(p.Support) {
		c.add(at.in("support"), "support %q, expected an https address such as https://shop.example/help", p.Support)
	}
	if p.Logo != "" && !isHTTPS(p.Logo) && (!strings.HasPrefix(p.Logo, "/") || strings.HasPrefix(p.Logo, "//")) {
		c.add(at.in("logo"), "logo %q, expected a path such as /logo.svg, or an https address", p.Logo)
	}
	if p.Colour != "" && !isColour(p.Colour) {
		c.add(at.in("colour"), "colour %q, expected one such as #0a5 or #00aa55", p.Colour)
	}
	if _, err := time.Parse(time.DateOnly, p.Since); p.Since != "" && err != nil {
		c.add(at.in("since"), "since %q, expected a day such as 2026-03-02", p.Since)
	}
	c.checkPageAudience(at.in("audience"))
	c.components(at)
}

func (p *Page) isZero() bool {
	return p.Name+p.Support+p.Logo+p.Colour+p.Audience+p.Since == "" && len(p.Groups)+len(p.Follow) == 0
}

// pageAudience checks that customers may read what the audience hears.
func (c *checker) checkPageAudience(at spot) {
	name := c.Page.Audience
	known := c.told()
	switch {
	case name == "":
	case !slices.Contains(known, name):
		c.missing("audiences", at, "audience %q does not exist, expected %s%s", name, plains(known, "none, since no communication plan names one"), suggest(name, known))
	case (&Compiled{source: c.Catalog}).Audience(name).Kind != Outside:
		c.add(at, "audience %q is not outside, expected one whose updates everybody may read", name)
	}
}

// told returns the audiences that the catalog names.
func (c *Catalog) told() []string {
	all := sorted(c.Audiences)
	for _, id := range sorted(c.Comms) {
		all = append(all, c.Comms[id].Audiences...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *checker) components(at spot) {
	where := map[string]string{} // the services by the names of components
	seen := map[string]bool{}
	if len(c.Page.Groups) == 0 {
		c.add(at.in("groups"), "no groups, expected one with components")
	}
	for i, group := range c.Page.Groups {
		in := at.item("groups", "group", i)
		if len(group.Components) == 0 {
			c.add(in.in("components"), "no components, expected %s", choices(c.Services))
		}
		for k, service := range group.Components {
			refer(c, in.in("components", k), "component", service, "services", c.Services)
			id := slug(c.Services[service].Name)
			switch other := where[id]; {
			case service == "":
				c.add(in.in("components", k), "component %d has no name, expected %s", k+1, choices(c.Services))
			case seen[service]:
				c.add(in.in("components", k), "component %q stands twice, expected each once", service)
			case id != "" && other != "":
				c.add(in.in("components", k), "component %q has the name %q, which is that of %q, expected another", service, c.Services[service].Name, other)
			}
			seen[service], where[id] = true, service
		}
	}
	for _, service := range sorted(c.Page.Follow) {
		in, f := spot{fmt.Sprintf("page: component %q", service), fault.Path{"page", "follow", service}}, c.Page.Follow[service]
		if !seen[service] {
			c.add(in, "is in no group, expected %s", plains(sorted(seen), "none, since there is none"))
		}
		if f.Feed != "" && !slices.ContainsFunc(c.Classes, func(class event.Class) bool { return class.Name == f.Feed }) {
			c.missing("classes", in.in("feed"), "feed %q is no class, expected one of the section classes", f.Feed)
		}
		c.notNegative(in.in("silent"), "silent", &f.Silent)
	}
}

func isHTTPS(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

func isColour(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	return ok && (len(digits) == 3 || len(digits) == 6) && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// slug writes a name in small letters and digits, with dashes.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// silent is after which time without an event a feed counts no more, where the catalog does not say.
const silent = time.Hour

// publicPage returns the page; nil if there is none. Services without a name for customers are left out.
func (c *Catalog) publicPage() *PublicPage {
	p := &c.Page
	groups := p.Groups
	if p.isZero() {
		groups = []PageGroup{{Components: sorted(c.Services)}}
	}
	out := &PublicPage{Brand: comms.Brand{Name: cmp.Or(p.Name, "Status"), Support: p.Support, Logo: p.Logo, Colour: p.Colour}, Audience: c.pageAudience()}
	out.Since, _ = time.Parse(time.DateOnly, p.Since)
	known := map[string]bool{}
	for _, g := range groups {
		group := PublicGroup{Name: g.Name}
		for _, service := range g.Components {
			name := c.Services[service].Name
			id := slug(name)
			if id == "" || known[id] {
				continue
			}
			known[id] = true
			follow := p.Follow[service]
			follow.Silent = cmp.Or(follow.Silent, silent)
			group.Components = append(group.Components, PublicComponent{follow, service, id, name})
		}
		if len(group.Components) > 0 {
			out.Groups = append(out.Groups, group)
		}
	}
	if p.isZero() && len(out.Groups) == 0 {
		return nil
	}
	return out
}

// pageAudience returns whose updates the page shows.
func (c *Catalog) pageAudience() string {
	if c.Page.Audience != "" {
		return c.Page.Audience
	}
	known := c.told()
	if slices.Contains(known, statusPage) {
		return statusPage
	}
	i := slices.IndexFunc(known, func(name string) bool {
		a := (&Compiled{source: c}).Audience(name)
		return a.Kind == Outside && len(a.Channels) == 0
	})
	if i < 0 {
		return ""
	}
	return known[i]
}

// Page returns the page that customers read; nil if there is none. It must not be changed.
func (c *Compiled) Page() *PublicPage { return c.page }

// Component returns what the page has of a service; false if it has nothing. It is false too for a nil p.
func (p *PublicPage) Component(service string) (PublicComponent, bool) {
	if p == nil {
		return PublicComponent{}, false
	}
	for _, g := range p.Groups {
		for _, c := range g.Components {
			if c.Service == service {
				return c, true
			}
		}
	}
	return PublicComponent{}, false
}

func documentPage(d *markdown) {
	p := d.Page()
	if p == nil {
		return
	}
	var rows [][]string
	for _, g := range p.Groups {
		for _, c := range g.Components {
			rows = append(rows, []string{plain(g.Name), plain(c.Name), plain(c.Service)})
		}
	}
	d.table("The page that customers read: "+plain(p.Brand.Name), []string{"group", "component", "service"}, rows)
}

// vetPage reports components that the page cannot show, and what this version does not carry out.
func vetPage(v *vet) {
	at := spot{"page", fault.Path{"page"}}
	for i, group := range v.source.Page.Groups {
		for k, service := range group.Components {
			if slug(v.source.Services[service].Name) == "" {
				v.add("unnamed-component", at.item("groups", "group", i).in("components", k), "%s has no name for customers, expected one in the section services: the page leaves it out", service)
			}
		}
	}
	if v.source.Page.Since != "" {
		v.add("not-carried-out", at.in("since"), "the days of the past are not kept yet, so since has no effect")
	}
	if len(v.source.Page.Follow) > 0 {
		v.add("not-carried-out", at.in("follow"), "a component follows what customers were told, and nothing else yet, so follow has no effect")
	}
}
