// Package store is the port through which every state change, deadline and outgoing message or action passes. It holds
// the interface and its data types only; store/memory, store/sqlite and store/postgres implement it.
//
// State lives in records: one row with one version each. Outgoing work lives in tasks. One commit writes both or neither,
// so a page cannot be lost between the decision and the sending.
//
// # Time
//
// A store never reads a clock. Every instant is an argument of the call, so tests can pass virtual time.
package store
