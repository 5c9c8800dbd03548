package intake

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/redact"
)

// JSON returns a handler for POST and PUT of any JSON. The mapping m turns it into events. If m does not compile, the error joins
// all faults, with field and position.
//
// The handler answers 200 after the events are stored. It answers 400 if the whole body is unusable, or if some events are; the
// answer names these, and the others are stored. A sender may repeat a body whose events have ids: stored events are not stored
// again. Other answers are 413 for a body that is too large, and 429 or 503 to ask for a retry. A body may hold 10,000 events;
// the events after them are refused.
func JSON(s Submitter, e *Endpoint, m *Mapping) (http.Handler, error) {
	compiled, err := m.compile()
	if err != nil {
		return nil, err
	}
	g := newGate(&format{
		name: "json", methods: []string{http.MethodPost, http.MethodPut}, maxBody: 1 << 20,
		accepts: isAnyJSON, expected: "application/json",
		stored: http.StatusOK, partly: http.StatusBadRequest, overload: http.StatusTooManyRequests, mayBegin: true,
	}, s, e)
	return g.handler(func(r *http.Request, body io.Reader) (*batch, error) {
		b := &batch{unit: "events", maxDepth: g.MaxDepth}
		return b, b.readMapped(compiled, headerOf(r.Header), body)
	}), nil
}

func isAnyJSON(h http.Header) bool {
	mediaType := mediaTypeOf(h.Get("Content-Type"))
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

// headerOf returns the headers with lower-case names, without headers named like secrets.
func headerOf(h http.Header) map[string]string {
	header := make(map[string]string, len(h))
	for name, values := range h {
		if !redact.Name(name) {
			header[strings.ToLower(name)] = strings.ToValidUTF8(strings.Join(values, ", "), "?")
		}
	}
	return header
}

// readMapped reads a body. An error means that the whole body is unusable; a bad event is left out.
func (b *batch) readMapped(m mapping, header map[string]string, body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	v, err := readValue(text, b.maxDepth)
	if err != nil {
		return err
	}
	sent := exact(v.of)
	s := &evaluation{mapping: m, variables: map[string]any{"body": sent, "header": header, "item": sent}}
	items := []any{sent}
	if m["each"] != nil {
		each, err := s.eval("each")
		if err != nil {
			return fmt.Errorf("each: %w", err)
		}
		var ok bool
		if items, ok = each.([]any); !ok {
			return fmt.Errorf("each: gives a %s, expected a list", kindOf(each))
		}
	}
	for i, item := range items {
		s.variables["item"] = item
		e, err := b.mapped(s, i)
		if err != nil {
			reason := reasonMalformed
			if err == errTooMany || err == errTooCostly {
				reason = tooMany
			}
			b.leaveOut(i, reason, err)
			continue
		}
		b.take(i, e)
	}
	b.note(v)
	return nil
}

var errTooCostly = fmt.Errorf("the mapping exceeds %d cost units for one body", maxCost)

// mapped makes an event of the item at index i. A field whose expression fails is left out.
func (b *batch) mapped(s *evaluation, i int) (event.Event, error) {
	var e event.Event
	if i >= maxEvents {
		return e, errTooMany
	}
	if s.cost >= maxCost {
		return e, errTooCostly
	}
	var word, signal string
	for _, field := range [...]struct {
		name string
		to   *string
	}{
		{"type", &e.Type},
		{"summary", &e.Summary},
		{"severity", &word},
		{"subject", &e.Subject},
		{"source", &e.Source},
		{"id", &e.ID},
		{"signal", &signal},
		{"dedup key", &e.DedupKey},
	} {
		text, err := s.text(field.name)
		if err != nil {
			b.leave(field.name, err)
		}
		*field.to = text
	}
	e.Type = typeName(cmp.Or(e.Type, event.Unclassified))
	b.reading = e.Type
	if isOK(word) {
		e.Signal = event.Resolve
	} else {
		e.Severity = b.severity(word)
	}
	if signal != "" {
		b.signal(&e, signal)
	}
	if err := b.sure(&e); err != nil {
		return e, err
	}
	e.Summary = summarised(&e)
	b.fill(s, &e)
	return e, nil
}

// signal sets the signal of e. An unknown word leaves it as it is.
func (b *batch) signal(e *event.Event, word string) {
	if e.Signal.UnmarshalText([]byte(normal(word))) != nil {
		b.leave("signal", fmt.Errorf("%s, expected trigger, acknowledge, resolve or change", excerpt(40, word)))
	}
}

// fill sets the fields of e that are not texts.
func (b *batch) fill(s *evaluation, e *event.Event) {
	value := func(field string) any {
		v, err := s.eval(field)
		if err != nil {
			b.leave(field, err)
		}
		return v
	}
	e.Time = b.instant("time", value("time"))
	e.Labels = b.labels("labels", value("labels"))
	e.Links = b.links(value("links"))
	data, err := s.eval("data")
	if err != nil {
		b.leave("data", err)
	}
	switch data := data.(type) {
	case map[string]any:
		e.Data = data
	case nil:
		if err != nil || s.mapping["data"] == nil {
			e.Data = dataOf(s.variables["item"])
		}
	default:
		e.Data = map[string]any{"data": data}
	}
}
