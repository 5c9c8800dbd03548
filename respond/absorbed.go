package respond

import (
	"slices"

	"github.com/tocsin-dev/tocsin/event"
)

// tracesKept is how many traces of absorbed events an incident keeps.
const tracesKept = 8

// Absorbed is what an incident knows of the events that came to it after the one that opened it, for traces to link them.
type Absorbed struct {
	Count uint64 `json:"count"` // as of the latest that its timeline shows
	Noted uint64 `json:"noted"` // how many its timeline shows
	// Traces are traceparents of what the timeline shows: the first, a sample, and the latest.
	Traces []string `json:"traces,omitempty"`
}

// note counts n more events, of which e is the latest.
func (a *Absorbed) note(e *event.Event, n uint64) {
	a.Count += n
	a.Noted++
	if e.TraceParent == "" {
		return
	}
	traces := slices.Clone(a.Traces)
	if len(traces) == tracesKept { // the first and the latest stay, one in between goes, each in its turn
		i := 1 + int(a.Noted%(tracesKept-2))
		traces = slices.Delete(traces, i, i+1)
	}
	a.Traces = append(traces, e.TraceParent)
}
