// Package escalate holds the types that decide who is paged, and when: policies with levels and targets, schedules, strategies, and
// the state of an escalation.
//
// Users write policies with [Policy], [Level] and [Target], and may implement [Schedule] and [Strategy]. If such an implementation
// panics, the escalation goes on without it and reports [Failed]; no page is lost.
package escalate
