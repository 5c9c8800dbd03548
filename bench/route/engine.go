package main

import (
	"encoding/json"
	"errors"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

// engine is one side of the comparison, with its rules.
type engine interface {
	// take makes of facts what the engine matches best. For decoded events it happens beforehand.
	take(f *route.Facts) any
	// match tries all rules on what take returned.
	match(of any) verdict
}

// verdict is what an engine says of an event, or of many.
type verdict struct {
	matches, errors int
	sum             int // of the places of the rules that matched, so that others of the same number are noticed
}

func (v *verdict) add(w verdict) {
	v.matches += w.matches
	v.errors += w.errors
	v.sum += w.sum
}

// side makes an engine.
type side struct {
	name string
	upTo int  // rules: the linear ones would take minutes beyond; 0 is any number
	errs bool // has errors like ours
	make func([]rule) (engine, error)
}

// sides are the engines that take turns. The first one is ours.
var sides = [...]side{
	{name: "tocsin", errs: true, make: newOurs},
	{name: "cel-go", upTo: 10_000, errs: true, make: newCEL},
	{name: "expr", upTo: 10_000, make: newExpr},
	{name: "alertmanager", upTo: 10_000, make: newTheirs},
}

// errInexpressible says that an engine has no words for a mix.
var errInexpressible = errors.New("cannot say these rules")

// inputs are the forms in which events come.
var inputs = [...]struct {
	name string
	make func(engine, *workload) input
}{{"struct", decoded}, {"json", encoded}}

// input matches event i of the rotation.
type input func(i int) (verdict, error)

// decoded matches events that stand in memory as the engine likes them.
func decoded(e engine, l *workload) input {
	taken := make([]any, len(l.facts))
	for i := range taken {
		taken[i] = e.take(&l.facts[i])
	}
	return func(i int) (verdict, error) { return e.match(taken[i]), nil }
}

// encoded decodes the event first. What is known of service and team does not stand in it.
func encoded(e engine, l *workload) input {
	return func(i int) (verdict, error) {
		f := &route.Facts{Event: new(event.Event), Service: l.facts[i].Service, Team: l.facts[i].Team}
		if err := json.Unmarshal(l.texts[i], f.Event); err != nil {
			return verdict{}, err
		}
		return e.match(e.take(f)), nil
	}
}
