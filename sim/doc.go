// Package sim runs a catalog in virtual time, also outside go test. The caller submits events and commands and advances the
// time; the simulation records the messages that the engine would send, and when. It uses the same core as the engine.
// Notifiers answer at once, and nothing is sent.
package sim
