package intake

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

// Responder carries out what people do about incidents elsewhere. The engine implements it, and documents the methods.
type Responder interface {
	Submitter
	Known(name escalate.PersonID) (escalate.PersonID, bool)
	Incident(ctx context.Context, id string) (incident.Incident, error)
	DoAs(ctx context.Context, v respond.Viewer, c respond.Command) error
}

// PagerDutyWebhook returns a handler for webhooks v3 of PagerDuty, which tell what people do there about the incidents that
// [github.com/tocsin-dev/tocsin/notify/pagerduty] opened. secrets are those of the webhook subscriptions; list the old and the new one
// during a rotation. tenants are the tenants whose incidents may be answered there; none: the tenant without a name.
//
// The header X-PagerDuty-Signature must hold a signature of the whole body by one of the secrets. Tokens in [Endpoint.Bearer] are
// demanded beside it. Without a secret every request is answered 401, [Endpoint.Open] or not.
//
//   - incident.acknowledged, incident.unacknowledged: the person acknowledges or gives back here, via pagerduty.
//   - incident.resolved: the person resolves here. Where the gates of [respond.Resolve] or the rights of the person refuse it, a finding
//     says so, and the incident goes on.
//   - All other events, and events of incidents that this engine did not send, change nothing.
//
// An event counts only if its agent is a person of the catalog: whose PagerDuty id, such as PXPGF42, or address of email is among the
// contacts or other names of the person. The display name does not count, since its owner may change it. An event of another user changes
// nothing and is reported as a finding. What PagerDuty did by itself or by an integration has no user as agent and changes nothing; so a
// resolve that notify/pagerduty sent, and that comes back, changes nothing.
//
// The id of the event is that of the command, so repeats change nothing. An event that happened before another one of the same person
// and incident that was carried out changes nothing; this is remembered until the process ends.
//
// The handler answers 200 to every event with a right signature, carried out or not, and 503 if the engine could not decide, after which
// PagerDuty repeats it for 48 hours.
func PagerDutyWebhook(to Responder, e *Endpoint, secrets Secrets, tenants ...string) http.Handler {
	p := &pagerDuty{
		gate: newGate(&format{
			name: "pagerduty", methods: []string{http.MethodPost}, maxBody: 1 << 20, signed: true,
			accepts:  func(h http.Header) bool { return isJSON(h) && identity(h) },
			expected: "application/json, and no Content-Encoding",
			stored:   http.StatusOK, overload: http.StatusTooManyRequests,
		}, to, e),
		to: to, tenants: tenants, latest: make(map[answerKey]time.Time),
	}
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); secret != "" {
			p.signing = append(p.signing, secret)
		}
	}
	return guard(p.traced(p.serve))
}

type pagerDuty struct {
	*gate
	to      Responder
	tenants []string

	mu     sync.Mutex
	latest map[answerKey]time.Time // when what was carried out last has happened
}

// answerKey names who has done something about which incident.
type answerKey struct{ incident, agent string }

// maxAnswers bounds latest, which is cleared beyond it.
const maxAnswers = 10_000

// pagerDutyEvent is the part of an event that counts.
type pagerDutyEvent struct {
	ID    string         `json:"id"`
	Type  string         `json:"event_type"`
	At    string         `json:"occurred_at"`
	Agent pagerDutyAgent `json:"agent"`
	Data  struct {
		Key string `json:"incident_key"` // the dedup_key of the trigger: our incident
	} `json:"data"`
}

type pagerDutyAgent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Email   string `json:"email"`
	Summary string `json:"summary"`
}

func (p *pagerDuty) serve(w http.ResponseWriter, r *http.Request) {
	answerWithin(w, bodyTimeout+answerTimeout)
	if !p.admit(w, r) {
		return
	}
	body, of, size, err := p.receive(w, r)
	if err == nil && !of.enter(size) {
		err = errBusy
	}
	if err != nil {
		p.refuse(w, r, "body", err)
		return
	}
	defer of.leave(size)
	text, err := io.ReadAll(body)
	if err != nil {
		p.refuse(w, r, "body", err)
		return
	}
	if !signedBy(p.signing, r.Header.Get("X-PagerDuty-Signature"), text) {
		p.answer(w, r, http.StatusUnauthorized, reasonUnauthorized, "X-PagerDuty-Signature: expected v1=, and the HMAC of the body by a secret of this endpoint")
		return
	}
	ev, err := decodePagerDuty(text, p.MaxDepth)
	if err != nil {
		p.refuse(w, r, "event", err)
		return
	}
	connectionOf(r.Context()).enter(works)
	answerWithin(w, 0)
	if err := p.take(r.Context(), ev); err != nil {
		p.complain(r.Context(), "an event was not carried out", err)
		p.notStored(w, r, err)
		return
	}
	answerWithin(w, answerTimeout)
	w.WriteHeader(p.stored)
}

// signedBy reports whether one of the signatures in the header is that of the body by one of the secrets.
func signedBy(secrets []string, header string, body []byte) bool {
	match := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		want := []byte("v1=" + hex.EncodeToString(mac.Sum(nil)))
		for signature := range strings.SplitSeq(header, ",") {
			if hmac.Equal(want, []byte(strings.TrimSpace(signature))) {
				match = true
			}
		}
	}
	return match
}

// decodePagerDuty reads a body. A body of two meanings is refused.
func decodePagerDuty(text []byte, maxDepth int) (*pagerDutyEvent, error) {
	v, err := readValue(text, maxDepth)
	if err != nil {
		return nil, err
	}
	if v.duplicate || v.repaired {
		return nil, errors.New("expected each name once in an object, and valid UTF-8")
	}
	var body struct {
		Event *pagerDutyEvent `json:"event"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, readable(err)
	}
	switch {
	case body.Event == nil:
		return nil, errors.New("event: missing, expected an object")
	case body.Event.ID == "":
		return nil, errors.New("event.id: missing, expected the id of the event")
	}
	return body.Event, nil
}

// take carries an event out. An error means that the engine could not decide.
func (p *pagerDuty) take(ctx context.Context, ev *pagerDutyEvent) error {
	do := ev.command()
	if do == nil || ev.Data.Key == "" || ev.Agent.Type != "user_reference" && ev.Agent.Type != "user" {
		return nil
	}
	inc, err := p.to.Incident(ctx, ev.Data.Key)
	switch {
	case errors.Is(err, tocsin.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	v := respond.Viewer{Person: escalate.PersonID(ev.Agent.ID), Tenants: p.tenants}
	person, ok := p.to.Known(v.Person)
	if !ok {
		person, ok = p.to.Known(escalate.PersonID(ev.Agent.Email))
	}
	if ok {
		v.Person = person
	}
	if inc.Phase.Over() || !v.MaySee(&inc) {
		return nil
	}
	if !ok {
		p.note(ctx, &inc, ev, reasonStranger, "the catalog has no such person, expected the id among the other names or contacts of one")
		return nil
	}
	key := answerKey{inc.ID, ev.Agent.ID}
	at, _ := time.Parse(time.RFC3339, ev.At) // an event whose time cannot be read is never late
	if p.isLate(key, at) {
		return nil
	}
	if err := p.answered(ctx, &inc, ev, p.to.DoAs(ctx, v, do)); err != nil {
		return err
	}
	p.remember(key, at)
	return nil
}

// command returns the command of an event, nil if it has none. Its person is that of the viewer.
func (ev *pagerDutyEvent) command() respond.Command {
	id := event.ShortKey("pagerduty " + ev.ID)
	switch ev.Type {
	case "incident.acknowledged":
		return respond.Acknowledge{Incident: ev.Data.Key, Via: "pagerduty", ID: id}
	case "incident.unacknowledged":
		return respond.Unacknowledge{Incident: ev.Data.Key, ID: id}
	case "incident.resolved":
		return respond.Resolve{Incident: ev.Data.Key, ID: id}
	}
	return nil
}

// answered notes a refusal of the engine. It returns the error of an engine that could not decide.
func (p *pagerDuty) answered(ctx context.Context, inc *incident.Incident, ev *pagerDutyEvent, err error) error {
	var refused *respond.RefusedError
	var forbidden *respond.ForbiddenError
	switch {
	case err == nil, errors.Is(err, tocsin.ErrNotFound):
	case errors.As(err, &refused):
		if !refused.Phase.Over() { // an answer that came too late needs no note
			p.note(ctx, inc, ev, reasonRefused, refused.Error())
		}
	case errors.As(err, &forbidden):
		p.note(ctx, inc, ev, reasonForbidden, forbidden.Error())
	default:
		return err
	}
	return nil
}

// note counts an event that was not carried out, and reports it.
func (p *pagerDuty) note(ctx context.Context, inc *incident.Incident, ev *pagerDutyEvent, reason, why string) {
	p.count(ctx, reason, 1)
	if event.IsFinding(inc.Class) {
		return // a finding about a finding could go on for ever
	}
	subject := inc.ID + " " + reason
	if reason == reasonStranger {
		subject = ev.Agent.ID
	}
	f := event.Finding(event.FindingRefusedInput, p.Name+" "+subject, fmt.Sprintf("%s: %s of incident %s by %s (%s) was not carried out: %s",
		p.name, ev.Type, inc.ID, excerpt(40, ev.Agent.ID), excerpt(60, ev.Agent.Summary), why))
	f.Tenant = inc.Tenant
	p.report(ctx, f)
}

// isLate reports whether something that happened later was carried out already.
func (p *pagerDuty) isLate(key answerKey, at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !at.IsZero() && at.Before(p.latest[key])
}

func (p *pagerDuty) remember(key answerKey, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.latest) >= maxAnswers {
		clear(p.latest)
	}
	if at.After(p.latest[key]) {
		p.latest[key] = at
	}
}
