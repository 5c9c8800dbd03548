// Package outbox is the one worker that sends what was decided: it hands due tasks to their notifiers and reports what
// became of each. It decides nothing but when to try again; who is tried next is decided where the outcome goes.
//
// # Bulkheads
//
// Every channel has places, a circuit breaker and rates of its own, so that one that hangs, fails or is slow holds nobody
// else. A channel asks for no more tasks than it has room for: what must wait does so in the store, in order of rank, and
// not in memory in the order in which it came. Pages of P1 pass the breaker and the rates, and some places are theirs.
package outbox
