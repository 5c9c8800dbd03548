package intake

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/route"
)

// Mapping describes how JSON of a sender becomes events. Each field is an expression in CEL. The variables of an expression are
//
//   - body: the decoded body
//   - header: the headers of the request, with lower-case names, without headers named like secrets
//   - item: an element of the list that Each returns; the body if Each is empty
//
// Example: Type: `"forge." + item.kind`, Summary: `item.?title.orValue("")`. The form item.?title reads a member that may be
// missing.
//
// An empty expression leaves its field unset. So do the results null and optional.none(). Where a text is expected, a number
// or a boolean is converted. If an expression fails or returns another type, its field is left out: the event is kept, and a
// finding tells the loss. Only a resolve or acknowledge whose type, subject or dedup key fails is refused, because it could hit
// another alert.
type Mapping struct {
	Each string // a list; each element becomes one event; defaults to one event from the body

	Type     string // a text; required
	Summary  string // a text; defaults to the type and the subject
	Severity string // a severity word of any common tool, such as high or P1; a word such as ok resolves
	Subject  string // a text
	Source   string // a text; defaults to the name of the intake
	ID       string // a text; identity together with Source: a repeat is stored once
	Signal   string // trigger, acknowledge, resolve or change; defaults to trigger, also in place of another word
	Time     string // a timestamp, a text in a usual format, or a number: seconds, milliseconds, microseconds or nanoseconds since 1970
	DedupKey string // a text
	Labels   string // a map of texts, or of lists of texts
	Links    string // a list of texts, or of maps with url and text; other URLs than http and https are left out
	Data     string // a map; defaults to item, with *** for members named like secrets
}

// fields returns the expressions of m by the names used in errors.
func (m *Mapping) fields() map[string]string {
	return map[string]string{
		"each": m.Each, "type": m.Type, "summary": m.Summary, "severity": m.Severity, "subject": m.Subject, "source": m.Source,
		"id": m.ID, "signal": m.Signal, "time": m.Time, "dedup key": m.DedupKey, "labels": m.Labels, "links": m.Links, "data": m.Data,
	}
}

// maxCost limits the cost of all expressions on one body, in cost units of CEL. It corresponds to about a second.
const maxCost = 3_000_000

// mapping is a compiled Mapping, without the empty expressions.
type mapping map[string]*route.Expr

// evaluation evaluates a mapping on one body and sums its cost.
type evaluation struct {
	mapping   mapping
	variables map[string]any
	cost      uint64
}

func (m *Mapping) compile() (mapping, error) {
	if m == nil || m.Type == "" {
		return nil, errors.New("intake: mapping: type: missing, expected an expression")
	}
	sources := m.fields()
	for field, source := range sources {
		if source == "" {
			delete(sources, field)
		}
	}
	compiled, err := route.CompileExprs(sources, []string{"body", "header", "item"}, nil)
	if err != nil {
		return nil, fmt.Errorf("intake: mapping: %w", err)
	}
	return compiled, nil
}

// eval returns the value of a field, nil if it has no expression.
func (s *evaluation) eval(field string) (any, error) {
	x := s.mapping[field]
	if x == nil {
		return nil, nil
	}
	v, cost, err := x.Eval(s.variables)
	s.cost += cost
	return v, err
}

// text returns the text of a field, "" if it has no expression.
func (s *evaluation) text(field string) (string, error) {
	v, err := s.eval(field)
	if err != nil {
		return "", err
	}
	text, ok := textOf(v)
	if !ok {
		return "", fmt.Errorf("gives a %s, expected a text", kindOf(v))
	}
	return text, nil
}
