// Package escalation decides who is asked next, and when: the levels of a policy, their waits and repeats, and what an
// acknowledgement, its expiry or a failed delivery does to them. It is a pure machine; the engine gives it instants and
// carries out what it asks for.
package escalation
