// Package window is the one meaning of a rate: "3/10m" lets at most 3 through within any 10 minutes. The channels of the outbox and the
// limits of runbooks both count with it. A bucket of tokens would let nearly twice as many through after a quiet time.
//
// # Time
//
// A window is half open: what passed exactly ten minutes ago no longer counts. The instants of one log never go back. An earlier instant
// counts as the latest one that the log knows.
package window
