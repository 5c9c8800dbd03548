package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin/route"
)

const (
	reloads     = 5
	undisturbed = 300 * time.Millisecond // how long matching is measured without a reload
)

// swaps are the costs of reloads, and of matching meanwhile.
type swaps struct {
	Rules     int     `json:"rules"`
	Changed   int     `json:"changed"`
	Fresh     float64 `json:"fresh_ms"`  // the first table
	Reload    float64 `json:"reload_ms"` // median time from the rules to the new table in use
	Slowest   float64 `json:"slowest_ms"`
	Alone     waits   `json:"alone"`
	Meanwhile waits   `json:"meanwhile"`
}

// waits are the times of matching single events, in nanoseconds.
type waits struct {
	Events int   `json:"events"`
	P50    int64 `json:"p50_ns"`
	P99    int64 `json:"p99_ns"`
	Max    int64 `json:"max_ns"`
}

// live is a table in use. A matcher loads the pointer once for each event.
type live struct {
	mix   *mix
	load  *workload
	table atomic.Pointer[route.Table[int]]
}

// reload replaces one rule in a hundred several times, while another goroutine matches.
func (p *plan) reload(ctx context.Context, m *mix, n int) error {
	load, err := newWorkload(m, n)
	if err != nil {
		return err
	}
	l, s := &live{mix: m, load: load}, swaps{Rules: n, Changed: max(1, n/100)}
	if s.Fresh, err = l.swap(0); err != nil {
		return err
	}
	if s.Alone, err = l.while(func() error { return sleep(ctx, undisturbed) }); err != nil {
		return err
	}
	var took []float64
	s.Meanwhile, err = l.while(func() error {
		for generation := 1; generation <= reloads; generation++ {
			l.change(s.Changed, generation)
			ms, err := l.swap(generation)
			if err != nil {
				return err
			}
			took = append(took, ms)
		}
		return context.Cause(ctx)
	})
	if err != nil {
		return err
	}
	s.Reload, s.Slowest = median(took), slices.Max(took)
	fmt.Fprintf(p.log, "reload of %d rules, %d changed: %.0f ms (target 100 ms), slowest %.0f; matching meanwhile p99 %d ns, alone %d ns\n",
		s.Rules, s.Changed, s.Reload, s.Slowest, s.Meanwhile.P99, s.Alone.P99)
	return json.NewEncoder(p.out).Encode(s)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// change replaces count rules by new draws.
func (l *live) change(count, generation int) {
	for i, r := range l.load.world.rules(l.mix.shapes, count) {
		at := (i*len(l.load.rules)/count + generation) % len(l.load.rules)
		r.id = l.load.rules[at].id
		l.load.rules[at] = r
	}
}

// swap compiles the rules, reusing the current table, and stores the new table. Every rule carries its generation.
func (l *live) swap(generation int) (ms float64, err error) {
	rules := ourRules(l.load.rules)
	for i := range rules {
		rules[i].Then = generation
	}
	began := time.Now()
	table := l.table.Load()
	if table == nil {
		table, err = route.Compile(rules, nil)
	} else {
		table, err = table.Recompile(rules)
	}
	if err != nil {
		return 0, err
	}
	l.table.Store(table)
	return millis(time.Since(began)), nil
}

func millis(d time.Duration) float64 { return round(float64(d.Microseconds()) / 1000) }

// while matches events in its own goroutine while do runs, and returns the time of each event.
func (l *live) while(do func() error) (waits, error) {
	var stop atomic.Bool
	done := make(chan error, 1)
	var took []time.Duration
	go func() {
		var err error
		took, err = l.matchUntil(&stop)
		done <- err
	}()
	err := do()
	stop.Store(true)
	if torn := <-done; torn != nil {
		return waits{}, torn
	}
	slices.Sort(took)
	at := func(share float64) int64 { return took[int(share*float64(len(took)-1))].Nanoseconds() }
	return waits{len(took), at(0.5), at(0.99), at(1)}, err
}

func (l *live) matchUntil(stop *atomic.Bool) ([]time.Duration, error) {
	var took []time.Duration
	for i := 0; !stop.Load() || i == 0; i++ {
		began := time.Now()
		res := l.table.Load().All(&l.load.facts[i%rotation])
		took = append(took, time.Since(began))
		generation := -1
		for m := range res.Matches() {
			if generation >= 0 && m.Then != generation {
				return nil, fmt.Errorf("rules of generations %d and %d in one table", generation, m.Then)
			}
			generation = m.Then
		}
	}
	return took, nil
}
