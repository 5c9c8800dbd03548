package main

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	machine "github.com/tocsin-dev/tocsin/internal/machine/alert"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
)

// floor is a lower bound: it checks alerts, and keeps a record with the first timeline entry of each in one map. It does
// not route, opens no incidents, has no indexes, locks or transactions, and changes records in place. It is a simple
// implementation, not the fastest: larger allocations would save some time.
type floor struct {
	shape
	events []event.Event
	rows   map[store.Key]*row
	groups map[string]int
}

type row struct {
	alert core.Alert
	line  store.Entry
}

func newFloor(s shape) (engine, error) {
	return &floor{shape: s, rows: make(map[store.Key]*row), groups: make(map[string]int)}, nil
}

// fill implements engine.
func (f *floor) fill(numbers []int) { f.events = f.shape.events(numbers) }

// take implements engine.
func (f *floor) take(context.Context) error {
	for batch := range slices.Chunk(f.events, batchSize) {
		now := time.Now().UTC()
		for i := range batch {
			e := batch[i] // the caller keeps its own value
			if err := e.Check(); err != nil {
				return err
			}
			e.Time, e.Received = now, now
			f.keep(&e)
		}
	}
	return nil
}

func (f *floor) keep(e *event.Event) {
	key := store.Key{Kind: core.KindAlert, ID: e.Type + "/" + e.Subject}
	if r := f.rows[key]; r != nil {
		r.alert.Again(e, severity.Critical)
		return
	}
	r := new(row)
	r.alert.ID, r.alert.Class, r.alert.Group = key.ID, e.Type, e.Type
	r.alert.Trigger(machine.FactsOf(e, severity.Critical), machine.Terms{StaleAfter: lifetime})
	line := incident.Entry{Seq: 1, At: e.Received, Word: incident.WordOpened, Text: e.Summary}
	r.line = store.Entry{Seq: 1, At: line.At, Kind: string(line.Word.Kind()), Doc: line.AppendJSON(nil)}
	f.rows[key] = r
	f.groups[e.Type]++
}

// seen implements engine.
func (f *floor) seen(context.Context) (alerts, groups int, err error) {
	return len(f.rows), len(f.groups), nil
}

// stop implements engine.
func (f *floor) stop() error { return nil }
