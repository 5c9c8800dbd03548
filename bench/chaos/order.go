package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/severity"
)

// Verbs of orders.
const (
	fire    = "fire" // send the event, first or again
	resolve = "resolve"
	take    = "take" // acknowledge the incident
)

// order is one line to an engine. The engine answers with a line that begins with the order's id. It uses the id as the
// id of the event or command, so that a repeated order is applied once.
type order struct {
	id, verb string
	number   int
	sent     int64 // by the clock of the sender, in Unix nanoseconds
}

// idOf returns the id of the nth order about an event, such as "17.2".
func idOf(number, nth int) string { return fmt.Sprintf("%d.%d", number, nth) }

// String formats an order as a line.
func (o order) String() string { return fmt.Sprintf("%s %s %d %d", o.id, o.verb, o.number, o.sent) }

func readOrder(line string) (o order, err error) {
	if _, err = fmt.Sscanf(line, "%s %s %d %d", &o.id, &o.verb, &o.number, &o.sent); err != nil {
		return o, fmt.Errorf("the order %q: %w", line, err)
	}
	return o, nil
}

// service is the intake of the events; shop is the service they are about.
const (
	service = "chaos"
	shop    = "shop"
)

// typeOf returns the type of an event. Each event opens an incident of its own, under one of the plans.
func typeOf(number int) string { return fmt.Sprintf("%s.e%d", planOf(number).name, number) }

// event returns the event of an order. ahead is how far the engine's clock is ahead of the sender's.
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

func incidentOf(number int) string { return core.IncidentID("", planOf(number).name+"/ops/"+typeOf(number)+"/"+shop, 1) }

// by returns the person who gives an order. Two orders given at the same time are from different persons.
func (o order) by() escalate.PersonID {
	return [...]escalate.PersonID{"ana", "ben", "cy"}[o.id[len(o.id)-1]%3]
}

// Results of an order.
const (
	done    = "done"
	refused = "refused"
)

// readOutcome parses the answer to an order.
func readOutcome(line string) (id string, ok bool) {
	id, how, _ := strings.Cut(line, " ")
	return id, how == done
}
