package escalate

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

// PersonID names somebody who can be paged.
type PersonID string

// Schedule says who is on call. OnCall is a pure function of the instant. It may be called concurrently and must not block. An empty
// result means that nobody is on call. If OnCall panics, nobody is on call either, and the timeline and a finding report it.
type Schedule interface {
	OnCall(at time.Time) []PersonID
}

// Policy is an escalation policy: levels served in order until somebody acknowledges.
type Policy struct {
	Levels []Level
	// Repeat is the number of passes over the levels after the first, 0 to 9. nil: for P1 until somebody acknowledges, else 3.
	// After the last pass the policy is exhausted, and a finding pages.
	Repeat *int
	// AckTimeout is how long an acknowledgement lasts without activity of a person; its holders are reminded 5 minutes before. Zero: it
	// does not expire. nil: 30 minutes for P1 and P2, else it does not expire.
	AckTimeout *time.Duration
	// Inform marks a policy whose targets are channels in which nobody can acknowledge. Its levels send notices, and it ends as
	// informed instead of exhausted.
	Inform bool
}

// Level is one step of a policy. The next level fires Wait after it.
type Level struct {
	Page []Target
	Wait time.Duration // defaults to 5 minutes
	// Strategy picks recipients among those of Page: all, round-robin, next, least-loaded, or the name of a strategy of the
	// catalog. Defaults to all.
	Strategy string `erase:"keep"`
}

const defaultWait = 5 * time.Minute

// WaitOf returns the wait of the level with the number, from 1, or the default.
func (p *Policy) WaitOf(level int) time.Duration {
	if level < 1 || level > len(p.Levels) || p.Levels[level-1].Wait == 0 {
		return defaultWait
	}
	return p.Levels[level-1].Wait
}

// Validate reports all faults of the policy, joined.
func (p *Policy) Validate() error {
	var found fault.List
	if len(p.Levels) == 0 {
		found.Add(fault.Path{"levels"}, "no levels, expected at least one")
	}
	if p.Repeat != nil && (*p.Repeat < 0 || *p.Repeat > 9) {
		found.Add(fault.Path{"repeat"}, "repeat %d, expected 0 to 9", *p.Repeat)
	}
	if p.AckTimeout != nil && *p.AckTimeout < 0 {
		found.Add(fault.Path{"ack_timeout"}, "ack timeout %v, expected no negative duration", *p.AckTimeout)
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

// Target is a recipient of a level in text form: owner (on call for the owning team), owner.lead, person:ana, team:db (on call for
// that team), schedule:payments, channel:slack (the default room of the channel), channel:slack:#pci (another room), or channel:#pci
// (a room of the channel "default").
type Target string

// TargetKind is the first word of a [Target].
type TargetKind string

// The kinds of target.
const (
	ToOwner    TargetKind = "owner"
	ToLead     TargetKind = "owner.lead"
	ToPerson   TargetKind = "person"
	ToTeam     TargetKind = "team"
	ToSchedule TargetKind = "schedule"
	ToChannel  TargetKind = "channel"
)

// ParsedTarget is a parsed [Target]. Persons, teams and schedules have a Name, channels a Contact.
type ParsedTarget struct {
	Kind    TargetKind
	Name    string
	Contact Contact
}

// Parse parses t. The error says which forms it expected.
func (t Target) Parse() (ParsedTarget, error) {
	word, rest, colon := strings.Cut(string(t), ":")
	kind := TargetKind(word)
	switch {
	case (kind == ToOwner || kind == ToLead) && !colon:
		return ParsedTarget{Kind: kind}, nil
	case (kind == ToPerson || kind == ToTeam || kind == ToSchedule) && rest != "":
		return ParsedTarget{Kind: kind, Name: rest}, nil
	case kind == ToChannel && strings.HasPrefix(rest, "#"):
		return ParsedTarget{Kind: kind, Contact: Contact(DefaultChannel + ":" + rest)}, nil
	case kind == ToChannel && rest != "" && rest[0] != ':':
		return ParsedTarget{Kind: kind, Contact: Contact(rest)}, nil
	}
	return ParsedTarget{}, fmt.Errorf("target %q, expected owner, owner.lead, person:NAME, team:NAME, schedule:NAME, channel:NAME or channel:NAME:ROOM", t)
}

// DefaultChannel is the name of the channel of a notifier without a name.
const DefaultChannel = "default"

// Contact is a channel and an address in text form, as in slack:@ana. Without an address it is the default room of the channel.
type Contact string

// Split returns the channel and the address of c.
func (c Contact) Split() (channel, address string) {
	channel, address, _ = strings.Cut(string(c), ":")
	return channel, address
}

// Recipient receives the messages of a level. It is a person with contacts in the order of tries, or a room, with an empty Person.
type Recipient struct {
	Person   PersonID  `json:"person,omitempty"`
	Contacts []Contact `json:"contacts"`
}
