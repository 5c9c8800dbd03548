// Package incident holds what people respond to: its phases, the gates between them, and its timeline. Of its alerts an
// incident knows only counts. It is pure; the engine keeps the state.
package incident
