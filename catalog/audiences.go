package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/route"
)

// The kinds of audience.
const (
	Outside = "outside" // customers, and whoever is to hear what they hear
	Inside  = "inside"  // hears before customers or with them, and needs no approval
	Sandbox = "sandbox" // hears drills, and nothing else
)

// The names whose kind need not be said.
const (
	internal = "internal"
	support  = "support"
	sandbox  = "sandbox" // hears drills by every communication plan
)

// Audience is who hears updates.
type Audience struct {
	// Kind is [Outside], [Inside] or [Sandbox]. It defaults to outside, for the names internal and support to inside, and for the
	// name sandbox to sandbox.
	Kind     string
	Channels []escalate.Contact // each gets every update
	// Fallback are the contacts that are tried when a channel fails for good. They come before a channel that needs an impaired service.
	Fallback []escalate.Contact
	// When says of which incidents the audience hears, such as those of a region: a CEL expression about the events of the incident, see
	// package route. Empty: of all.
	When string
}

func audiencesForm() field[document] {
	contacts := list("", "a list of contacts", contactForm())
	return key("audiences", "Who hears updates, by which channels.",
		func(d *document) *map[string]Audience { return &d.Audiences }, named[string]("audience", mapping("Audience", "an audience, {channels: [CHANNEL:ADDRESS]}", true,
			key("kind", "outside; inside, which hears before customers or with them; sandbox, which hears drills only. Without it: outside, but internal and support are inside.",
				func(a *Audience) *string { return &a.Kind }, oneOf(Outside, Inside, Sandbox)),
			key("channels", "Where it hears; subscribers:LIST is whoever subscribed to the list. Without it: on pages only.", func(a *Audience) *[]escalate.Contact { return &a.Channels }, contacts),
			key("fallback", "What is tried when a channel fails for good, and first if the channel needs a service that is impaired.",
				func(a *Audience) *[]escalate.Contact { return &a.Fallback }, contacts),
			key("when", "Of which incidents it hears, such as those of a region: an expression in CEL. Without it: of all.",
				func(a *Audience) *string { return &a.When }, ruleForm()),
		)))
}

func checkAudiences(c *checker) {
	var rules []route.Rule[string]
	for at, a := range entries("audiences", "audience", c.Audiences) {
		switch a.Kind {
		case "", Outside, Inside, Sandbox:
		default:
			c.add(at.in("kind"), "kind %q, expected outside, inside or sandbox", a.Kind)
		}
		c.contacts(at, "channels", a.Channels)
		c.contacts(at, "fallback", a.Fallback)
		c.lists(at, a)
		if name := at.path[1].(string); a.When != "" {
			rules = append(rules, route.Rule[string]{ID: audienceID(name), When: a.When, Then: name, Continue: true})
		}
	}
	if len(rules) == 0 {
		return
	}
	var err error
	c.out.hears, err = table(c.before.hears, rules)
	c.each(spot{"audiences", []any{"audiences"}}, err)
}

// audienceID is the id of the rule in its table.
func audienceID(name string) string { return "audience " + name }

func (c *checker) contacts(at spot, field string, contacts []escalate.Contact) {
	for i, contact := range contacts {
		if channel, _ := contact.Split(); channel == "" {
			c.add(at.in(field, i), "contact %q, expected CHANNEL:ADDRESS", contact)
		}
	}
}

// lists reports subscribers without a list, or where there can be none.
func (c *checker) lists(at spot, a Audience) {
	for i, contact := range a.Channels {
		if channel, list := contact.Split(); channel == comms.Subscribers && list == "" {
			c.add(at.in("channels", i), "contact %q, expected subscribers:LIST", contact)
		}
	}
	for i, contact := range a.Fallback {
		if channel, _ := contact.Split(); channel == comms.Subscribers {
			c.add(at.in("fallback", i), "contact %q, expected one that is no list of subscribers", contact)
		}
	}
}

// Lists returns the lists to which people and machines can subscribe: NAME of each channel subscribers:NAME of an audience.
func (c *Compiled) Lists() []string {
	var lists []string
	for _, a := range c.source.Audiences {
		for _, contact := range a.Channels {
			if channel, list := contact.Split(); channel == comms.Subscribers {
				lists = append(lists, list)
			}
		}
	}
	slices.Sort(lists)
	return slices.Compact(lists)
}

// Audience returns the audience of the name, with its kind. One that the catalog does not have has no channels.
func (c *Compiled) Audience(name string) Audience {
	a := c.source.Audiences[name]
	if a.Kind == "" {
		switch name {
		case internal, support:
			a.Kind = Inside
		case sandbox:
			a.Kind = Sandbox
		}
	}
	a.Kind = cmp.Or(a.Kind, Outside)
	return a
}

// Hear returns which of the named audiences hear of an incident with the event: those inside first, else in the order of the names. A
// drill is heard by audiences of the kind sandbox only, and by the one of that name always. errs has the rules that failed, by their
// ids; an audience whose rule fails hears nothing.
func (c *Compiled) Hear(names []string, drill bool, f *route.Facts) (hear []string, errs map[string]error) {
	var matched []string
	if c.hears != nil {
		res := c.hears.All(f)
		for m := range res.Matches() {
			matched = append(matched, m.Then)
		}
		errs = collect(&res)
	}
	if drill && !slices.Contains(names, sandbox) {
		names = append(slices.Clip(names), sandbox)
	}
	for _, name := range names {
		a := c.Audience(name)
		if (a.Kind == Sandbox) == drill && (a.When == "" || slices.Contains(matched, name)) {
			hear = append(hear, name)
		}
	}
	return c.Ordered(hear), errs
}

// Ordered sorts audiences by when they hear: those inside first.
func (c *Compiled) Ordered(audiences []string) []string {
	slices.SortStableFunc(audiences, func(a, b string) int { return c.rank(a) - c.rank(b) })
	return audiences
}

// rank orders audiences by when they hear.
func (c *Compiled) rank(audience string) int {
	if c.Audience(audience).Kind == Inside {
		return 0
	}
	return 1
}

// Ways returns how an audience is reached about an incident of the service: one recipient for each channel. If a channel needs the
// service, directly or through others, its fallback comes first.
func (c *Compiled) Ways(audience, service string) []escalate.Recipient {
	a := c.Audience(audience)
	var ways []escalate.Recipient
	for _, contact := range a.Channels {
		channel, _ := contact.Split()
		if channel == comms.Subscribers { // each of them is tried by itself
			ways = append(ways, escalate.Recipient{Contacts: []escalate.Contact{contact}})
			continue
		}
		way := append([]escalate.Contact{contact}, a.Fallback...)
		if c.needs(c.source.Channels[channel].Needs, service) {
			way = append(slices.Clone(a.Fallback), contact)
		}
		ways = append(ways, escalate.Recipient{Contacts: way})
	}
	return ways
}

// needs reports whether one of the services is the service, or needs it directly or through others.
func (c *Compiled) needs(services []string, service string) bool {
	seen := map[string]bool{}
	var look func([]string) bool
	look = func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			if seen[name] {
				return false
			}
			seen[name] = true
			return name == service || look(c.source.Services[name].Needs)
		})
	}
	return service != "" && look(services)
}

func documentAudiences(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.Audiences) {
		a := d.Audience(id)
		rows = append(rows, []string{plain(id), a.Kind, channelsOf(a.Channels, "pages only"), channelsOf(a.Fallback, ""), plain(a.When)})
	}
	d.table("Audiences", []string{"audience", "kind", "hears over", "else over", "if"}, rows)
}

// channelsOf names the channels of contacts, without addresses.
func channelsOf(contacts []escalate.Contact, none string) string {
	var channels []string
	for _, contact := range contacts {
		channel, _ := contact.Split()
		channels = append(channels, channel)
	}
	return plains(channels, none)
}

// told reports audiences of communication plans that reach nobody, and channels that an audience loses with a service.
func (v *vet) told() {
	used := map[string]bool{}
	for _, id := range sorted(v.source.Comms) {
		for i, name := range v.source.Comms[id].Audiences {
			used[name] = true
			if _, ok := v.source.Audiences[name]; !ok && name != statusPage {
				v.add("unreached-audience", entry("comms", "communication plan", id).item("audiences", "audience", i),
					"%s has no channels, expected an audience of the section audiences%s", name, suggest(name, sorted(v.source.Audiences)))
			}
		}
	}
	for _, name := range sorted(v.source.Audiences) {
		a, at := v.Audience(name), entry("audiences", "audience", name)
		for i, contact := range a.Channels {
			channel, _ := contact.Split()
			if needs := v.source.Channels[channel].Needs; used[name] && len(needs) > 0 && len(a.Fallback) == 0 {
				v.add("dependent-channel", spot{at.where, append(at.path, "channels", i)},
					"channel %s needs %s, and there is no fallback, expected one that does not", channel, strings.Join(needs, ", "))
			}
		}
	}
}

// statusPage is the audience that is told by the public page, and so needs no channels.
const statusPage = "status-page"
