package catalog

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// OnCall returns who is on call for the team at the instant: by its schedule, or all its members where it has none. failed is
// not nil if the schedule panicked; nobody is on call then.
func (c *Compiled) OnCall(team string, at time.Time) (people []escalate.PersonID, failed *escalate.Failed) {
	t := c.source.Teams[team]
	if t.Schedule == "" {
		return t.Members, nil
	}
	return escalate.AskSchedule(t.Schedule, c.source.Schedules[t.Schedule], at)
}

// Schedules returns the schedules by name.
func (c *Compiled) Schedules() map[string]escalate.Schedule { return c.source.Schedules }

// Reach returns the people and rooms that the targets mean at the instant, for an incident of the owner, a team. Each appears
// once, in the order of the targets. People without contacts are left out. failed lists the schedules that panicked.
func (c *Compiled) Reach(targets []escalate.Target, owner string, at time.Time) (reached []escalate.Recipient, failed []escalate.Failed) {
	people := func(ids ...escalate.PersonID) {
		for _, id := range ids {
			known := slices.ContainsFunc(reached, func(r escalate.Recipient) bool { return r.Person == id })
			if contacts := c.source.People[id].Contacts; len(contacts) > 0 && !known {
				reached = append(reached, escalate.Recipient{Person: id, Contacts: contacts})
			}
		}
	}
	onCall := func(ids []escalate.PersonID, f *escalate.Failed) {
		people(ids...)
		if f != nil {
			failed = append(failed, *f)
		}
	}
	for _, t := range targets {
		p, err := t.Parse()
		if err != nil {
			continue // Validate refuses it; a person who left since is an empty target
		}
		switch p.Kind {
		case escalate.ToOwner:
			onCall(c.OnCall(owner, at))
		case escalate.ToLead:
			people(c.source.Teams[owner].Lead)
		case escalate.ToPerson:
			people(escalate.PersonID(p.Name))
		case escalate.ToSchedule:
			if s := c.source.Schedules[p.Name]; s != nil {
				onCall(escalate.AskSchedule(p.Name, s, at))
			}
		case escalate.ToChannel:
			room := escalate.Recipient{Contacts: []escalate.Contact{p.Contact}}
			known := slices.ContainsFunc(reached, func(r escalate.Recipient) bool {
				return r.Person == "" && r.Contacts[0] == p.Contact
			})
			if !known {
				reached = append(reached, room)
			}
		}
	}
	return reached, failed
}

// Contacts returns the contacts of a person in the order in which they are tried, nil for an unknown person.
func (c *Compiled) Contacts(id escalate.PersonID) []escalate.Contact {
	return c.source.People[id].Contacts
}

// Channels returns the channels that contacts and targets name, sorted. Each needs a notifier.
func (c *Compiled) Channels() []string {
	used := make(map[string]bool)
	for _, p := range c.source.People {
		for _, contact := range p.Contacts {
			channel, _ := contact.Split()
			used[channel] = true
		}
	}
	note := func(targets []escalate.Target) {
		for _, t := range targets {
			if p, err := t.Parse(); err == nil && p.Kind == escalate.ToChannel {
				channel, _ := p.Contact.Split()
				used[channel] = true
			}
		}
	}
	for _, r := range c.source.Routes {
		note(r.Also)
	}
	for _, p := range c.source.Policies {
		for _, l := range p.Levels {
			note(l.Page)
		}
	}
	return slices.Sorted(maps.Keys(used))
}
