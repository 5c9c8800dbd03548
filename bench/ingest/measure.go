package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/bench/internal/numbers"
)

// engine is one side of the comparison.
type engine interface {
	// fill prepares the alerts with these numbers for the next take. It is not measured.
	fill(numbers []int)
	// take submits the prepared alerts, and returns when all of them are in their groups.
	take(ctx context.Context) error
	// seen returns the number of alerts and groups.
	seen(ctx context.Context) (alerts, groups int, err error)
	stop() error
}

// sides are the engines, in the order of their turns.
var sides = [...]struct {
	name string
	make func(shape) (engine, error)
}{{"tocsin", newOurs}, {"alertmanager", newTheirs}, {"floor", newFloor}}

// phases are the measurements of a round, in order. Each returns the number of the i-th of n alerts.
var phases = [...]struct {
	name string
	nth  func(i, n int) int
}{
	{"new", func(i, _ int) int { return i }},
	{"repeat", func(i, _ int) int { return i }},
	{"folded", func(i, n int) int { return (i/batchSize*distinct + i%distinct) % n }},
}

// distinct is the number of different alerts in one call of a storm.
const distinct = 16

// figures are the costs of one alert.
type figures struct {
	Engine string `json:"engine"`
	Routes int    `json:"routes"`
	Groups int    `json:"groups"`
	Alerts string `json:"alerts"` // the phase
	Ns     int64  `json:"ns_per_alert"`
	Bytes  int64  `json:"bytes_per_alert"`
	Allocs int64  `json:"allocs_per_alert"`
}

// plan is the selection of cases.
type plan struct {
	routes, groups numbers.List
	alerts, rounds int
	out            io.Writer
}

// run measures every case, and writes a line of JSON for each engine, case and phase. It returns a summary for people:
// our time as a share of the peer's and as a multiple of the floor's.
func (p *plan) run(ctx context.Context) (string, error) {
	ratios := []string{"tocsin's time as a share of Alertmanager's (and the floor's), routes × groups:"}
	to := json.NewEncoder(p.out)
	for _, routes := range p.routes {
		for _, groups := range p.groups {
			medians, err := p.measure(ctx, shape{routes, min(groups, p.alerts)})
			if err != nil {
				return "", fmt.Errorf("%d routes, %d groups: %w", routes, groups, err)
			}
			for i := range phases {
				for side := range sides {
					if err := to.Encode(medians[side][i]); err != nil {
						return "", err
					}
				}
				ours, theirs, floor := float64(medians[0][i].Ns), float64(medians[1][i].Ns), float64(medians[2][i].Ns)
				ratios = append(ratios, fmt.Sprintf("%d×%d %s %.2f (%.2f),", routes, groups, phases[i].name, ours/theirs, floor/theirs))
			}
		}
	}
	return strings.TrimSuffix(strings.Join(ratios, " "), ","), nil
}

// measure returns the medians of one case, by side and phase.
func (p *plan) measure(ctx context.Context, s shape) (medians [len(sides)][len(phases)]figures, err error) {
	var rounds [len(sides)][len(phases)][]figures
	for range p.rounds {
		for i, side := range sides {
			measured, err := p.round(ctx, s, side.make)
			if err != nil {
				return medians, fmt.Errorf("%s: %w", side.name, err)
			}
			for j := range phases {
				rounds[i][j] = append(rounds[i][j], measured[j])
			}
		}
	}
	for i, side := range sides {
		for j, phase := range phases {
			of := func(value func(figures) int64) int64 { return median(rounds[i][j], value) }
			medians[i][j] = figures{
				Engine: side.name, Routes: s.routes, Groups: s.groups, Alerts: phase.name,
				Ns:     of(func(f figures) int64 { return f.Ns }),
				Bytes:  of(func(f figures) int64 { return f.Bytes }),
				Allocs: of(func(f figures) int64 { return f.Allocs }),
			}
		}
	}
	return medians, nil
}

func median(rounds []figures, value func(figures) int64) int64 {
	values := make([]int64, len(rounds))
	for i, f := range rounds {
		values[i] = value(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// round measures a new engine, and checks that every alert is in its group.
func (p *plan) round(ctx context.Context, s shape, begin func(shape) (engine, error)) (measured [len(phases)]figures, err error) {
	e, err := begin(s)
	if err != nil {
		return measured, err
	}
	numbers := make([]int, p.alerts)
	for i, phase := range phases {
		for j := range numbers {
			numbers[j] = phase.nth(j, p.alerts)
		}
		e.fill(numbers)
		if measured[i], err = cost(ctx, e, p.alerts); err != nil {
			return measured, err
		}
		alerts, groups, err := e.seen(ctx)
		if err != nil {
			return measured, err
		}
		if alerts != p.alerts || groups != s.groups {
			return measured, fmt.Errorf("%d alerts in %d groups, expected %d in %d", alerts, groups, p.alerts, s.groups)
		}
	}
	return measured, e.stop()
}

// cost measures one take of n alerts, including all other work of the process meanwhile.
func cost(ctx context.Context, e engine, n int) (figures, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	if err := e.take(ctx); err != nil {
		return figures{}, err
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	per := int64(n)
	return figures{
		Ns:     took.Nanoseconds() / per,
		Bytes:  int64(after.TotalAlloc-before.TotalAlloc) / per,
		Allocs: int64(after.Mallocs-before.Mallocs) / per,
	}, nil
}
