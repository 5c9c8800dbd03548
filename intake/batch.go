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
	maxFaults = 10           // refused events described per body
	cutLabel  = "tocsin.cut" // label or data member that reports a cut event
)

// batch holds the events and the faults of one body.
type batch struct {
	unit      string // what the body lists: alerts, events
	maxDepth  int    // of one value in the body
	events    []event.Event
	places    []int    // indexes of the events in the body
	bad       int      // events left out
	faults    []string // the first maxFaults of them: place, value and expectation
	words     []string // unknown severities
	repaired  int      // events in which invalid UTF-8 was replaced
	duplicate int      // events with a duplicate name in one object; the last one counts
	cut       int      // events whose payload was too large to keep
	notes     []string // further differences between body and events
}

// take adds the event at index i of the body.
func (b *batch) take(i int, e event.Event) {
	b.events, b.places = append(b.events, e), append(b.places, i)
}

// leaveOut counts the event at index i of the body as refused.
func (b *batch) leaveOut(i int, why error) {
	if b.bad++; b.bad <= maxFaults {
		b.faults = append(b.faults, event.Shorten(fmt.Sprintf("%s[%d]: %v", b.unit, i, why), 1<<10))
	}
}

// severity translates a severity word. An unknown word is reported, and gives the zero Level: the class decides.
func (b *batch) severity(word string) severity.Level {
	level, known := levelOf(word)
	word = event.Shorten(normal(word), maxName)
	if !known && len(b.words) < maxWords && !slices.Contains(b.words, word) {
		b.words = append(b.words, word)
	}
	return level
}

// refusal describes the refused events; the body had total events.
func (b *batch) refusal(total int) string {
	return event.Shorten(fmt.Sprintf("%d of %d %s refused, such as %s", b.bad, total, b.unit, strings.Join(b.faults, "; ")), event.MaxSummary/2)
}

// findings returns findings about all differences between the body, which had total events, and its events.
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
	if b.repaired > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with invalid UTF-8, which was replaced", b.repaired, b.unit))
	}
	if b.duplicate > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with a duplicate name in one object, the last one was used", b.duplicate, b.unit))
	}
	if b.cut > 0 {
		texts = append(texts, fmt.Sprintf("%d %s without their payload, which exceeds the limit of an event", b.cut, b.unit))
	}
	if len(texts) > 0 {
		findings = append(findings, event.Finding(event.FindingRefusedInput, intake, format+": "+strings.Join(texts, "; ")))
	}
	return findings
}

// handler serves the endpoint. decode reads one body; its error means that the whole body is unusable.
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

// settle submits the events of a body, reports its faults and answers.
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
