// Package core decides. [Assess] says what one event means, without any state. [Core.Decide] says what a list of inputs changes:
// records to write, timeline entries, and tasks to carry out. Both do no I/O, read no clock and give the same answer for the
// same input, so the engine, the simulation and every test share one behaviour.
//
// Inside Decide stands a list of parts: alerts, groups, escalation, runs and so on. A part has one file, or several named after it. It
// owns one field of the incident record, and tells the others by facts. docs/adding-a-part.md says how to add one, docs/walk.md follows an event
// through the code.
//
// # Time
//
// Every input has an instant. Before an input takes effect, its whole group is advanced to that instant: what was due earlier
// happens first, at its own time. How often the engine looks, and how many inputs it decides at once, changes nothing.
package core
