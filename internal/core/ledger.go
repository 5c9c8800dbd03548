package core

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/redact"
	"github.com/tocsin-dev/tocsin/notify"
)

// became enters what became of a message, in words and as a line of the ledger. Both are made here and nowhere else, so that they agree.
func (u *unit) became(at time.Time, p *Pending, actor string, s incident.Sent) {
	word, text := incident.Word(p.Kind), p.columns()
	switch s.Result {
	case incident.ResultAccepted:
		text += others(s.With)
		if s.Reason != "" {
			text += "  " + s.Reason
		}
	case incident.ResultFailed:
		text += "  failed: " + s.Reason
	case incident.ResultRetry, incident.ResultDelayed:
		word, text = incident.WordRetry, string(p.Kind)+" "+text+"  in "+incident.Short(s.Again.Sub(at))+": "+s.Reason
	case incident.ResultWithdrawn:
		word = incident.WordWithdrawn
	case incident.ResultResent:
		word, text = incident.WordResent, string(p.Kind)+" "+text
	case incident.ResultWithheld:
		word, text = incident.WordWithheld, strings.TrimSpace(string(p.Kind)+" "+text)+"  "+s.Reason
	}
	p.fill(&s)
	u.post(at, incident.Entry{Word: word, Actor: actor, Text: text, Sent: &s})
}

// others says how many other pages left in the same message.
func others(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "  in one message with another"
	}
	return fmt.Sprintf("  in one message with %d others", n)
}

// post enters a line of the ledger.
func (u *unit) post(at time.Time, e incident.Entry) {
	u.inc.Delivery.Posted = at
	u.enter(at, e)
}

// fill writes into a line of the ledger which message it is about.
func (p *Pending) fill(s *incident.Sent) {
	s.Message, s.Kind, s.Level, s.Person = p.Seq, string(p.Kind), p.Level, p.Person
	if p.Level == 0 && !p.plain() {
		s.About = p.what()
	}
	channel, address := p.Contact().Split()
	if s.Channel = channel; p.Person == "" && isRoom(address) {
		s.Room = address
	}
}

// isRoom reports whether an address is the name of a room. Any other may be that of a person, or hold a token.
func isRoom(address string) bool { return strings.HasPrefix(address, "#") }

// unaddressed takes the address to which a message goes out of a text about it.
func (p *Pending) unaddressed(text string) string {
	_, address := p.Contact().Split()
	return withoutAddress(text, address)
}

func withoutAddress(text, address string) string {
	if len(address) < shortest || isRoom(address) {
		return text
	}
	return strings.ReplaceAll(text, address, redact.Stars)
}

// withhold enters that a message has nobody to go to.
func (u *unit) withhold(at time.Time, m Pending, to escalate.PersonID, why string) {
	m.Recipient = escalate.Recipient{Person: to}
	u.became(at, &m, "", incident.Sent{Result: incident.ResultWithheld, Reason: why})
}

// UnderWay returns the lines of the ledger of messages that are on their way.
func (i *Incident) UnderWay() (all []incident.Sent) {
	for n := range i.Delivery.Pending {
		p, s := &i.Delivery.Pending[n], incident.Sent{Result: incident.ResultPending}
		if p.Kind == notify.Close { // nobody reads it
			continue
		}
		if p.fill(&s); p.ends() {
			s.Again = i.Delivery.Held
		}
		all = append(all, s)
	}
	return all
}
