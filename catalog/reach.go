package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
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

// Belongs reports whether a person is of the team at the instant: a member, its lead, or on call for it. In a catalog without people,
// where nobody is known, everybody is of every team.
func (c *Compiled) Belongs(person escalate.PersonID, team string, at time.Time) bool {
	t := c.source.Teams[team]
	if len(c.source.People) == 0 || t.Lead == person || slices.Contains(t.Members, person) {
		return person != ""
	}
	onCall, _ := c.OnCall(team, at)
	return slices.Contains(onCall, person)
}

// mostHandoffs is how many handoffs OnCallUntil looks ahead: a year of six weekly rotations.
const mostHandoffs = 320

// OnCallUntil returns until when the same people are on call for the team, and who follows. The zero time means that nothing of the kind is
// known: the team has no schedule, its schedule is not an [oncall.Schedule], or it does not change for long.
func (c *Compiled) OnCallUntil(team string, at time.Time) (until time.Time, then []escalate.PersonID) {
	s, ok := c.source.Schedules[c.source.Teams[team].Schedule].(*oncall.Schedule)
	if !ok {
		return time.Time{}, nil
	}
	now := s.OnCall(at)
	for range mostHandoffs {
		if at, ok = s.Next(at); !ok {
			break
		}
		if then = s.OnCall(at); !slices.Equal(now, then) {
			return at, then
		}
	}
	return time.Time{}, nil
}

// CheckTeam returns an error that names the teams, if there is no such team.
func (c *Compiled) CheckTeam(team string) error {
	if _, ok := c.source.Teams[team]; !ok {
		return fmt.Errorf("team %q does not exist, expected %s%s", team, choices(c.source.Teams), suggest(team, sorted(c.source.Teams)))
	}
	return nil
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
		case escalate.ToTeam:
			onCall(c.OnCall(p.Name, at))
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

// ReachOne is Reach for a target that a person names. The error says why it reaches nobody, or what the catalog lacks. A room must be one
// that a target of the catalog names.
func (c *Compiled) ReachOne(target escalate.Target, owner string, at time.Time) ([]escalate.Recipient, error) {
	p, err := target.Parse()
	if err != nil {
		return nil, err
	}
	known := checker{Catalog: c.source}
	if known.targets(spot{}, "", []escalate.Target{target}); len(known.flaws) > 0 {
		return nil, known.flaws[0].err
	}
	if p.Kind == escalate.ToChannel && !slices.Contains(c.rooms(), p.Contact) {
		rooms := make(map[escalate.Contact]struct{})
		for _, room := range c.rooms() {
			rooms[room] = struct{}{}
		}
		return nil, fmt.Errorf("room %q does not exist, expected %s%s", p.Contact, choices(rooms), suggest(string(p.Contact), sorted(rooms)))
	}
	who, failed := c.Reach([]escalate.Target{target}, owner, at)
	switch {
	case len(who) > 0:
		return who, nil
	case len(failed) > 0:
		return nil, fmt.Errorf("%s reaches nobody: %s: %w", target, failed[0].What, failed[0].Err)
	case p.Kind == escalate.ToLead:
		return nil, fmt.Errorf("%s reaches nobody: team %s has no lead", target, owner)
	}
	return nil, fmt.Errorf("%s reaches nobody: nobody is on call", target)
}

// Contacts returns the contacts of a person in the order in which they are tried, nil for an unknown person.
func (c *Compiled) Contacts(id escalate.PersonID) []escalate.Contact {
	return c.source.People[id].Contacts
}

// Holder returns the person who has the contact; "" if it is a room that a target names. It returns an error if the catalog has no
// such contact.
func (c *Compiled) Holder(contact escalate.Contact) (escalate.PersonID, error) {
	for _, id := range sorted(c.source.People) {
		person := escalate.PersonID(id)
		if slices.Contains(c.source.People[person].Contacts, contact) {
			return person, nil
		}
	}
	if rooms := c.rooms(); slices.Contains(rooms, contact) {
		return "", nil
	}
	channel, _ := contact.Split()
	channels := c.Channels()
	if !slices.Contains(channels, channel) {
		return "", fmt.Errorf("channel %q of contact %q does not exist, expected one of %s%s", channel, contact, strings.Join(channels, ", "), suggest(channel, channels))
	}
	return "", fmt.Errorf("contact %q does not exist, expected one that a person of the catalog has, or that a target names", contact)
}

// rooms returns the contacts that targets name.
func (c *Compiled) rooms() (all []escalate.Contact) {
	note := func(targets []escalate.Target) {
		for _, t := range targets {
			if p, err := t.Parse(); err == nil && p.Kind == escalate.ToChannel {
				all = append(all, p.Contact)
			}
		}
	}
	for _, r := range c.source.Routes {
		note(r.Also)
	}
	for _, r := range c.source.Roles {
		note(r.Page)
	}
	for _, p := range c.source.Policies {
		for _, l := range p.Levels {
			note(l.Page)
		}
	}
	return all
}

// Channels returns the channels that contacts, targets and audiences name, sorted. Each needs a notifier.
func (c *Compiled) Channels() []string {
	used := make(map[string]bool)
	note := func(contacts []escalate.Contact) {
		for _, contact := range contacts {
			channel, _ := contact.Split()
			used[channel] = true
		}
	}
	for _, p := range c.source.People {
		note(p.Contacts)
	}
	note(c.rooms())
	for _, a := range c.source.Audiences {
		note(a.Channels)
		note(a.Fallback)
	}
	return slices.Sorted(maps.Keys(used))
}
