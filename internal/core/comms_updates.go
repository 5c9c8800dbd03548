package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// order is an update that a person wants.
type order struct {
	by        string
	kind      comms.Kind
	of        string
	stage     comms.Stage // empty: that which is asked for
	audiences []string
	text      string
	typed     comms.Facts // the values that a person typed
	standard  bool        // the text is not typed
	goes      bool        // it leaves as soon as it may
	confirm   bool
}

// glass is how an update leaves without approval.
type glass struct {
	broken  bool
	because string
}

// withComms lets a person do something to the updates. If that is refused, nothing has changed.
func (t *turn) withComms(u *unit, by escalate.PersonID, do func(c *Comms, by string) error) error {
	before := u.inc.Comms
	if before == nil {
		return errors.New("it has no communication plan")
	}
	if person, err := t.cat.Named(by); err == nil { // so that nobody approves an own draft under another name
		by = person
	}
	err := do(u.ownComms(), string(by))
	if err != nil {
		u.inc.Comms = before
	}
	return err
}

// update returns the update with the id.
func (c *Comms) update(id string) (*comms.Update, error) {
	i := slices.IndexFunc(c.Updates, func(up comms.Update) bool { return up.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("it has no update %q", id)
	}
	return &c.Updates[i], nil
}

func draftUpdate(t *turn, u *unit, c respond.DraftUpdate, at time.Time) error {
	return t.withComms(u, c.By, func(s *Comms, by string) error {
		hear, err := t.audiences(s, c.Audience)
		if err != nil {
			return err
		}
		up, err := t.draft(u, at, s, order{
			by: by, stage: c.Stage, audiences: hear, text: c.Text, confirm: c.Confirm,
			typed: comms.Facts{Affected: c.Affected, Doing: c.Doing, Workaround: c.Workaround, Expected: c.Expected},
		})
		if err == nil {
			t.drafted(u, at, up, c.By)
		}
		return err
	})
}

// audiences returns who hears an update to the audience; empty: to all. Those inside hear everything that goes outside.
func (t *turn) audiences(c *Comms, audience string) ([]string, error) {
	if audience == "" {
		return c.Audiences, nil
	}
	if !slices.Contains(c.Audiences, audience) {
		return nil, fmt.Errorf("audience %q does not hear of it, expected one of %s", audience, strings.Join(c.Audiences, ", "))
	}
	if t.inside(audience) {
		return []string{audience}, nil
	}
	return slices.DeleteFunc(slices.Clone(c.Audiences), func(name string) bool { return name != audience && !t.inside(name) }), nil
}

func (t *turn) inside(audience string) bool { return t.cat.Audience(audience).Kind == catalog.Inside }

// draft makes an update, or says why it cannot be made.
func (t *turn) draft(u *unit, at time.Time, c *Comms, o order) (*comms.Update, error) {
	if len(o.audiences) == 0 {
		return nil, errors.New("no audience hears of it")
	}
	plan := u.commsPlan()
	up := comms.Update{
		Kind: o.kind, Of: o.of, Stage: cmp.Or(o.stage, c.Stage), State: comms.Draft, Audiences: o.audiences, Goes: o.goes,
		Inside: !slices.ContainsFunc(o.audiences, func(name string) bool { return !t.inside(name) }),
		Facts:  o.typed, Drafted: comms.Drafted{By: o.by, At: at, Text: o.text},
	}
	up.Facts.Service, up.Facts.Impaired = t.cat.Public(u.inc.Service)
	up.Facts.Affected = cmp.Or(up.Facts.Affected, plan.Affected)
	up.Held = append(t.spotted(u, &o), u.contradicts(&up)...)
	if len(up.Held) > 0 && !o.confirm {
		return nil, &comms.HeldError{Findings: up.Held}
	}
	var err error
	if up.Texts, err = u.compose(at, &up); err != nil {
		return nil, err
	}
	if up.Inside || len(plan.Approvers()) == 0 {
		up.State = comms.Approved
	}
	c.Count++
	up.ID = "u" + strconv.Itoa(c.Count)
	c.Updates = append(c.Updates, up)
	return &c.Updates[len(c.Updates)-1], nil
}

// drafted enters a draft, and asks for its approval.
func (t *turn) drafted(u *unit, at time.Time, up *comms.Update, by escalate.PersonID) {
	text := fmt.Sprintf("%s drafted for %s", up.Stage, strings.Join(up.Audiences, ", "))
	if up.Kind != comms.News {
		text = fmt.Sprintf("%s of %s drafted for %s", up.Kind, up.Of, strings.Join(up.Audiences, ", "))
	}
	u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Actor: string(by), Text: text + confirmed(up)})
	if up.State == comms.Draft {
		t.ask(u, at, up)
	}
}

// confirmed says what a person let go on a second look.
func confirmed(up *comms.Update) string {
	if len(up.Held) == 0 {
		return ""
	}
	texts := make([]string, len(up.Held))
	for i, f := range up.Held {
		texts[i] = f.String()
	}
	return "  confirmed: " + strings.Join(texts, ", ")
}

// spotted returns what in the typed texts customers should not read.
func (t *turn) spotted(u *unit, o *order) []comms.Finding {
	if o.standard {
		return nil
	}
	terms := append(slices.Clip(t.cat.Terms()), comms.Term{Kind: comms.FoundID, Text: u.inc.ID})
	var found []comms.Finding
	for _, typed := range []struct{ field, text string }{
		{"Text", o.text},
		{"Affected", o.typed.Affected},
		{"Doing", o.typed.Doing},
		{"Workaround", o.typed.Workaround},
		{"Expected", o.typed.Expected},
	} {
		found = append(found, comms.Check(typed.field, typed.text, terms)...)
	}
	return found
}

// contradicts returns what the stage of an update says that the incident does not bear out.
func (u *unit) contradicts(up *comms.Update) []comms.Finding {
	over := up.Stage == comms.Monitoring || up.Stage == comms.Resolved
	if !over || up.Kind == comms.Retraction || !u.inc.Phases.Under() {
		return nil
	}
	return []comms.Finding{{Kind: comms.FoundState, Text: fmt.Sprintf("it says %s, and the incident is %s with %d firing", up.Stage, u.inc.Phases.Phase, u.inc.Phases.Firing)}}
}

// compose renders an update as it would leave at the instant. It sets when the next one comes.
func (u *unit) compose(at time.Time, up *comms.Update) ([]comms.Text, error) {
	plan, f := u.commsPlan(), &up.Facts
	f.At, f.Since, f.NextUpdate, f.ResolvedAt = at, u.inc.Phases.Detected, time.Time{}, time.Time{}
	required := slices.Clone(plan.Require)
	drop := func(name string) {
		required = slices.DeleteFunc(required, func(r string) bool { return r == name })
	}
	if up.Stage == comms.Resolved {
		f.ResolvedAt = u.inc.Phases.Mitigated
		if f.ResolvedAt.IsZero() {
			f.ResolvedAt = at
		}
		drop("NextUpdate")
	} else {
		_, every := u.pace()
		if f.NextUpdate = at.Add(every); up.Inside {
			f.NextUpdate = u.inc.Comms.Due // it moves nothing
		}
		drop("ResolvedAt")
	}
	up.Next = f.NextUpdate
	if missing := f.Missing(required...); len(missing) > 0 {
		return nil, &comms.UnresolvedError{Names: missing}
	}
	var texts []comms.Text
	for _, audience := range up.Audiences {
		source := cmp.Or(up.Drafted.Text, plan.Template(audience, up.Stage))
		if source == "" {
			return nil, fmt.Errorf("there is no message %s for %s, expected words of your own", up.Stage, audience)
		}
		text, err := comms.Compose(source, f)
		if err != nil {
			return nil, fmt.Errorf("for %s: %w", audience, err)
		}
		texts = append(texts, comms.Text{Audience: audience, Text: event.Shorten(text, mostUpdate)})
	}
	return texts, nil
}

// mostUpdate is how long an update is, in bytes.
const mostUpdate = 4 << 10

// ask asks the next role to approve an update. If none is left, whoever answers for the incident is paged.
func (t *turn) ask(u *unit, at time.Time, up *comms.Update) {
	plan := u.commsPlan()
	roles := plan.Approvers()
	passed := []escalate.PersonID{escalate.PersonID(up.Drafted.By)}
	for _, asked := range up.Asked {
		passed = append(passed, escalate.PersonID(asked))
	}
	for up.Until = (time.Time{}); up.Turn < len(roles); {
		role := roles[up.Turn]
		up.Turn++
		who := t.fills(u, incident.Role(role), at, passed...)
		if len(who) == 0 {
			continue
		}
		up.Asked, up.Until = slices.Concat(up.Asked, names(who)), at.Add(plan.Holds())
		u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Text: fmt.Sprintf("asks %s to approve it as %s until %s",
			strings.Join(names(who), ", "), role, clock(up.Until))})
		m := Pending{
			Part: "comms", Kind: notify.Notice, Note: event.Shorten("update "+up.ID+": "+up.Texts[len(up.Texts)-1].Text, noteLength),
			Detail: Detail{Occasion: notify.OccasionApproval, Until: up.Until},
		}
		for _, r := range who {
			t.send(u, at, m, r)
		}
		return
	}
	u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Text: "nobody is left to approve it"})
	for _, r := range t.fills(u, incident.Commander, at) {
		t.send(u, at, Pending{Part: "comms", Kind: notify.Page, Last: true, Note: "nobody is left to approve update " + up.ID}, r)
	}
}

// expired ends the time of an approver, or of an approval, and asks the next one.
func (t *turn) expired(u *unit, at time.Time, up *comms.Update) {
	text := "was not approved in time"
	if up.State == comms.Approved {
		text = "the approval by " + up.Approved.By + " has expired"
		up.State, up.Approved = comms.Draft, comms.Verdict{}
	}
	u.enter(at, incident.Entry{Word: incident.WordUpdate, Of: up.ID, Text: text})
	if texts, err := u.compose(at, up); err == nil { // who is asked reads what would leave now
		up.Texts = texts
	}
	t.ask(u, at, up)
}

func approveUpdate(t *turn, u *unit, c respond.ApproveUpdate, at time.Time) error {
	return t.withComms(u, c.By, func(s *Comms, by string) error {
		up, err := s.update(c.Update)
		if err != nil {
			return err
		}
		verdict := comms.Verdict{By: by, At: at, Text: c.Because}
		e := incident.Entry{Word: incident.WordUpdate, Of: up.ID, Actor: string(c.By)}
		if c.Because != "" {
			e.Said = incident.Said{By: c.By, Text: c.Because}
		}
		if c.Decline {
			return t.decline(u, at, up, verdict, e)
		}
		switch own := by == up.Drafted.By || by == up.Sent.By; {
		case up.State == comms.Approved && up.Approved.By == by:
			return nil // a repeat
		case own:
			return errors.New("who drafted or sent an update cannot approve it")
		case up.Unreviewed():
			up.Reviewed = verdict
			e.Text = "looked at afterwards, and approved"
			u.enter(at, e)
			return nil
		case u.past || up.State != comms.Draft:
			return u.notNow(up)
		case up.Goes:
			return t.approvedAndSent(u, at, s, up, verdict, e)
		}
		up.State, up.Approved, up.Until = comms.Approved, verdict, at.Add(u.approvalHolds())
		e.Text = "approved until " + clock(up.Until)
		u.enter(at, e)
		t.answerDrafter(u, at, up)
		return nil
	})
}

// decline ends an update that has not left.
func (t *turn) decline(u *unit, at time.Time, up *comms.Update, verdict comms.Verdict, e incident.Entry) error {
	if u.past || up.State != comms.Draft && up.State != comms.Approved {
		return u.notNow(up)
	}
	up.State, up.Approved, up.Until = comms.Declined, verdict, time.Time{}
	e.Text = "declined"
	u.enter(at, e)
	t.answerDrafter(u, at, up)
	return nil
}

// approvalHolds is for how long an approval holds.
func (u *unit) approvalHolds() time.Duration {
	plan := u.commsPlan()
	return plan.Holds()
}

// approvedAndSent sends an update that leaves as soon as it is approved.
func (t *turn) approvedAndSent(u *unit, at time.Time, c *Comms, up *comms.Update, verdict comms.Verdict, e incident.Entry) error {
	texts, err := u.sendable(at, c, up)
	if err != nil {
		return err
	}
	up.State, up.Approved = comms.Approved, verdict
	e.Text = "approved"
	u.enter(at, e)
	t.letGo(u, at, c, up, texts, comms.Release{By: up.Drafted.By, At: at})
	return nil
}

// notNow says why nothing can be done to an update.
func (u *unit) notNow(up *comms.Update) error {
	switch {
	case up.State.Went():
		return fmt.Errorf("update %s was sent by %s at %s", up.ID, up.Sent.By, clock(up.Sent.At))
	case up.State == comms.Approved:
		return fmt.Errorf("update %s was approved by %s at %s", up.ID, up.Approved.By, clock(up.Approved.At))
	case up.State == comms.Declined:
		return fmt.Errorf("update %s was declined by %s", up.ID, up.Approved.By)
	case up.State == comms.Draft && len(up.Asked) > 0:
		return fmt.Errorf("update %s waits for an approval by %s", up.ID, strings.Join(up.Asked, ", "))
	}
	return fmt.Errorf("update %s is %s", up.ID, up.State)
}

// answerDrafter tells who drafted an update what became of it.
func (t *turn) answerDrafter(u *unit, at time.Time, up *comms.Update) {
	who := escalate.PersonID(up.Drafted.By)
	if contacts := t.cat.Contacts(who); len(contacts) > 0 && up.Drafted.By != up.Approved.By {
		t.send(u, at, Pending{
			Part: "comms", Kind: notify.Notice, Note: fmt.Sprintf("update %s is %s by %s", up.ID, up.State, up.Approved.By),
		}, escalate.Recipient{Person: who, Contacts: contacts})
	}
}
