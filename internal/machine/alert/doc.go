// Package alert is the state machine of an alert. It decides whether an event opens, repeats, ends or reopens the alert of its
// dedup key. It is pure; the caller keeps the state.
package alert
