// Package alert decides whether an event opens, repeats, ends or reopens the alert of its key. It is pure; the engine keeps
// the state.
package alert
