// Package comms has the values of communication with customers and stakeholders: the templates of updates, the facts that an update may
// tell, the check of what a person typed, and the updates themselves.
//
// An update goes outside, so it is made by an allow list. A [Template] can name the fields of [Facts] and nothing else; no field of an
// incident, an event or a person reaches it. A placeholder without a value refuses to render and names itself. What a person types goes
// through [Check], which finds host names, internal ids and people.
//
// The catalog says which audiences hear what and when; the engine carries it out. This package does no I/O and reads no clock.
//
// # Concurrency
//
// A Template never changes, and any number of goroutines may render it. The functions keep no state.
package comms
