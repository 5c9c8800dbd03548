// Package route is the one rule mechanism: tables of CEL expressions over an event and facts about its service and team,
// each rule carrying a value that says what follows. Routing and impact are such tables.
//
// An expression sees event (id, source, type, subject, signal, severity, summary, time, labels, data, tenant, intake), service
// (name, tier, owner, tags), team (name), the severities as numbers (info < warning < error < critical), and label("k"),
// which is "" where labels["k"] would be an error. What lacks a guard, as event.data.usage > 3 does, errs for events that
// lack the field.
//
// # Errors
//
// A rule that does not compile is refused with the place and the words of the CEL checker. A rule that errs on an event is
// no match: it is counted and shown, and the event goes on to the next rule.
//
// # Concurrency
//
// A [Table] is immutable; every method may be called concurrently.
package route
