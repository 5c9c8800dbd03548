// Package route evaluates tables of rules. The condition of a rule is a CEL expression over an event, its service and its team;
// each rule has a result of type T. Routing and impact are such tables. The cost of an event depends on the rules that may match
// it, not on the number of rules.
//
// An expression can read these variables:
//
//   - event: id, source, type, subject, signal, severity, summary, time, labels, data, tenant, intake
//   - service: name, tier, owner, tags
//   - team: name
//   - info < warning < error < critical, the severities as numbers
//
// The function label("k") returns the label k, or "" if the event lacks it; event.labels.k is an error then. A condition such as
// event.data.usage > 3 fails for events without the field. Guard it: has(event.data.usage) && event.data.usage > 3.
//
// Texts have the functions of cel-go's strings extension, version 5, such as lowerAscii, split, replace and format. json(text) parses
// a JSON text: json(event.data.body).order.id == 4711. A text that is no JSON is an error. Both are evaluated by cel-go, so put a
// condition that the index can find beside them: event.type == "a" && json(event.data.body).ok.
//
// # Numbers
//
// Every number in event.data is a double, in whatever form it came: 7, 7.0 and the int 7 of Go are equal. Comparisons take a number
// of any kind: event.data.n > 3. Arithmetic takes doubles only: write event.data.n + 1.0, and int(event.data.n) % 2. A rule with
// event.data.n + 1 fails on every number; the failure and [Table.Vet] say what to write.
//
// # Index
//
// A table splits its rules into conditions and indexes them. The result is the same as if cel-go evaluated every rule, including
// errors. INDEX.md beside the code explains the index. The cheapest rules compare with constants: event.type == "a",
// label("env") in ["x", "y"], event.source.startsWith("z"). [Table.Explain] reports the cost class of every rule.
//
// # Errors
//
// A rule that does not compile is refused with the position and the message of the CEL checker. A rule that fails on an event
// does not match; the failure is counted and the next rule is tried. The reason of a failure is computed only on request.
//
// [Limits] bound the cost of a rule: regular expressions always, loops and functions on texts if cel-go evaluates them. A rule that exceeds a limit on
// an event fails on that event only.
//
// Results differ from cel-go in one case. With a value of bytes on the left of in and a list of constants, cel-go panics, and the
// whole rule fails. Here the value is not in the list.
//
// # Concurrency
//
// A [Table] is immutable, and all methods may be called concurrently. To change rules, compile another table. Use
// [Table.Recompile] if most rules stay.
package route
