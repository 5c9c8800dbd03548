package catalog

import (
	"github.com/tocsin-dev/tocsin/escalate"
)

// Person is somebody who can be paged.
type Person struct {
	Contacts []escalate.Contact // in the order in which they are tried; at least one
}

func peopleForm() field[document] {
	return key("people", "Everybody who can be paged.",
		func(d *document) *map[escalate.PersonID]Person { return &d.People },
		named[escalate.PersonID]("person", mapping("Person", "a person, {contacts: [CHANNEL:ADDRESS]}", true,
			key("contacts", "How to reach the person, in the order in which it is tried. Required.",
				func(p *Person) *[]escalate.Contact { return &p.Contacts }, list("", "a list of contacts", contactForm())),
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
