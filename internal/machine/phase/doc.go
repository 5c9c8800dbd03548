// Package phase moves an incident through its phases: when it has recovered, what keeps it from resolved, and what brings it
// back. Of its alerts it knows only counts. It is pure; the engine keeps the state.
package phase
