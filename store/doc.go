// Package store is the port through which every state change, deadline and outgoing piece of work passes. It holds the
// data types only; store/memory implements it.
//
// State lives in records: one row, one version each. What is to be sent lives in tasks. A commit takes both together, or
// neither, so that no page can be lost between deciding on it and sending it.
//
// # Time
//
// No store reads a clock. Every instant comes in through the call, so a test passes virtual time through the same door as
// the engine passes its own.
package store
