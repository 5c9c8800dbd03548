package status

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/internal/redact"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

func apiReads() map[string]apiRoute {
	return map[string]apiRoute{
		"GET /verdict":                 {answer: (*apiRequest).verdict},
		"GET /incidents":               {answer: (*apiRequest).incidents},
		"GET /incidents/{id}":          {answer: (*apiRequest).incident},
		"GET /incidents/{id}/timeline": {answer: (*apiRequest).timeline},
		"GET /incidents/{id}/messages": {answer: (*apiRequest).messagesOf},
		"GET /messages":                {answer: (*apiRequest).messages},
		"GET /incidents/{id}/explain":  {answer: (*apiRequest).explain},
		"GET /incidents/{id}/briefing": {answer: (*apiRequest).briefing},
		"GET /alerts":                  {answer: (*apiRequest).alerts},
		"GET /on-call":                 {answer: (*apiRequest).onCall},
		"GET /dead-letters":            {answer: (*apiRequest).letters, operator: true},
		"GET /unreadable":              {answer: (*apiRequest).unreadable, operator: true, within: apiLong},
	}
}

const (
	apiPage    = 500   // most incidents or alerts of an answer
	apiText    = 255   // bytes of a text to look for
	apiLetters = 1_000 // most dead letters of an answer
)

// standing is an incident, who has it and what comes next.
type standing struct {
	Incident incident.Incident   `json:"incident"`
	State    string              `json:"state"` // unheld, held, watched, over
	Holders  []escalate.PersonID `json:"holders"`
	Next     *comes              `json:"next,omitempty"` // nothing happens by itself without it
	Reason   string              `json:"reason"`         // of the priority
}

// comes is what happens next by itself.
type comes struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// stands says how an incident stands, as the viewer may see it.
func (q *apiRequest) stands(inc incident.Incident) *standing {
	s := &standing{Incident: q.masked(inc), State: "unheld", Holders: []escalate.PersonID{}, Reason: inc.Reason()}
	for _, a := range inc.Escalation.Acks {
		s.Holders, s.State = append(s.Holders, a.By), "held"
	}
	switch {
	case inc.Phase.Over():
		s.State = "over"
	case inc.Phase == incident.Monitoring:
		s.State = "watched"
	}
	if at := inc.Escalation.Next; !at.IsZero() {
		s.Next = &comes{at, map[escalate.Status]string{
			escalate.Idle: "level 1 is asked", escalate.Running: "the next level is asked", escalate.Paused: "its holders are reminded, or the acknowledgement ends",
		}[inc.Escalation.Status]}
	}
	return s
}

// now returns how an incident stands now, and nil if that cannot be said.
func (q *apiRequest) now(id string) *standing {
	if id == "" {
		return nil
	}
	inc, err := q.visible(id)
	if err != nil {
		return nil
	}
	return q.stands(inc)
}

// visible returns an incident that the viewer sees. The error wraps ErrNotFound for any other.
func (q *apiRequest) visible(id string) (incident.Incident, error) {
	inc, err := q.engine.Incident(q.Context(), id)
	if err == nil && !q.viewer.MaySee(&inc) {
		return incident.Incident{}, tocsin.ErrNotFound
	}
	return inc, unseen(q.Context(), q.engine, q.viewer, id, err)
}

// unseen returns ErrNotFound in place of an error about the record of an incident that the viewer does not see.
func unseen(ctx context.Context, engine *tocsin.Engine, v respond.Viewer, id string, err error) error {
	var odd *tocsin.UnreadableError
	if !errors.As(err, &odd) {
		return err
	}
	hidden, failed := engine.Hidden(ctx, v, odd.Tenant)
	if failed != nil || hidden[id] || !v.Sees(odd.Tenant) {
		return cmp.Or(failed, tocsin.ErrNotFound)
	}
	return err
}

// hidden reports whether a contact is masked: it has the address of somebody else.
func (q *apiRequest) hidden(person escalate.PersonID) bool {
	return person != "" && person != q.viewer.Person && !q.viewer.Has(respond.GrantOperator)
}

// masked returns an incident without the addresses that are not for the viewer.
func (q *apiRequest) masked(inc incident.Incident) incident.Incident {
	inc.Told, inc.Pending = slices.Clone(inc.Told), slices.Clone(inc.Pending)
	for i := range inc.Told {
		if t := &inc.Told[i]; q.hidden(t.Person) {
			t.Contact = maskedContact(t.Contact)
		}
	}
	for i := range inc.Pending {
		if p := &inc.Pending[i]; q.hidden(p.Person) {
			p.Contact = maskedContact(p.Contact)
		}
	}
	return inc
}

func maskedContact(c escalate.Contact) escalate.Contact {
	channel, _ := c.Split()
	return escalate.Contact(channel + ":" + redact.Stars)
}

// verdict says how things stand, in the words of the dashboard. It reads the store at most once a second for all who ask.
func (q *apiRequest) verdict() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	s := (&request{viewer: q.viewer}).snapshot(q.boards.board(tenant).fresh(q.Context()), time.Now().UTC())
	return struct {
		Verdict string    `json:"verdict"`
		AsOf    time.Time `json:"asOf,omitzero"`
		Fault   string    `json:"fault,omitempty"`
	}{Verdict(s), s.AsOf, s.Fault}, nil
}

func (q *apiRequest) incident() (any, error) {
	if err := q.params().faults(); err != nil {
		return nil, err
	}
	inc, err := q.visible(q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return q.stands(inc), nil
}

// timeline returns the timeline of an incident, also of one that cannot be read.
func (q *apiRequest) timeline() (any, error) {
	if err := q.params().faults(); err != nil {
		return nil, err
	}
	id := q.PathValue("id")
	var odd *tocsin.UnreadableError
	if _, err := q.visible(id); err != nil && !errors.As(err, &odd) {
		return nil, err
	}
	entries, err := q.engine.Timeline(q.Context(), id)
	return map[string]any{"entries": entries}, err
}

func (q *apiRequest) explain() (any, error) {
	if err := q.params().faults(); err != nil {
		return nil, err
	}
	inc, err := q.visible(q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	text, err := q.engine.Explain(q.Context(), inc.ID)
	if err != nil {
		return nil, err
	}
	masks := make(map[string]string)
	for _, t := range inc.Told {
		if q.hidden(t.Person) {
			masks[line.Of(string(t.Contact))] = string(maskedContact(t.Contact))
		}
	}
	for _, p := range inc.Pending {
		if q.hidden(p.Person) {
			masks[line.Of(string(p.Contact))] = string(maskedContact(p.Contact))
		}
	}
	longest := func(a, b string) int { return cmp.Compare(len(b), len(a)) } // one may begin with another
	for _, contact := range slices.SortedFunc(maps.Keys(masks), longest) {
		text = strings.ReplaceAll(text, contact, masks[contact])
	}
	return map[string]string{"text": text}, nil
}

func (q *apiRequest) incidents() (any, error) {
	p := q.params("tenant", "phase", "open", "team", "service", "priority", "text", "from", "to", "after", "limit")
	query := tocsin.Query{
		Tenant: p.tenant(), Phase: incident.Phase(p.word("phase", phases()...)), Open: p.flag("open"),
		Team: p.text("team"), Service: p.text("service"), Priority: p.priority(), Text: p.text("text"), From: p.instant("from"), To: p.instant("to"),
		After: p.text("after"), Limit: p.limit(), For: &q.viewer,
	}
	if query.Open && query.Phase != "" {
		p.fault("open beside a phase, expected one of them")
	}
	if !query.To.IsZero() && !query.From.Before(query.To) {
		p.fault("from is not before to")
	}
	if err := p.err(query.Tenant); err != nil {
		return nil, err
	}
	found, err := q.engine.Incidents(q.Context(), query)
	next, err := more(len(found) == query.Limit, err, func() string { return found[len(found)-1].ID })
	for i := range found {
		found[i] = q.masked(found[i])
	}
	return struct {
		Incidents []incident.Incident `json:"incidents"`
		Next      string              `json:"next,omitempty"`
	}{found, next}, err
}

func (q *apiRequest) alerts() (any, error) {
	p := q.params("tenant", "state", "service", "incident", "promoted", "text", "after", "limit")
	query := tocsin.AlertQuery{
		Tenant: p.tenant(), State: p.word("state", "pending", "firing", "quiet", "resolved"), Service: p.text("service"),
		Incident: p.text("incident"), Text: p.text("text"), After: p.Get("after"), Limit: p.limit(), For: &q.viewer,
	}
	if p.Has("promoted") {
		query.Promoted = new(p.flag("promoted"))
		if query.Incident != "" && !*query.Promoted {
			p.fault("an incident, and not promoted, expected one of them")
		}
	}
	if err := p.err(query.Tenant); err != nil {
		return nil, err
	}
	found, err := q.engine.Alerts(q.Context(), query)
	next, err := more(len(found) == query.Limit, err, func() string { return found[len(found)-1].ID })
	return struct {
		Alerts []incident.Alert `json:"alerts"`
		Next   string           `json:"next,omitempty"`
	}{found, next}, err
}

// more returns the cursor of the next page, and the error of the query unless it says that there is one.
func more(full bool, err error, last func() string) (string, error) {
	var early *tocsin.MoreError
	switch {
	case errors.As(err, &early):
		return early.After, nil
	case err == nil && full:
		return last(), nil
	}
	return "", err
}

// onCall says who is on call for a team. Teams belong to no tenant.
func (q *apiRequest) onCall() (any, error) {
	p := q.params("team", "at")
	team, at := p.text("team"), p.instant("at")
	if team == "" {
		p.fault("the team is missing, expected a name of the catalog")
	}
	if err := p.faults(); err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = time.Now()
	}
	if err := q.engine.Catalog().CheckTeam(team); err != nil {
		return nil, problemInvalid.because(err.Error())
	}
	o, err := q.engine.OnCall(team, at)
	if err != nil && o.Team == "" { // the catalog was replaced meanwhile
		return nil, problemInvalid.because(err.Error())
	}
	answer := struct {
		Team   string              `json:"team"`
		At     time.Time           `json:"at"`
		People []escalate.PersonID `json:"people"`
		Until  time.Time           `json:"until,omitzero"`
		Then   []escalate.PersonID `json:"then,omitempty"`
		Fault  string              `json:"fault,omitempty"`
	}{Team: o.Team, At: at.UTC(), People: append([]escalate.PersonID{}, o.People...), Until: o.Until, Then: o.Then}
	if err != nil { // its schedule panicked, so nobody is on call
		answer.Fault = err.Error()
	}
	return answer, nil
}

// letter is a dead letter.
type letter struct {
	Key      string            `json:"key"`
	Kind     notify.Kind       `json:"kind"`
	Incident string            `json:"incident"`
	Priority severity.Priority `json:"priority"`
	Person   string            `json:"person,omitempty"`
	Channel  string            `json:"channel"`
	To       string            `json:"to,omitempty"`
	Title    string            `json:"title"`
	Why      string            `json:"why"`
	Died     time.Time         `json:"died"`
}

func (q *apiRequest) letters() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	answer := struct {
		Letters []letter `json:"letters"`
		More    bool     `json:"more"`
	}{Letters: []letter{}}
	hidden, err := q.engine.Hidden(q.Context(), q.viewer, tenant)
	if err != nil {
		return nil, err
	}
	for l, err := range q.engine.DeadLetters(q.Context(), tenant) {
		var odd *tocsin.UnreadableError
		switch {
		case hidden[l.Incident]:
			continue
		case errors.As(err, &odd): // GET /unreadable lists it
			continue
		case err != nil:
			return nil, err
		case len(answer.Letters) == apiLetters:
			answer.More = true
			return answer, nil
		}
		answer.Letters = append(answer.Letters, letter{
			l.Key, l.Kind, l.Incident, l.Priority, l.Person, l.Channel, l.To, l.Title, l.Why, l.Died,
		})
	}
	return answer, nil
}

// broken is a row of the store that cannot be read.
type broken struct {
	Kind   string    `json:"kind"`
	ID     string    `json:"id"`
	Entry  uint64    `json:"entry,omitempty"`
	Schema uint16    `json:"schema,omitempty"`
	Newer  bool      `json:"newer"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
}

func (q *apiRequest) unreadable() (any, error) {
	tenant, err := q.tenant()
	if err != nil {
		return nil, err
	}
	rows, err := q.engine.Unreadable(q.Context(), tenant)
	list := []broken{}
	for _, u := range rows {
		list = append(list, broken{u.Kind, u.ID, u.Entry, u.Schema, u.Newer, u.Reason, u.Since})
	}
	return map[string]any{"rows": list}, err
}
