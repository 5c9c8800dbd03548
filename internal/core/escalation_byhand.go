package core

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// pageByHand pages whoever the target of a person means now.
func pageByHand(t *turn, u *unit, c respond.Page, at time.Time) error {
	if u.inc.Phases.Phase.Over() {
		return errors.New("nothing to page for")
	}
	who, err := t.cat.ReachOne(c.Target, u.inc.Owner, at)
	if err != nil {
		return err
	}
	e, said := &u.inc.Escalation, incident.Said{By: c.By, Text: c.Because}
	m := Pending{
		Part: "escalation", Kind: notify.Page, Note: t.briefing(u), Last: true, // nobody is asked after it
		Detail: Detail{Occasion: notify.OccasionAsked, Holders: e.Who(), Said: said},
	}
	next, when := e.Ahead(t.terms(u, at))
	m.Next, m.NextAt = names(next), when
	asked := names(who)
	u.enter(at, incident.Entry{Word: incident.WordAskedFor, Actor: string(c.By), Text: strings.Join(asked, ", "), Said: said})
	e.asks(asked, at)
	for _, r := range who {
		t.send(u, at, m, r)
	}
	return nil
}

// asks notes who is asked.
func (e *Escalation) asks(who []string, at time.Time) {
	e.Asked = slices.Clip(e.Asked)
	for _, name := range who {
		e.Asked = append(e.Asked, Ask{name, at})
	}
	e.Asked = e.Asked[max(0, len(e.Asked)-mostAsked):]
}

// answers withdraws the pages by hand to somebody who has answered. Those to others stay: a person has asked for them.
func (t *turn) answers(u *unit, at time.Time, by escalate.PersonID) {
	t.withdraw(u, at, string(by)+" has answered", time.Time{}, func(p *Pending) bool { return p.byHand() && p.Person == by })
}
