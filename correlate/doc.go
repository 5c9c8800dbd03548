// Package correlate turns events into alerts: it decides whether an event opens, repeats, ends or reopens the alert of its
// key, and in which group an alert belongs. It is pure; the engine keeps the state.
package correlate
