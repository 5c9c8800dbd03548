// Package outbox sends messages and calls actions. It passes leased tasks to their notifiers and actions, and reports an
// Outcome for each. It decides only when to try again; the core decides whom to try next.
//
// # Bulkheads
//
// Every channel has its own slots, circuit breaker and rates, so a channel that hangs, fails or is slow does not delay
// the others. The outbox asks the store only for tasks that have a free slot. All other tasks wait in the store, in rank
// order. P1 pages bypass the breaker and the rates, and a quarter of the slots are for P1 only.
package outbox
