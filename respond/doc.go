// Package respond is the pure core: it composes the machines of correlate, incident and escalate into decisions. [Assess]
// says what one event means, without any state; [Decide] says what a list of inputs changes, as records to write, timeline
// entries and messages to send. Both do no I/O, read no clock, and give the same answer for the same input, so the engine,
// the simulation and every test share one behaviour.
//
// Users meet the commands: [Acknowledge], [Unacknowledge], [Escalate], [Resolve] and [Reprioritise].
//
// # Time
//
// Every input has an instant. Before it takes effect, its whole group is advanced to that instant: whatever was due earlier
// happens first, at its own time. How often the engine looks, and how many inputs it takes at once, changes nothing.
package respond
