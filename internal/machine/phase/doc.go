// Package phase is the state machine of an incident's phases. It decides when the incident has recovered, when it may be resolved, and
// when it relapses or reopens. It knows the number of alerts, and the alert that joined last. It is pure; the caller keeps the state.
package phase
