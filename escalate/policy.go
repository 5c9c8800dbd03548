package escalate

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// PersonID names somebody who can be paged.
type PersonID string

// Schedule says who is on call. OnCall is a pure function of the instant, may be called concurrently, and does not block;
// an empty answer means that nobody is. By one that panics nobody is either, which the timeline and a finding tell.
type Schedule interface {
	OnCall(at time.Time) []PersonID
}

// Policy is an escalation policy: levels served in order until somebody acknowledges.
type Policy struct {
	Levels []Level
	// Repeat is how many further passes over the levels follow the first, 0 to 9. nil: until somebody acknowledges for
	// P1, else 3. After the last, the policy is exhausted, which is a finding that pages.
	Repeat *int
	// Inform marks a policy whose targets are channels in which nobody can acknowledge: its levels send notices, and it
	// ends informed instead of exhausted.
	Inform bool
}

// Level is one step of a policy. It fires at once when its turn has come, and the next one after Wait.
type Level struct {
	Page []Target
	Wait time.Duration // defaults to 5 minutes
	// Strategy names who of those that Page means is reached now: all, round-robin, next, least-loaded, or one of the
	// catalog's own. Defaults to all.
	Strategy string `erase:"keep"`
}

const defaultWait = 5 * time.Minute

// WaitOf returns the wait of the level, counted from 1, with the default filled in.
func (p *Policy) WaitOf(level int) time.Duration {
	if level < 1 || level > len(p.Levels) || p.Levels[level-1].Wait == 0 {
		return defaultWait
	}
	return p.Levels[level-1].Wait
}

// Validate reports everything that keeps the policy from running, joined.
func (p *Policy) Validate() error {
	var found fault.List
	if len(p.Levels) == 0 {
		found.Add(fault.Path{"levels"}, "no levels, expected at least one")
	}
	if p.Repeat != nil && (*p.Repeat < 0 || *p.Repeat > 9) {
		found.Add(fault.Path{"repeat"}, "repeat %d, expected 0 to 9", *p.Repeat)
	}
	for i := range p.Levels {
		found.In(fault.Path{"levels", i}, fmt.Sprintf("level %d", i+1), p.Levels[i].faults())
	}
	return found.Err()
}

func (l *Level) faults() (found fault.List) {
	if l.Wait != 0 && l.Wait < time.Second {
		found.Add(fault.Path{"wait"}, "wait %v, expected at least 1s", l.Wait)
	}
	for i, t := range l.Page {
		if _, err := t.Parse(); err != nil {
			found.Note(fault.Path{"page", i}, err)
		}
	}
	return found
}

// Target is whom a level reaches, in text form: owner (who is on call for the owning team), owner.lead, person:ana,
// schedule:payments, channel:slack (a channel's own room), channel:slack:#pci (another room of it), or channel:#pci (a
// room of the channel named default).
type Target string

// TargetKind is the first word of a [Target].
type TargetKind string

// The kinds of target.
const (
	ToOwner    TargetKind = "owner"
	ToLead     TargetKind = "owner.lead"
	ToPerson   TargetKind = "person"
	ToSchedule TargetKind = "schedule"
	ToChannel  TargetKind = "channel"
)

// ParsedTarget is a [Target] taken apart: Name of the person or schedule, or Contact of the channel.
type ParsedTarget struct {
	Kind    TargetKind
	Name    string
	Contact Contact
}

// Parse takes t apart.
func (t Target) Parse() (ParsedTarget, error) {
	word, rest, colon := strings.Cut(string(t), ":")
	kind := TargetKind(word)
	switch {
	case (kind == ToOwner || kind == ToLead) && !colon:
		return ParsedTarget{Kind: kind}, nil
	case (kind == ToPerson || kind == ToSchedule) && rest != "":
		return ParsedTarget{Kind: kind, Name: rest}, nil
	case kind == ToChannel && strings.HasPrefix(rest, "#"):
		return ParsedTarget{Kind: kind, Contact: Contact(DefaultChannel + ":" + rest)}, nil
	case kind == ToChannel && rest != "" && rest[0] != ':':
		return ParsedTarget{Kind: kind, Contact: Contact(rest)}, nil
	}
	return ParsedTarget{}, fmt.Errorf("target %q, expected owner, owner.lead, person:NAME, schedule:NAME, channel:NAME or channel:NAME:ROOM", t)
}

// DefaultChannel is the channel of a notifier that was given without a name.
const DefaultChannel = "default"

// Contact is a way to reach somebody, in text form CHANNEL:ADDRESS, as in slack:@ana. Without an address it is the
// channel's own room.
type Contact string

// Split returns the channel and the address of c.
func (c Contact) Split() (channel, address string) {
	channel, address, _ = strings.Cut(string(c), ":")
	return channel, address
}

// Recipient is one that a level asks or tells: a person with contacts in the order in which they are tried, or a room,
// which has no person.
type Recipient struct {
	Person   PersonID  `json:"person,omitempty"`
	Contacts []Contact `json:"contacts"`
}
