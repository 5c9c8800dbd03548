package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// ours is a running engine with the memory store.
type ours struct {
	shape
	bell   *tocsin.Engine
	store  *memory.Store
	events []event.Event
	cancel context.CancelFunc
	done   chan error
}

func newOurs(s shape) (engine, error) {
	o := &ours{shape: s, store: memory.New(), done: make(chan error, 1)}
	accept := func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil }
	var err error
	o.bell, err = tocsin.New(&tocsin.Config{
		Service: "bench", Catalog: s.catalog(), Store: o.store, Notifier: notify.NotifierFunc(accept),
	})
	if err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(context.Background())
	go func() { o.done <- o.bell.Run(ctx) }()
	return o, nil
}

// catalog has a class for each service, since a group has one class and one service.
func (s shape) catalog() *catalog.Catalog {
	wait := groupWait
	c := &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "ops", Plan: "ops"},
		Teams:    map[string]catalog.Team{"ops": {}},
		Services: make(map[string]catalog.Service, s.groups),
		Plans: map[string]catalog.Plan{"ops": {
			Policy: "ops", GroupWait: &wait, Group: catalog.Grouping{MaxMembers: -1}, // the peer's groups are unlimited
		}},
		Policies: map[string]escalate.Policy{"ops": {
			Levels: []escalate.Level{{Page: []escalate.Target{"channel:" + escalate.DefaultChannel}}}, Inform: true,
		}},
	}
	for i := range s.groups {
		name := serviceName(i)
		c.Services[name] = catalog.Service{Owner: "ops", Tier: 1}
		c.Classes = append(c.Classes, event.Class{Name: className(name), Service: name, Plan: "ops", StaleAfter: lifetime})
	}
	for _, name := range s.services() {
		c.Routes = append(c.Routes, catalog.Route{
			ID: name + "-critical", When: fmt.Sprintf(`label("service") == %q && label("severity") == "critical"`, name), Plan: "ops",
		})
	}
	return c
}

func className(service string) string { return "http.errors." + service }

// fill implements engine.
func (o *ours) fill(numbers []int) { o.events = o.shape.events(numbers) }

// events returns alerts as events.
func (s shape) events(numbers []int) []event.Event {
	events := make([]event.Event, len(numbers))
	for i, n := range numbers {
		a := s.alert(n)
		events[i] = event.Event{
			Type: className(a.service), Subject: a.instance, Severity: severity.Critical, Summary: a.summary,
			Labels: labels[string, string](a),
		}
	}
	return events
}

// take implements engine.
func (o *ours) take(ctx context.Context) error {
	for batch := range slices.Chunk(o.events, batchSize) {
		if err := o.bell.Submit(ctx, batch...); err != nil {
			return err
		}
	}
	return nil
}

// seen implements engine.
func (o *ours) seen(ctx context.Context) (alerts, groups int, err error) {
	for kind, count := range map[string]*int{core.KindAlert: &alerts, core.KindIncident: &groups} {
		rows, err := o.store.Read(ctx, store.Query{Kind: kind, Limit: len(o.events) + 1})
		if err != nil {
			return 0, 0, err
		}
		*count = len(rows)
	}
	return alerts, groups, nil
}

// stop implements engine.
func (o *ours) stop() error {
	o.cancel()
	select {
	case err := <-o.done:
		return err
	case <-time.After(time.Minute):
		return errors.New("the engine has not stopped within a minute")
	}
}
