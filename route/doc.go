// Package route is the one rule mechanism: tables of CEL expressions over an event and facts about its service and team,
// each rule carrying a value that says what follows. Routing and impact are such tables. What an event costs is set by the
// rules that may match it, not by how many there are.
//
// An expression sees event (id, source, type, subject, signal, severity, summary, time, labels, data, tenant, intake), service
// (name, tier, owner, tags), team (name), the severities as numbers (info < warning < error < critical), and label("k"),
// which is "" where labels["k"] would be an error. What lacks a guard, as event.data.usage > 3 does, errs for events that
// lack the field.
//
// # Index
//
// A table takes its rules apart into conditions and keeps them in an index, which answers exactly as cel-go would rule by
// rule, errors included. INDEX.md beside the code explains it. The cheapest rules name a value: event.type == "a", label("env")
// in ["x", "y"], event.source.startsWith("z"). [Table.Explain] says of every rule what it costs.
//
// # Errors
//
// A rule that does not compile is refused with the place and the words of the CEL checker. A rule that errs on an event is
// no match: it is counted, and the event goes on to the next rule. Why it erred is found when somebody asks.
//
// [Limits] bound what a rule may cost. Regular expressions are bounded wherever they stand, loops where they are left to
// cel-go. A rule is over its limit on one event only: it errs there.
//
// cel-go itself panics over a value of bytes where it seeks one in a list of constants, and so errs over the whole rule; here the
// value is not in the list.
//
// # Concurrency
//
// A [Table] is immutable; every method may be called concurrently. To replace one, make another, by [Table.Recompile] if most
// rules stay.
package route
