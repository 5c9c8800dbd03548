package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// shape is the number of alerts, and of the different figures in their summaries. With one figure every event is a
// repeat.
type shape struct {
	name            string
	alerts, figures int
}

var shapes = [...]shape{{"uniform", 2_000, 1_000}, {"storm", 20, 1_000}, {"repeats", 20, 1}}

// loads are the numbers of events in a call, and of callers.
var loads = [...]struct{ batch, submitters int }{{1, 1}, {10, 1}, {100, 1}, {1000, 1}, {1, 64}}

// measure writes the cells of one store.
func measure(ctx context.Context, name, dir string, span time.Duration, out *json.Encoder) error {
	for _, shape := range shapes {
		kept, closed, err := open(ctx, name, dir, shape.name)
		if err != nil {
			return err
		}
		bell, err := newBell(kept)
		if err != nil {
			return errors.Join(err, closed())
		}
		for alert := range shape.alerts { // so that all of them fire
			if err := bell.Submit(ctx, about(alert, 0)); err != nil {
				return errors.Join(err, closed())
			}
		}
		for _, load := range loads {
			took, err := strain(ctx, bell, shape, load.batch, load.submitters, span)
			if err != nil {
				return errors.Join(err, closed())
			}
			c := cell{Store: name, Keys: shape.name, Batch: load.batch, Submitters: load.submitters}
			c.PerSecond = int(float64(len(took.list)*load.batch) / span.Seconds())
			c.P50, c.P99 = took.at(0.50), took.at(0.99)
			if err := out.Encode(c); err != nil {
				return errors.Join(err, closed())
			}
		}
		if err := closed(); err != nil {
			return err
		}
	}
	return nil
}

func open(ctx context.Context, name, dir, shape string) (_ store.Store, closed func() error, err error) {
	switch name {
	case "memory":
		m := memory.New()
		return m, m.Close, nil
	case "sqlite":
		s, err := sqlite.Open(filepath.Join(dir, shape+".db"))
		if err != nil {
			return nil, nil, err
		}
		return s, s.Close, nil
	case "postgres":
		server, err := postgrestest.Start("shared_buffers=256MB")
		if err != nil {
			return nil, nil, err
		}
		p, err := postgres.Open(ctx, server.DSN())
		if err != nil {
			return nil, nil, errors.Join(err, server.Close())
		}
		return p, func() error { return errors.Join(p.Close(), server.Close()) }, nil
	}
	return nil, nil, fmt.Errorf("no such store, expected memory, sqlite or postgres")
}

// newBell makes an engine that pages nobody during the measurement.
func newBell(kept store.Store) (*tocsin.Engine, error) {
	wait := time.Hour
	accept := func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil }
	return tocsin.New(&tocsin.Config{
		Service: "bench", Store: kept, Notifier: notify.NotifierFunc(accept),
		Catalog: &catalog.Catalog{
			Defaults: catalog.Defaults{Owner: "ops", Plan: "ops"},
			Teams:    map[string]catalog.Team{"ops": {}},
			Services: map[string]catalog.Service{"shop": {Owner: "ops", Tier: 1}},
			Classes:  []event.Class{{Name: "http.errors", Service: "shop"}},
			Plans:    map[string]catalog.Plan{"ops": {Policy: "ops", GroupWait: &wait, Group: catalog.Grouping{MaxMembers: -1}}},
			Policies: map[string]escalate.Policy{"ops": {
				Levels: []escalate.Level{{Page: []escalate.Target{"channel:" + escalate.DefaultChannel}}}, Inform: true,
			}},
		},
	})
}

// about returns an event of an alert with this figure.
func about(alert, figure int) event.Event {
	return event.Event{
		Type: "http.errors", Subject: fmt.Sprintf("host-%04d:9100", alert), Severity: severity.Critical,
		Summary: fmt.Sprintf("%d of 1000 requests fail", figure),
		Labels:  map[string]string{"job": "node", "region": "eu-central-1", "cluster": "prod-a", "env": "prod"},
	}
}

// strain lets the callers submit as fast as they can.
func strain(ctx context.Context, bell *tocsin.Engine, s shape, n, submitters int, span time.Duration) (*latencies, error) {
	var took latencies
	var all sync.WaitGroup
	failed := make(chan error, submitters)
	began := time.Now()
	for caller := range submitters {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(caller), 7))
			events := make([]event.Event, n)
			for time.Since(began) < span {
				for i := range events {
					events[i] = about(rng.IntN(s.alerts), rng.IntN(s.figures))
				}
				at := time.Now()
				if err := bell.Submit(ctx, events...); err != nil {
					failed <- err
					return
				}
				took.add(time.Since(at))
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return nil, err
	default:
		return &took, nil
	}
}

// latencies collects the times of calls, concurrently.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, d)
}

// at returns a quantile in milliseconds.
func (l *latencies) at(q float64) float64 {
	if len(l.list) == 0 {
		return 0
	}
	slices.Sort(l.list)
	return float64(l.list[int(q*float64(len(l.list)-1))].Microseconds()) / 1000
}
