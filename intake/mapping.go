package intake

import (
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/route"
)

// Mapping says how the JSON of a sender becomes events. Each field is an expression of CEL that sees body, what was sent;
// header, the request's headers under their names in small letters, those that hold secrets left out; and item, the element
// of Each that the event is made of, or the body where Each is empty. A member that may be missing is asked for with
// body.?name.orValue("").
//
// An empty expression, and one that gives null or an optional value that is none, leaves the field of the event as if it
// had not been sent. Where a text is expected, a number or a boolean will do. An expression that errs, or gives something
// else, refuses its event and no other.
type Mapping struct {
	Each string // a list, one event for each element; by default the body is one event

	Type     string // a text; required
	Summary  string // a text; by default the type and the subject
	Severity string // a word in any usual vocabulary, such as high or P1; one such as ok resolves
	Subject  string // a text
	Source   string // a text; defaults to the name of the intake
	ID       string // a text; with Source the identity: an event that was sent before is not taken again
	Signal   string // trigger, which is the default, acknowledge, resolve or change
	Time     string // a timestamp, a text in a usual format, or a number: seconds, milliseconds, microseconds or nanoseconds since 1970
	DedupKey string // a text
	Labels   string // a map of texts
	Links    string // a list of texts, or of maps with url and text; what is no http or https URL is left out
	Data     string // a map; by default item, with *** for members named like secrets
}

// fields are the expressions of m by the names that errors call them by.
func (m *Mapping) fields() map[string]string {
	return map[string]string{
		"each": m.Each, "type": m.Type, "summary": m.Summary, "severity": m.Severity, "subject": m.Subject, "source": m.Source,
		"id": m.ID, "signal": m.Signal, "time": m.Time, "dedup key": m.DedupKey, "labels": m.Labels, "links": m.Links, "data": m.Data,
	}
}

// maxCost is what all expressions together may take on one body, in units of CEL: about a second.
const maxCost = 3_000_000

// mapping is a Mapping at work. A field without an expression is not in it.
type mapping map[string]*route.Expr

// sight is what expressions see of one body, and what they took so far.
type sight struct {
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

// eval gives the value of a field, nil where it has none.
func (s *sight) eval(field string) (any, error) {
	x := s.mapping[field]
	if x == nil {
		return nil, nil
	}
	v, cost, err := x.Eval(s.variables)
	s.cost += cost
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return v, nil
}

// text gives the text of a field, "" where it has none.
func (s *sight) text(field string) (string, error) {
	v, err := s.eval(field)
	if err != nil {
		return "", err
	}
	text, ok := textOf(v)
	if !ok {
		return "", fmt.Errorf("%s: gives a %s, expected a text", field, kindOf(v))
	}
	return text, nil
}
