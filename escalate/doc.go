// Package escalate holds what decides who is asked, and when: policies with their levels and targets, schedules and
// strategies, and where an escalation stands.
//
// A user writes policies with [Policy], [Level] and [Target], and may bring a [Schedule] or a [Strategy] of their own. One that
// panics costs no page: the escalation goes on without it, and says so with [Failed].
package escalate
