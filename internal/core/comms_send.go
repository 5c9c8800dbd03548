package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

func sendUpdate(t *turn, u *unit, c respond.SendUpdate, at time.Time) error {
	return t.withComms(u, c.By, func(s *Comms, by string) error {
		if c.Update == "" {
			stage := cmp.Or(c.Stage, s.Stage)
			if err := s.waits(func(up *comms.Update) bool { return up.Kind == comms.News && up.Goes && up.Stage == stage }); err != nil && !c.BreakGlass {
				return err
			}
			return t.tap(u, at, s, order{by: by, stage: stage, audiences: s.Audiences, confirm: c.Confirm}, glass{c.BreakGlass, c.Because})
		}
		up, err := s.update(c.Update)
		if err != nil {
			return err
		}
		without := up.State == comms.Draft && c.BreakGlass
		if up.State != comms.Approved && !without {
			return u.notNow(up)
		}
		texts, err := u.sendable(at, s, up)
		if err != nil {
			return err
		}
		rel := comms.Release{By: by, At: at, Glass: without}
		if without {
			rel.Text = c.Because
		}
		t.letGo(u, at, s, up, texts, rel)
		return nil
	})
}

// waits returns an error if such an update waits to leave.
func (c *Comms) waits(such func(*comms.Update) bool) error {
	for i := range c.Updates {
		if up := &c.Updates[i]; (up.State == comms.Draft || up.State == comms.Approved) && such(up) {
			return fmt.Errorf("update %s, which is the same, is %s already", up.ID, up.State)
		}
	}
	return nil
}

func correctUpdate(t *turn, u *unit, c respond.CorrectUpdate, at time.Time) error {
	return t.withComms(u, c.By, func(s *Comms, by string) error {
		return t.amend(u, at, s, c.Update, order{by: by, kind: comms.Correction, text: c.Text, confirm: c.Confirm}, glass{c.BreakGlass, c.Because})
	})
}

func retractUpdate(t *turn, u *unit, c respond.RetractUpdate, at time.Time) error {
	return t.withComms(u, c.By, func(s *Comms, by string) error {
		o := order{by: by, kind: comms.Retraction, text: c.Text, confirm: c.Confirm}
		if err := t.amend(u, at, s, c.Update, o, glass{c.BreakGlass, c.Because}); err != nil {
			return err
		}
		u.enter(at, incident.Entry{
			Word: incident.WordUpdate, Of: c.Update, Actor: string(c.By), Text: "is taken back", Said: incident.Said{By: c.By, Text: c.Because},
		})
		return nil
	})
}

// amend makes an update about one that was sent, to the same audiences.
func (t *turn) amend(u *unit, at time.Time, c *Comms, id string, o order, g glass) error {
	of, err := c.update(id)
	if err != nil {
		return err
	}
	if of.State != comms.Sent {
		return u.notNow(of)
	}
	if err := c.waits(func(up *comms.Update) bool { return up.Of == id }); err != nil && !g.broken {
		return err
	}
	o.of, o.stage, o.audiences = id, of.Stage, of.Audiences
	if o.kind == comms.Retraction {
		o.stage = c.Stage
		if o.text == "" {
			o.text, o.standard = "Our update of "+clock(of.Sent.At)+" was sent in error. Please disregard it.", true
		}
	}
	return t.tap(u, at, c, o, g)
}

// tap makes an update that leaves at once, or as soon as it is approved.
func (t *turn) tap(u *unit, at time.Time, c *Comms, o order, g glass) error {
	o.goes = true
	up, err := t.draft(u, at, c, o)
	if err != nil {
		return err
	}
	if up.State == comms.Draft && !g.broken {
		t.drafted(u, at, up, escalate.PersonID(o.by))
		return nil
	}
	rel := comms.Release{By: o.by, At: at, Glass: up.State == comms.Draft}
	if rel.Glass {
		rel.Text = g.because
	}
	t.letGo(u, at, c, up, up.Texts, rel)
	return nil
}

// sendable renders an update as it leaves at the instant, or says why it cannot leave.
func (u *unit) sendable(at time.Time, c *Comms, up *comms.Update) ([]comms.Text, error) {
	let := func(f comms.Finding) bool { return f.Kind == comms.FoundState }
	if odd := u.contradicts(up); len(odd) > 0 && !slices.ContainsFunc(up.Held, let) {
		return nil, &comms.HeldError{Findings: odd}
	}
	if up.Kind != comms.News {
		of, err := c.update(up.Of)
		if err != nil {
			return nil, err
		}
		if of.State != comms.Sent {
			return nil, fmt.Errorf("update %s, of which it is the %s, is %s", up.Of, up.Kind, of.State)
		}
	}
	return u.compose(at, up)
}

// letGo lets an update leave.
func (t *turn) letGo(u *unit, at time.Time, c *Comms, up *comms.Update, texts []comms.Text, rel comms.Release) {
	up.Texts, up.Sent, up.State, up.Until = texts, rel, comms.Sent, time.Time{}
	if of, err := c.update(up.Of); err == nil {
		of.State = comms.Corrected
		if up.Kind == comms.Retraction {
			of.State = comms.Retracted
		}
	}
	e := incident.Entry{Word: incident.WordUpdate, Of: up.ID, Actor: rel.By, Text: leaves(up)}
	if rel.Glass {
		e.Text += "  without approval"
		e.Said = incident.Said{By: escalate.PersonID(rel.By), Text: rel.Text}
	}
	u.enter(at, e)
	for i, audience := range up.Audiences {
		for _, way := range t.cat.Ways(audience, u.inc.Service) {
			if channel, list := way.Contacts[0].Split(); channel == comms.Subscribers {
				t.mail(u.inc.Tenant, c.mailing(u.inc, up, list, texts[i].Text), at)
				continue
			}
			t.send(u, at, Pending{Part: "comms", Kind: notify.Notice, Note: texts[i].Text, Audience: true}, way)
			up.Ways = append(slices.Clip(up.Ways), comms.Way{Audience: audience, Seq: u.inc.Delivery.Messages})
		}
	}
	if rel.Glass {
		t.askToLook(u, at, up)
	}
	t.paced(u, at, c, up)
}

// mailing returns what the subscribers of a list are told by an update. A correction goes to those who were there for the first word.
func (c *Comms) mailing(inc *Incident, up *comms.Update, list, text string) Mailing {
	first, what := up, string(up.Stage)
	if up.Kind != comms.News {
		what = string(up.Kind)
	}
	for of, err := c.update(first.Of); err == nil && first.Of != ""; of, err = c.update(first.Of) {
		first = of
	}
	return Mailing{
		List: list, About: inc.ID, Update: up.ID, Title: cmp.Or(up.Facts.Service, "Update") + ": " + what, Text: text,
		Service: up.Facts.Service, Regions: c.Regions, Topic: comms.Incidents, First: first.Sent.At,
	}
}

// leaves describes an update that leaves, in columns.
func leaves(up *comms.Update) string {
	what := string(up.Stage)
	if up.Kind != comms.News {
		what = fmt.Sprintf("%s of %s", up.Kind, up.Of)
	}
	text := fmt.Sprintf("%s sent to %s  %q", what, strings.Join(up.Audiences, ", "), event.Shorten(up.Texts[len(up.Texts)-1].Text, noteLength))
	return text + confirmed(up)
}

// askToLook asks an approver to look at an update that left without approval. Who is asked may say that it is right.
func (t *turn) askToLook(u *unit, at time.Time, up *comms.Update) {
	plan := u.commsPlan()
	who := t.fills(u, incident.Role(plan.Approve), at, escalate.PersonID(up.Drafted.By), escalate.PersonID(up.Sent.By))
	up.Asked = slices.Concat(up.Asked, names(who))
	for _, r := range who {
		t.send(u, at, Pending{Part: "comms", Kind: notify.Notice, Note: "update " + up.ID + " left without approval: look at it, and approve it"}, r)
	}
}

// paced waits for the next update after one that went outside.
func (t *turn) paced(u *unit, at time.Time, c *Comms, up *comms.Update) {
	if up.Inside {
		return
	}
	t.emit(u, at, updated{})
	t.caughtUp(u, at, c)
	c.From, c.Nudged, c.Told = at, false, up.Stage
	if u.inc.Phases.Under() {
		c.Stage = up.Stage
	}
	c.Due, c.Promised = up.Next, up.Next
	c.Over = up.Stage == comms.Resolved && up.Kind != comms.Retraction
	c.Owed = !c.Over
	if c.Owed && u.inc.Phases.Phase.Over() { // the last one is still to come
		first, _ := u.pace()
		c.Due = earliestOf(at.Add(cmp.Or(first, rareUpdate)), c.Promised)
	}
}
