package main

import (
	"encoding/json"
	"errors"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// engine is one side of the comparison, with its rules.
type engine interface {
	// take converts facts to the form that the engine matches fastest. For the struct input this is not measured.
	take(f *route.Facts) any
	// match tries all rules on the result of take.
	match(of any) verdict
}

// verdict is the result of one event, or the sum of many.
type verdict struct {
	matches, errors int
	sum             int // sum of the indexes of matching rules, to notice different rules of equal number
}

func (v *verdict) add(w verdict) {
	v.matches += w.matches
	v.errors += w.errors
	v.sum += w.sum
}

// side makes an engine.
type side struct {
	name string
	upTo int  // most rules; linear engines would take minutes for more; 0: no limit
	errs bool // its errors are comparable with ours
	make func([]rule) (engine, error)
}

// sides are the engines, in the order of their turns. The first is ours.
var sides = [...]side{
	{name: "tocsin", errs: true, make: newOurs},
	{name: "cel-go", upTo: 10_000, errs: true, make: newCEL},
	{name: "expr", upTo: 10_000, make: newExpr},
	{name: "alertmanager", upTo: 10_000, make: newTheirs},
}

// errInexpressible means that an engine cannot express the rules of a mix.
var errInexpressible = errors.New("cannot say these rules")

// inputs are the forms of the events.
var inputs = [...]struct {
	name string
	make func(engine, *workload) input
}{{"struct", decoded}, {"json", encoded}}

// input matches the i-th event of the rotation.
type input func(i int) (verdict, error)

// doubles returns a copy of event data with its numbers as float64, which all engines read as doubles. Ours does so by itself.
func doubles(data map[string]any) map[string]any {
	all := make(map[string]any, len(data))
	for name, v := range data {
		switch v := v.(type) {
		case json.Number:
			all[name], _ = v.Float64() // no error: it was written from a float64 or an int
		case map[string]any:
			all[name] = doubles(v)
		default:
			all[name] = v
		}
	}
	return all
}

// decoded matches events that are in memory in the engine's own form.
func decoded(e engine, l *workload) input {
	taken := make([]any, len(l.facts))
	for i := range taken {
		taken[i] = e.take(&l.facts[i])
	}
	return func(i int) (verdict, error) { return e.match(taken[i]), nil }
}

// encoded decodes each event first. The facts about service and team are not part of the JSON.
func encoded(e engine, l *workload) input {
	return func(i int) (verdict, error) {
		f := &route.Facts{Event: new(event.Event), Service: l.facts[i].Service, Team: l.facts[i].Team}
		if err := json.Unmarshal(l.texts[i], f.Event); err != nil {
			return verdict{}, err
		}
		return e.match(e.take(f)), nil
	}
}
