// Package escalate decides who is asked next, and when: the levels of a policy, their waits and repeats, and what an
// acknowledgement, its expiry or a failed delivery does to them. It is a pure machine; the engine gives it instants and
// carries out what it asks for.
//
// A user writes policies with [Policy], [Level] and [Target], and may bring a [Schedule] or a [Strategy] of their own. One that
// panics costs no page: the machine goes on without it, and says so with [Failed].
package escalate
