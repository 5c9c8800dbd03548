package intake

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	maxFaults = 10           // faults described per kind of loss
	maxLosses = 20           // kinds of loss told one by one per body
	tooMany   = "too many"   // reason of a loss
	cutLabel  = "tocsin.cut" // data member or label of a cut event: what was cut
)

// batch holds the events and the faults of one body.
type batch struct {
	unit      string // what the body lists: alerts, events
	maxDepth  int    // of one value in the body
	events    []event.Event
	places    []int               // indexes of the events in the body
	reading   string              // type of the event that is being read, "" if unknown
	odd       []event.Cut         // fields left out of it
	cuts      map[int][]event.Cut // fields left out, by index in events
	bad       int                 // events left out
	faults    []string            // the first maxFaults of them: place, value and expectation
	losses    []loss
	further   int            // losses of kinds beyond maxLosses
	word      string         // for the severity of the event that is being read
	said      map[int]string // words for severities, by index in events
	words     []string       // unknown severities
	repaired  int            // events in which invalid UTF-8 was replaced
	duplicate int            // events with a duplicate name in one object; the last one counts
	notes     []string       // further differences between body and events
}

// loss is one kind of loss. Each kind is a finding of its own.
type loss struct {
	what, reason string // the type of the events or the unit of the body, and why; without values that change
	effect       string // refused, cut; "" if the faults say it
	count        int
	faults       []string // the first maxFaults
}

// leave notes that a field of the event that is being read is left out.
func (b *batch) leave(field string, why error) {
	b.odd = append(b.odd, event.Cut{Field: field, Reason: event.Shorten(why.Error(), maxName)})
}

// take adds the event at index i of the body.
func (b *batch) take(i int, e event.Event) {
	if len(b.odd) > 0 {
		if b.cuts == nil {
			b.cuts = make(map[int][]event.Cut)
		}
		b.cuts[len(b.events)], b.odd = b.odd, nil
	}
	if b.word != "" {
		if b.said == nil {
			b.said = make(map[int]string)
		}
		b.said[len(b.events)], b.word = b.word, ""
	}
	b.events, b.places, b.reading = append(b.events, e), append(b.places, i), ""
}

// leaveOut counts the event at index i of the body as refused.
func (b *batch) leaveOut(i int, reason string, why error) {
	fault := event.Shorten(fmt.Sprintf("%s[%d]: %v", b.unit, i, why), 1<<10)
	if b.bad++; b.bad <= maxFaults {
		b.faults = append(b.faults, fault)
	}
	b.lose(cmp.Or(b.reading, b.unit), reason, "refused", fault)
	b.reading, b.odd, b.word = "", nil, ""
}

// sure returns an error if e would end or acknowledge an alert that its sender may not mean.
func (b *batch) sure(e *event.Event) error {
	if e.Signal != event.Resolve && e.Signal != event.Acknowledge || e.DedupKey != "" {
		return nil
	}
	for _, c := range b.odd {
		switch c.Field {
		case "type", "subject", "dedup key":
			return fmt.Errorf("%s: %s; without it the %v could hit another alert", c.Field, c.Reason, e.Signal)
		}
	}
	return nil
}

func (b *batch) lose(what, reason, effect, fault string) {
	k := slices.IndexFunc(b.losses, func(l loss) bool { return l.what == what && l.reason == reason })
	if k < 0 {
		if len(b.losses) == maxLosses {
			b.further++
			return
		}
		k = len(b.losses)
		b.losses = append(b.losses, loss{what: what, reason: reason, effect: effect})
	}
	l := &b.losses[k]
	if l.count++; l.count <= maxFaults {
		l.faults = append(l.faults, fault)
	}
}

// fit brings all events within the limits of an event, and notes on each what was cut or left out.
func (b *batch) fit() {
	for k := range b.events {
		e := &b.events[k]
		cuts := append(b.cuts[k], e.Fit()...)
		if len(cuts) == 0 {
			continue
		}
		var fields []string
		for _, c := range cuts {
			fields = append(fields, c.Field)
			b.lose(e.Type, c.Field, "cut", event.Shorten(fmt.Sprintf("%s[%d]: %s: %s", b.unit, b.places[k], c.Field, c.Reason), 1<<10))
		}
		data := maps.Clone(e.Data)
		if data == nil {
			data = make(map[string]any, 1)
		}
		data[cutLabel] = event.Shorten(strings.Join(slices.Compact(fields), ", "), maxName)
		e.Data = data
		if e.Check() != nil { // the data was as large as it may be
			delete(data, cutLabel)
		}
	}
}

// translator is an optional interface of a Submitter whose organisation decides what the words of senders for a severity mean.
type translator interface {
	SeverityOf(intake, word string) (severity.Level, bool)
}

// translate gives events the severity that the organisation has decided for the word of the sender.
func (b *batch) translate(by translator, intake string) {
	for k, word := range b.said {
		if level, ok := by.SeverityOf(intake, word); ok {
			b.events[k].Severity = level
			b.words = slices.DeleteFunc(b.words, func(w string) bool { return w == event.Shorten(normal(word), maxName) })
		}
	}
}

// severity translates a severity word. An unknown word is reported, and gives the zero Level: the class decides.
func (b *batch) severity(word string) severity.Level {
	b.word = word
	level, known := levelOf(word)
	word = event.Shorten(normal(word), maxName)
	if !known && len(b.words) < maxWords && !slices.Contains(b.words, word) {
		b.words = append(b.words, word)
	}
	return level
}

// refusal describes the refused events; the body had total events.
func (b *batch) refusal(total int) string {
	return b.told(loss{effect: "refused", count: b.bad, faults: b.faults}, total)
}

func (b *batch) told(l loss, total int) string {
	text := strings.Join(l.faults, "; ")
	if l.effect != "" {
		text = fmt.Sprintf("%d of %d %s %s, such as %s", l.count, total, b.unit, l.effect, text)
	}
	return event.Shorten(text, event.MaxSummary/2)
}

// findings returns findings about all differences between the body, which had total events, and its events.
func (b *batch) findings(format, intake string, total int) []event.Event {
	var findings []event.Event
	for _, word := range b.words {
		findings = append(findings, event.Finding(event.FindingUnknownSeverity, intake+" "+word,
			fmt.Sprintf("%s: severity %.40q, expected info, warning, error, critical or a word that stands for one", format, word)))
	}
	for _, l := range b.losses {
		findings = append(findings, event.Finding(event.FindingLoss, intake+" "+l.what+" "+l.reason, format+": "+b.told(l, total)))
	}
	if b.further > 0 {
		findings = append(findings, event.Finding(event.FindingLoss, intake+" further losses",
			fmt.Sprintf("%s: %d further losses in one body of %d %s", format, b.further, total, b.unit)))
	}
	texts := slices.Clone(b.notes)
	if b.repaired > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with invalid UTF-8, which was replaced", b.repaired, b.unit))
	}
	if b.duplicate > 0 {
		texts = append(texts, fmt.Sprintf("%d %s with a duplicate name in one object, the last one was used", b.duplicate, b.unit))
	}
	if len(texts) > 0 {
		findings = append(findings, event.Finding(event.FindingRefusedInput, intake, format+": "+strings.Join(texts, "; ")))
	}
	return findings
}

// handler serves the endpoint. decode reads one body; its error means that the whole body is unusable.
func (g *gate) handler(decode func(*http.Request, io.Reader) (*batch, error)) http.Handler {
	return guard(g.traced(func(w http.ResponseWriter, r *http.Request) {
		answerWithin(w, bodyTimeout+answerTimeout)
		if g.handshake(w, r) || !g.admit(w, r) {
			return
		}
		if what, err := g.work(w, r, decode); err != nil {
			g.refuse(w, r, what, err)
		}
	}))
}

// work receives a body, submits its events and answers. An error means that it did not, and what names the events.
func (g *gate) work(w http.ResponseWriter, r *http.Request, decode func(*http.Request, io.Reader) (*batch, error)) (what string, err error) {
	body, of, size, err := g.receive(w, r)
	if err != nil {
		return "body", err
	}
	if !of.enter(size) {
		return "body", errBusy
	}
	defer of.leave(size)
	var b *batch
	err = of.inTurn(body, func(body io.Reader) error {
		if of == g.large {
			if body, err = g.unpack(r, body); err != nil {
				return err
			}
		}
		if b, err = decode(r, body); err != nil {
			return err
		}
		b.fit()
		if by, ok := g.to.(translator); ok {
			b.translate(by, g.Name)
		}
		return nil
	})
	if err == nil {
		connectionOf(r.Context()).enter(works)
		answerWithin(w, 0) // the store may take long; HTTP/2 would end the request
		g.settle(w, r, b)
	} else if b != nil {
		what = b.reading
	}
	return cmp.Or(what, "body"), err
}

// settle submits the events of a body, reports its faults and answers.
func (g *gate) settle(w http.ResponseWriter, r *http.Request, b *batch) {
	ctx := r.Context()
	trace := r.Header.Get("traceparent")
	for i := range b.events {
		e := &b.events[i]
		e.Intake, e.Sender = g.Name, g.sender
		if e.TraceParent == "" && event.ValidTraceParent(trace) {
			e.TraceParent = trace
		}
	}
	var refused []*event.RejectedError
	if len(b.events) > 0 {
		var err error
		if refused, err = refusals(g.to.Submit(ctx, b.events...)); err != nil {
			g.complain(ctx, "events were not stored", err)
			g.notStored(w, r, err)
			return
		}
	}
	g.count(ctx, reasonMalformed, b.bad)
	g.count(ctx, reasonRefused, len(refused))
	total := len(b.events) + b.bad
	for _, e := range refused {
		b.reading = b.events[e.Index].Type
		b.leaveOut(b.places[e.Index], e.Field, fmt.Errorf("%s: %s", e.Field, e.Reason))
	}
	g.report(ctx, b.findings(g.name, g.Name, total)...)
	answerWithin(w, answerTimeout)
	switch {
	case total > 0 && b.bad == total:
		http.Error(w, g.name+": "+b.refusal(total), http.StatusBadRequest)
	case b.bad > 0 && g.partly != g.stored:
		http.Error(w, g.name+": "+b.refusal(total), g.partly)
	default:
		w.WriteHeader(g.stored)
	}
}
