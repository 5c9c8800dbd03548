package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/bench/internal/numbers"
)

// figures are the costs of one event.
type figures struct {
	key
	Ns      float64 `json:"ns_per_event"`
	CPU     float64 `json:"cpu_ns_per_event"` // of the whole process: garbage collection counts for the engine that causes it
	Allocs  float64 `json:"allocs_per_event"`
	Matches float64 `json:"matches"` // per event
	Errors  float64 `json:"errors"`  // per event
	Heap    float64 `json:"heap_per_rule"`
}

// key identifies a line of the output.
type key struct {
	Engine string `json:"engine"`
	Rules  int    `json:"rules"`
	Input  string `json:"input"`
	Mix    string `json:"mix"`
}

// plan is the selection of cases.
type plan struct {
	rules    numbers.List
	mixes    mixList
	rounds   int
	atLeast  time.Duration // minimum time of one measurement
	out, log io.Writer
}

// run measures every case, writes a line of JSON for each engine, number of rules, input and mix, and returns the
// figures.
func (p *plan) run(ctx context.Context) (map[key]figures, error) {
	all, to := map[key]figures{}, json.NewEncoder(p.out)
	for _, m := range p.mixes {
		lines, err := p.measure(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		for _, f := range lines {
			all[f.key] = f
			if err := to.Encode(f); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// stretch is how many events are matched between two readings of the clock.
const stretch = 32

// runner is an engine with one input.
type runner struct {
	figures
	match           input
	next            int       // index of the next event
	ns, cpu, allocs []float64 // by round
}

// measure returns the figures of one mix: medians of rounds in which the engines take turns, with all numbers of rules,
// so that other work on the machine affects all alike.
func (p *plan) measure(ctx context.Context, m *mix) ([]figures, error) {
	var runners []*runner
	for _, n := range p.rules {
		load, err := newWorkload(m, n)
		if err != nil {
			return nil, err
		}
		more, err := p.runners(m, load)
		if err != nil {
			return nil, fmt.Errorf("%d rules: %w", n, err)
		}
		runners = append(runners, more...)
	}
	for range p.rounds {
		for _, r := range runners {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			if err := r.round(p.atLeast); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Engine, err)
			}
		}
	}
	lines := make([]figures, len(runners))
	for i, r := range runners {
		r.Ns, r.CPU, r.Allocs = median(r.ns), median(r.cpu), median(r.allocs)
		lines[i] = r.figures
	}
	return lines, nil
}

// runners makes the engines of a case, and checks that they agree. It reports a peer that fails, and leaves it out.
func (p *plan) runners(m *mix, load *workload) ([]*runner, error) {
	n := len(load.rules)
	var runners []*runner
	var first []verdict
	for i, s := range sides {
		if s.upTo > 0 && n > s.upTo {
			continue
		}
		e, heap, err := weighed(s.make, load.rules)
		switch {
		case errors.Is(err, errInexpressible):
			continue
		case err != nil && i > 0:
			fmt.Fprintf(p.log, "SKIPPED %s at %d rules of %s: %v\n", s.name, n, m.name, err)
			continue
		case err != nil:
			return nil, err
		}
		for _, in := range inputs {
			r := &runner{figures: figures{key: key{s.name, n, in.name, m.name}, Heap: round(heap / float64(n))}, match: in.make(e, load)}
			if first, err = r.check(first, s.errs); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", s.name, in.name, err)
			}
			runners = append(runners, r)
		}
	}
	return runners, nil
}

// weighed makes an engine, and returns the bytes that it keeps beside the rules. It makes one engine before, so that
// one-time allocations of the process do not count.
func weighed(make func([]rule) (engine, error), rules []rule) (engine, float64, error) {
	if _, err := make(rules[:1]); err != nil {
		return nil, 0, err
	}
	before := heap()
	e, err := make(rules)
	if err != nil {
		return nil, 0, err
	}
	return e, float64(heap()) - float64(before), nil
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool is emptied by the second collection
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// check matches every event once, and compares the verdicts with those of the first runner. It returns its verdicts.
func (r *runner) check(first []verdict, errs bool) ([]verdict, error) {
	got, total := make([]verdict, rotation), verdict{}
	for i := range got {
		var err error
		if got[i], err = r.match(i); err != nil {
			return nil, err
		}
		total.add(got[i])
	}
	r.Matches, r.Errors = round(float64(total.matches)/rotation), round(float64(total.errors)/rotation)
	if first == nil {
		return got, nil
	}
	for i, want := range first {
		if got[i].matches != want.matches || got[i].sum != want.sum || (errs && got[i].errors != want.errors) {
			return nil, fmt.Errorf("event %d: %+v, expected %+v", i, got[i], want)
		}
	}
	return first, nil
}

// round matches events for at least the given time, and goes on where the last round ended. So even a slow engine sees
// most events once, over all rounds.
func (r *runner) round(atLeast time.Duration) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	idle, err := cpu()
	if err != nil {
		return err
	}
	from, took := r.next, time.Duration(0)
	for began := time.Now(); took < atLeast || r.next == from; took = time.Since(began) {
		for range stretch {
			if _, err := r.match(r.next % rotation); err != nil {
				return err
			}
			r.next++
		}
	}
	busy, err := cpu()
	if err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	events := float64(r.next - from)
	r.ns = append(r.ns, round(float64(took.Nanoseconds())/events))
	r.cpu = append(r.cpu, round(float64((busy-idle).Nanoseconds())/events))
	r.allocs = append(r.allocs, round(float64(after.Mallocs-before.Mallocs)/events))
	return nil
}

// round rounds to two decimals.
func round(v float64) float64 { return math.Round(v*100) / 100 }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
