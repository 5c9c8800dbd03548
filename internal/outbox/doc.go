// Package outbox sends messages and calls actions. It passes leased tasks to their notifiers and actions, and reports an
// Outcome for each. It decides only when to try again; the core decides whom to try next.
//
// # Bulkheads
//
// Every channel has its own slots, circuit breaker and rates, so a channel that hangs, fails or is slow does not delay
// the others. The outbox asks the store only for tasks that have a free slot. All other tasks wait in the store, in rank
// order. A quarter of the slots are for P1 only.
//
// # Holds
//
// A rate of 3/10m lets at most 3 messages through in any 10 minutes. Pages of P1 pass the rates and the breaker, but count. A held
// task that lives long enough comes back when it may leave. Any other fails at once, so that the next contact is tried now. A pause that a
// provider names holds only the message for which it was named.
//
// # Many pages to one person
//
// More than five pages to one person in five minutes wait for each other, without a slot, and leave in one message: see Pages. Each
// keeps its own task and outcome.
package outbox
