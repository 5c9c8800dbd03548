package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
)

// findings are the results of a trial.
type findings struct {
	Store       string `json:"store"`
	Seed        uint64 `json:"seed"`
	Kills       int    `json:"kills"`
	Crashes     int    `json:"crashes"`
	Accepted    int    `json:"events_accepted"`
	EventsLost  int    `json:"events_lost"`
	PagesLost   int    `json:"pages_lost"`
	KeysChanged int    `json:"keys_changed"`
	Repeats     int    `json:"repeats"`
	// ResumeMs is the time from the last start of the engine to the last page.
	ResumeMs int64 `json:"resume_ms"`
}

// fault returns an error if a promise was broken.
func (f *findings) fault() error {
	if n := f.EventsLost + f.PagesLost + f.KeysChanged; n > 0 {
		return fmt.Errorf("the promises were broken %d times", n)
	}
	return nil
}

// patience is the time that the last engine gets: the lease of the engine killed before it, one poll, and the sends.
const patience = 90 * time.Second

// settle starts one more engine to deliver the remaining pages, and counts what is missing.
func (t *trial) settle(ctx context.Context) (*findings, error) {
	e, err := t.engine(ctx)
	if err != nil {
		return nil, err
	}
	defer e.end()
	began := time.Now()
	var came []delivery
	for {
		if came, err = deliveries(t.pages()); err != nil {
			return nil, err
		}
		if t.missing(came) == 0 || time.Since(began) > patience {
			break
		}
		if !wait(ctx, 200*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
	e.stop()
	f := &findings{
		Store: t.store, Seed: t.seed, Kills: t.kill, Crashes: t.crash, Accepted: len(t.accepted), PagesLost: t.missing(came),
	}
	f.count(came, began)
	f.EventsLost, err = t.lost(ctx)
	return f, err
}

// paged is an incident and a person whom it pages.
type paged struct{ incident, to string }

// missing counts the pages of accepted events that have not come.
func (t *trial) missing(came []delivery) int {
	known := make(map[paged]bool, len(came))
	for _, d := range came {
		known[paged{d.incident, d.to}] = true
	}
	n := 0
	for number := range t.accepted {
		for _, name := range planOf(number).levels[0] {
			if !known[paged{incidentOf(number), string(name)}] {
				n++
			}
		}
	}
	return n
}

// count counts repeated deliveries and changed keys.
func (f *findings) count(came []delivery, began time.Time) {
	keys := make(map[paged]map[string]bool)
	for _, d := range came {
		p := paged{d.incident, d.to}
		if keys[p] == nil {
			keys[p] = make(map[string]bool)
		} else if keys[p][d.key] {
			f.Repeats++
		} else {
			f.KeysChanged++
		}
		keys[p][d.key] = true
		f.ResumeMs = max(f.ResumeMs, d.at.Sub(began).Milliseconds())
	}
}

// lost counts accepted events that have no alert.
func (t *trial) lost(ctx context.Context) (int, error) {
	kept, err := open(ctx, t.options)
	if err != nil {
		return 0, err
	}
	defer kept.Close()
	lost := 0
	for n := range t.accepted {
		rows, err := kept.Read(ctx, store.Query{Keys: []store.Key{{Kind: core.KindAlert, ID: alertOf(n)}}})
		if err != nil {
			return 0, err
		}
		if len(rows) == 0 {
			lost++
		}
	}
	return lost, nil
}
