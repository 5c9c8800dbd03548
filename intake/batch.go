package intake

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	maxFaults = 10           // refused events that are named of one body
	cutLabel  = "tocsin.cut" // names what was left out of an event
)

// batch is what one body held.
type batch struct {
	unit     string // what the body lists: alerts, events
	maxDepth int    // of one value in the body
	events   []event.Event
	places   []int    // of the events in the body
	bad      int      // events left out
	faults   []string // of the first of them: where, what, and what was expected
	words    []string // unknown severities
	mended   int      // events with bytes that were no UTF-8, which the decoder replaces
	doubled  int      // events with a name that stands twice in one object, where the last one counts
	cut      int      // events whose payload was too large to be kept
	notes    []string // what else did not come in as it was sent
}

// take adds the event at place i of the body.
func (b *batch) take(i int, e event.Event) {
	b.events, b.places = append(b.events, e), append(b.places, i)
}

// leaveOut counts the event at place i of the body as not taken.
func (b *batch) leaveOut(i int, why error) {
	if b.bad++; b.bad <= maxFaults {
		b.faults = append(b.faults, event.Shorten(fmt.Sprintf("%s[%d]: %v", b.unit, i, why), 1<<10))
	}
}

// severity reads a word. One that is unknown is left to the class, and reported.
func (b *batch) severity(word string) severity.Level {
	level, known := levelOf(word)
	word = event.Shorten(normal(word), maxName)
	if !known && len(b.words) < maxWords && !slices.Contains(b.words, word) {
		b.words = append(b.words, word)
	}
	return level
}

// refusal says what was left out of total events.
func (b *batch) refusal(total int) string {
	return event.Shorten(fmt.Sprintf("%d of %d %s refused, such as %s", b.bad, total, b.unit, strings.Join(b.faults, "; ")), event.MaxSummary/2)
}

// findings reports what of the body, which had total events, did not come in as it was sent.
func (b *batch) findings(format, intake string, total int) []event.Event {
	var findings []event.Event
	for _, word := range b.words {
		findings = append(findings, event.Finding(event.FindingUnknownSeverity, intake+" "+word,
			fmt.Sprintf("%s: severity %.40q, expected info, warning, error, critical or a word that stands for one", format, word)))
	}
	texts := slices.Clone(b.notes)
	if b.bad > 0 {
		texts = append(texts, b.refusal(total))
	}
	if b.mended > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with bytes that are not UTF-8, which were replaced", b.mended, b.unit))
	}
	if b.doubled > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with a name twice in one object, the last one was taken", b.doubled, b.unit))
	}
	if b.cut > 0 {
		texts = append(texts, fmt.Sprintf("%d %s without their payload, which is larger than an event may hold", b.cut, b.unit))
	}
	if len(texts) > 0 {
		findings = append(findings, event.Finding(event.FindingRefusedInput, intake, format+": "+strings.Join(texts, "; ")))
	}
	return findings
}

// handler serves the endpoint of a format; decode reads one body. Its error means that nothing of the body can be used.
func (g *gate) handler(decode func(*http.Request, io.Reader) (*batch, error)) http.Handler {
	return g.traced(func(w http.ResponseWriter, r *http.Request) {
		if !g.admit(w, r) {
			return
		}
		body, err := g.open(w, r)
		if err == nil {
			var b *batch
			if b, err = decode(r, body); err == nil {
				g.settle(w, r, b)
				return
			}
		}
		g.refuse(w, r, err)
	})
}

// settle stores what could be read of a body and answers.
func (g *gate) settle(w http.ResponseWriter, r *http.Request, b *batch) {
	ctx := r.Context()
	trace := r.Header.Get("traceparent")
	for i := range b.events {
		e := &b.events[i]
		if e.Intake = g.Name; e.TraceParent == "" && event.ValidTraceParent(trace) {
			e.TraceParent = trace
		}
	}
	var refused []*event.RejectedError
	if len(b.events) > 0 {
		var err error
		if refused, err = refusals(g.to.Submit(ctx, b.events...)); err != nil {
			g.complain(ctx, "events were not stored", err)
			g.retry(w, r, reasonStore, "not stored, try again")
			return
		}
	}
	g.count(ctx, reasonMalformed, b.bad)
	g.count(ctx, reasonRefused, len(refused))
	total := len(b.events) + b.bad
	for _, e := range refused {
		b.leaveOut(b.places[e.Index], fmt.Errorf("%s: %s", e.Field, e.Reason))
	}
	g.report(ctx, b.findings(g.name, g.Name, total)...)
	switch {
	case total > 0 && b.bad == total:
		http.Error(w, g.name+": "+b.refusal(total), http.StatusBadRequest)
	case b.bad > 0 && g.partly != g.stored:
		http.Error(w, g.name+": "+b.refusal(total), g.partly)
	default:
		w.WriteHeader(g.stored)
	}
}
