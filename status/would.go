package status

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
)

const (
	wouldMost   = 1 << 20 // bytes of a payload
	wouldEvents = 50      // of a payload that are looked at
	wouldSlots  = 2       // forecasts that are made at once
	wouldStore  = 3 * time.Second
)

// would is what would happen if a payload came to an intake now.
type would struct {
	Intake string `json:"intake"`
	// Status and Answer are what the intake would answer to a sender whom it knows.
	Status int    `json:"status"`
	Answer string `json:"answer,omitempty"`
	// Open says of each event that would meet something open what it would be: a repeat, or one more alert of an incident.
	Open []wouldMeet `json:"open"`
	// Fault says why it is not known what is open.
	Fault    string        `json:"fault,omitempty"`
	Forecast *sim.Forecast `json:"forecast"` // as if nothing were open
	Text     string        `json:"text"`     // all of it, for people
}

// wouldMeet is what an event would be, given what is open.
type wouldMeet struct {
	Event    int    `json:"event"` // its index in the forecast
	Says     string `json:"says"`
	Incident string `json:"incident,omitempty"` // id
}

// payload is a request to an intake that nobody has sent.
type payload struct {
	path   string // below that of the intake
	header http.Header
	body   []byte
}

// would says what would happen if a payload came to the intake with the name. The error wraps ErrNotFound if there is none, and if an event
// has a tenant that the viewer does not see.
func (c *Config) would(ctx context.Context, e *tocsin.Engine, v respond.Viewer, name string, p payload) (*would, error) {
	build := c.Intakes[name]
	if build == nil {
		return nil, fmt.Errorf("%w: intake %.40q", tocsin.ErrNotFound, name)
	}
	r, err := p.request(ctx)
	if err != nil {
		return nil, err
	}
	got := intake.Rehearse(build, e.SeverityOf, r)
	for i := range got.Events {
		if ev := &got.Events[i]; !v.Sees(ev.Tenant) && !event.IsFinding(ev.Type) {
			return nil, tocsin.ErrNotFound
		}
	}
	w := &would{Intake: name, Status: got.Status, Answer: got.Answer, Open: []wouldMeet{}}
	events := got.Events
	if len(events) > wouldEvents {
		events = events[:wouldEvents]
	}
	events = w.meet(ctx, e, v, events)
	further := got.Events[len(events):]
	if w.Forecast, err = sim.Foresee(e.Catalog(), time.Now().UTC(), append(events, further...)...); err != nil {
		return nil, err
	}
	w.Text = w.text()
	return w, nil
}

// request returns the request without what says who asks.
func (p *payload) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, (&url.URL{Path: "/" + strings.TrimPrefix(p.path, "/")}).String(), bytes.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	r.Header = p.header.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Idempotency-Key"} {
		r.Header.Del(name)
	}
	return r, nil
}

// meet says what the events would meet. It returns them with what the engine fills in.
func (w *would) meet(ctx context.Context, e *tocsin.Engine, v respond.Viewer, events []event.Event) (complete []event.Event) {
	ctx, cancel := context.WithTimeout(ctx, wouldStore)
	defer cancel()
	all, err := e.Would(ctx, events...)
	if err != nil {
		w.Fault = "the store does not say what is open now"
	}
	for i := range all {
		complete = append(complete, all[i].Event)
		if meet := (wouldMeet{Event: i, Says: meets(&all[i]), Incident: all[i].Joins}); err == nil && meet.Says != "" && shows(ctx, e, v, &all[i]) {
			w.Open = append(w.Open, meet)
		}
	}
	return complete
}

// shows reports whether a viewer may be told what an event would meet: not if it is of a private incident, or of a private class without one.
func shows(ctx context.Context, e *tocsin.Engine, v respond.Viewer, w *tocsin.Would) bool {
	if id := cmp.Or(w.Joins, w.Alert.Incident); id != "" {
		inc, err := e.Incident(ctx, id)
		return err == nil && v.MaySee(&inc)
	}
	class, _ := e.Catalog().Class(w.Event.Type)
	return v.Sees(w.Event.Tenant) && !class.Private
}

// meets says what an event would be, given what is open; empty if it meets nothing.
func meets(w *tocsin.Would) string {
	of := ""
	if w.Joins != "" {
		of = " of incident " + w.Joins
	}
	switch {
	case w.Seen:
		return "it would be left out, since an event with its id and its source is stored already"
	case w.Repeats && w.Event.Signal == event.Trigger && w.Alert.Count > 1:
		return fmt.Sprintf("it would be counted as repeat %d of an open alert%s", w.Alert.Count, of)
	case w.Repeats && w.Event.Signal != event.Trigger:
		return fmt.Sprintf("it would be the %v of an open alert%s", w.Event.Signal, of)
	case w.Joins != "":
		return "its alert would be one more" + of
	}
	return ""
}

// text tells all of it.
func (w *would) text() string {
	var b strings.Builder
	say := func(format string, args ...any) { b.WriteString(line.Of(fmt.Sprintf(format, args...)) + "\n") }
	say("intake %s answers %s", w.Intake, strings.TrimSpace(fmt.Sprint(w.Status, " ", w.Answer)))
	if w.Fault != "" {
		say("%s", w.Fault)
	}
	for _, m := range w.Open {
		say("event %d now: %s", m.Event+1, m.Says)
	}
	if len(w.Open) > 0 {
		say("the rest is as if nothing were open")
	}
	return b.String() + w.Forecast.Text
}

// would answers what would happen. The body and the headers are those that a sender sends.
func (q *apiRequest) would() (any, error) {
	p := q.params("path")
	path := p.text("path")
	if err := p.faults(); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	w, err := q.Config.would(q.Context(), q.engine, q.viewer, q.PathValue("intake"), payload{path, q.Header, body})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// receivePayload reads the body of any kind.
func (q *apiRequest) receivePayload(w http.ResponseWriter) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, wouldMost))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problemTooLarge.because(fmt.Sprintf("A payload has at most %d bytes here.", wouldMost))
	case err != nil:
		return problemInvalid.because("the body ended early")
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
