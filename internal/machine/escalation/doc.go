// Package escalation is the state machine of an escalation. It decides who is paged next, and when. It handles the levels of a policy,
// their waits and repeats, acknowledgements and their expiry, and failed deliveries. It is pure: the caller passes the instants and
// carries out the outputs.
package escalation
