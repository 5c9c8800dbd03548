package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// What an engine is told to do about the event of a number, and so about its incident.
const (
	fire    = "fire" // for the first time, or again
	resolve = "resolve"
	take    = "take" // acknowledge
)

// order is one line to an engine. It is answered with a line that begins with its id, which is that of the event or of the
// command: whoever is given the order a second time must not apply it again.
type order struct {
	id, verb string
	number   int
	sent     int64 // by the clock of the sender, in ns
}

// idOf makes the id of an order about an event, of which it is the nth.
func idOf(number, nth int) string { return fmt.Sprintf("%d.%d", number, nth) }

// String writes an order as a line.
func (o order) String() string { return fmt.Sprintf("%s %s %d %d", o.id, o.verb, o.number, o.sent) }

func readOrder(line string) (o order, err error) {
	if _, err = fmt.Sscanf(line, "%s %s %d %d", &o.id, &o.verb, &o.number, &o.sent); err != nil {
		return o, fmt.Errorf("the order %q: %w", line, err)
	}
	return o, nil
}

// service takes the events in, and shop is what they are about.
const (
	service = "chaos"
	shop    = "shop"
)

// typeOf is the type of the event of a number, which opens an incident of its own, under one of the plans.
func typeOf(number int) string { return fmt.Sprintf("%s.e%d", planOf(number).name, number) }

// event is what a sender sends. The clock of the engine is ahead of the sender's by so much.
func (o order) event(ahead time.Duration) event.Event {
	e := event.Event{
		ID: o.id, Type: typeOf(o.number), Subject: fmt.Sprint(o.number), Severity: severity.Error + severity.Level(o.number%2),
		Summary: fmt.Sprintf("event %d", o.number), Time: time.Unix(0, o.sent).Add(-ahead),
	}
	if o.verb == resolve {
		e.Signal = event.Resolve
	}
	return e
}

func alertOf(number int) string { return fmt.Sprintf("%s/%s/%d", service, typeOf(number), number) }

func incidentOf(number int) string { return typeOf(number) + "/" + shop + "#1" }

// by is who gives an order. Those of two that are given at the same time differ.
func (o order) by() escalate.PersonID {
	return [...]escalate.PersonID{"ana", "ben", "cy"}[o.id[len(o.id)-1]%3]
}

// outcome is how an order ended.
const (
	done    = "done"
	refused = "refused"
)

// readOutcome takes the answer to an order apart.
func readOutcome(line string) (id string, ok bool) {
	id, how, _ := strings.Cut(line, " ")
	return id, how == done
}
