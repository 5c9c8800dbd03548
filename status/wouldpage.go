package status

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/sim"
)

// wouldForm is how many bytes a form with a payload may have, which takes up to three bytes for one.
const wouldForm = 3*wouldMost + formMost

// wouldPage asks for a payload, and says what would happen if it came.
type wouldPage struct {
	frame
	Says    string
	Intakes []choice
	Path    string
	Headers string
	Payload string
	Answer  *wouldView
}

// wouldView is the answer to a payload.
type wouldView struct {
	Answer       string
	Refused      bool
	Fault        string
	Open, Events []lineView
	Messages     []lineView
	Ends         string
	Text         string
}

func (q *request) wouldPage() *wouldPage {
	m := &wouldPage{
		frame: q.frame("What would happen", "What if", q.now(), time.Time{}), Says: "Nothing is stored and nothing is sent.",
		Path: q.PostFormValue("path"), Headers: q.PostFormValue("headers"), Payload: q.PostFormValue("payload"),
	}
	for _, name := range slices.Sorted(maps.Keys(q.Intakes)) {
		m.Intakes = append(m.Intakes, choice{Name: name, Here: name == q.PostFormValue("intake")})
	}
	return m
}

func (q *request) askWould() error {
	if len(q.Intakes) == 0 {
		return q.nowhere()
	}
	return q.render(http.StatusOK, "would", q.wouldPage())
}

// answerWould answers a form with a payload. It changes nothing.
func (q *request) answerWould() error {
	m := q.wouldPage()
	if !q.PostForm.Has("payload") || len(m.Payload) > wouldMost {
		return fmt.Errorf("%w: expected a payload of at most %d bytes", errForm, wouldMost)
	}
	header, err := headersOf(m.Headers)
	if err != nil {
		return err
	}
	select {
	case q.forecasts <- struct{}{}:
		defer func() { <-q.forecasts }()
	default:
		return q.fail(http.StatusServiceUnavailable, "Others ask the same now.", "Two forecasts are made at once. Ask again in a moment.")
	}
	body := strings.ReplaceAll(m.Payload, "\r\n", "\n") // as a browser sends it
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", guessed(body))
	}
	w, err := q.Config.would(q.Context(), q.engine, q.viewer, q.PostFormValue("intake"), payload{m.Path, header, []byte(body)})
	if err != nil {
		return err
	}
	m.Answer = q.wouldView(w)
	return q.render(http.StatusOK, "would", m)
}

// guessed returns the content type that the sender of a payload would state: that of CloudEvents where the payload says that it is one.
func guessed(body string) string {
	var one struct {
		SpecVersion string `json:"specversion"`
	}
	if json.Unmarshal([]byte(body), &one) == nil && one.SpecVersion != "" {
		return "application/cloudevents+json"
	}
	return "application/json"
}

// headersOf reads headers, one on a line.
func headersOf(text string) (http.Header, error) {
	header := make(http.Header)
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			return nil, fmt.Errorf("%w: header %.40q, expected NAME: VALUE", errForm, l)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

func (q *request) wouldView(w *would) *wouldView {
	f, now := w.Forecast, q.now()
	v := &wouldView{Answer: strings.TrimSpace(fmt.Sprint(w.Status, " ", clip(w.Answer, 400))), Refused: w.Status >= 400, Fault: w.Fault, Text: line.Lines(w.Text)}
	for _, o := range w.Open {
		l := lineView{First: fmt.Sprint("event ", o.Event+1), What: capital(line.Of(o.Says)) + "."}
		if o.Incident != "" {
			l.Path = "incident/" + url.PathEscape(o.Incident)
		}
		v.Open = append(v.Open, l)
	}
	for i := range f.Events {
		v.Events = append(v.Events, wouldEvent(i, &f.Events[i]))
	}
	for i := range f.Messages {
		v.Messages = append(v.Messages, wouldMessage(&f.Messages[i], f.At, now))
	}
	v.Ends = "Nobody else is asked or informed, if nobody acts and nothing else comes."
	switch {
	case f.Cut:
		v.Ends = "And so on: the forecast ends here, and more follows."
	case len(f.Messages) == 0:
		v.Ends = "Nobody hears of it."
	}
	if f.Further > 0 {
		v.Ends += fmt.Sprintf(" Of %s nothing is foreseen.", plural(f.Further, "further event"))
	}
	return v
}

func wouldEvent(i int, e *sim.Foreseen) lineView {
	l := lineView{First: fmt.Sprint("event ", i+1), What: clip(cmp.Or(e.Event.Summary, e.Event.Type), 140)}
	switch {
	case e.Refused != "":
		l.Why = "Refused: " + clip(e.Refused, 300)
		return l
	case e.Twice:
		l.Why = "Left out: an event before it has its id and its source."
		return l
	}
	l.Why = clip(fmt.Sprintf("%s · %s · team %s · plan %s", incident.Reason(e.Priority, e.Priority, e.Why, 0, ""), e.Class, e.Owner, e.Plan), 400)
	if e.Incident != "" {
		l.Why += " · incident " + line.Of(e.Incident)
	}
	if e.Unpaged != "" {
		l.Why += " · nobody is paged at once: " + clip(e.Unpaged, 200)
	}
	return l
}

func wouldMessage(m *sim.Message, from, now time.Time) lineView {
	whom := cmp.Or(m.Person, m.Room, "the room")
	l := lineView{
		At: minute(m.At, now), What: clip(fmt.Sprintf("%s to %s over %s", m.Kind, whom, m.Channel), 140),
		Why: fmt.Sprintf("%s · incident %s · %v", incident.Offset(m.At.Sub(from)), line.Of(m.Incident), m.Priority),
	}
	if m.Level > 0 {
		l.Why += fmt.Sprintf(" · level %d", m.Level)
	}
	if m.Round > 1 {
		l.Why += fmt.Sprintf(" · round %d", m.Round)
	}
	if m.With > 0 {
		l.Why += " · in one message with " + plural(m.With, "other")
	}
	return l
}
