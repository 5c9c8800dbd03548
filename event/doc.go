// Package event holds what comes in: the event, one immutable observation, and the class, what the organisation has decided
// about events of one type. Class names inherit by prefix, so that a class needs no more than a name.
//
// # Time
//
// An event has two clocks: Time is the sender's, Received is ours. Deadlines run on Received; Time only orders events of
// one key.
package event
