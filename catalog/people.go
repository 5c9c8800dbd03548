package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
)

// Person is somebody who can be paged.
type Person struct {
	Contacts []escalate.Contact // in the order in which they are tried; at least one
	Aka      []string           // other names by which the person may act, such as a user name of a chat
	Zone     *time.Location     // in which messages give times; nil: that of the schedule of the person's team, else UTC
}

func peopleForm() field[document] {
	return key("people", "Everybody who can be paged.",
		func(d *document) *map[escalate.PersonID]Person { return &d.People },
		named[escalate.PersonID]("person", mapping("Person", "a person, {contacts: [CHANNEL:ADDRESS]}", true,
			key("contacts", "How to reach the person, in the order in which it is tried. Required.",
				func(p *Person) *[]escalate.Contact { return &p.Contacts }, list("", "a list of contacts", contactForm())),
			key("aka", "Other names by which the person may act, such as a user name of a chat.",
				func(p *Person) *[]string { return &p.Aka }, list("", "a list of names", ref[string]("a name"))),
			key("zone", "The time zone of the times in messages. Without it: that of the schedule of the team, else UTC.",
				func(p *Person) **time.Location { return &p.Zone }, zoneForm()),
		)))
}

func checkPeople(c *checker) {
	for at, person := range entries("people", "person", c.People) {
		if len(person.Contacts) == 0 {
			c.add(at.in("contacts"), "no contacts, expected at least one CHANNEL:ADDRESS")
		}
		for i, contact := range person.Contacts {
			if channel, _ := contact.Split(); channel == "" {
				c.add(at.in("contacts", i), "contact %q, expected CHANNEL:ADDRESS", contact)
			}
		}
	}
}

// ZoneOf returns the zone of the times in messages to a person, or to a room of the team.
func (c *Compiled) ZoneOf(person escalate.PersonID, team string) *time.Location {
	if zone := c.source.People[person].Zone; zone != nil {
		return zone
	}
	if person != "" && !slices.Contains(c.source.Teams[team].Members, person) {
		team = ""
		for _, id := range sorted(c.source.Teams) {
			if slices.Contains(c.source.Teams[id].Members, person) {
				team = id
				break
			}
		}
	}
	if s, ok := c.source.Schedules[c.source.Teams[team].Schedule].(*oncall.Schedule); ok && s.Zone != nil {
		return s.Zone
	}
	return time.UTC
}

// Named returns the person whom a name means: the id, another name of the person, or the address of a contact. A catalog without people
// knows everybody. The error says whom an unknown name may mean.
func (c *Compiled) Named(name escalate.PersonID) (escalate.PersonID, error) {
	person, ok := c.Known(name)
	switch {
	case ok:
		return person, nil
	case len(c.source.People) == 0:
		return name, nil
	}
	var known []string
	for _, id := range sorted(c.source.People) {
		known = append(append(known, id), c.source.People[escalate.PersonID(id)].Aka...)
	}
	return "", fmt.Errorf("the catalog has no person %q%s", name, suggest(string(name), known))
}

// Known returns the person of the catalog whom a name means, as [Compiled.Named] does, and false if the catalog has no such person. A
// catalog without people knows nobody.
func (c *Compiled) Known(name escalate.PersonID) (escalate.PersonID, bool) {
	people := c.source.People
	if _, ok := people[name]; ok {
		return name, true
	}
	for _, id := range sorted(people) {
		p := people[escalate.PersonID(id)]
		if slices.Contains(p.Aka, string(name)) || slices.ContainsFunc(p.Contacts, func(of escalate.Contact) bool {
			_, address := of.Split()
			return address != "" && (string(of) == string(name) || strings.TrimPrefix(address, "@") == strings.TrimPrefix(string(name), "@"))
		}) {
			return escalate.PersonID(id), true
		}
	}
	return "", false
}

func documentPeople(d *markdown) {
	var rows [][]string
	for _, id := range sorted(d.source.People) {
		var channels []string
		for _, contact := range d.source.People[escalate.PersonID(id)].Contacts {
			channel, _ := contact.Split()
			channels = append(channels, channel)
		}
		rows = append(rows, []string{plain(id), plains(channels, "")})
	}
	d.table("People", []string{"person", "reached over"}, rows)
}
