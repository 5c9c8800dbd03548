// Package storetest is the conformance suite of store.Store. It holds a store to the numbered rules in the port's comment,
// one subtest for each thing that a rule says, and quotes the rule that it finds broken. docs/writing-a-store.md leads a
// new store from nothing to a green suite.
//
// # Records
//
// The records that the suite writes are strings. A store that encodes its records is opened with a codec that takes a
// string to its bytes and back.
//
// # Time
//
// Every instant is virtual and lies in 2030. Nothing waits for time to pass, except that the rules on concurrent calls give
// a wrong interleaving a moment to happen; a right store passes however long that takes. Features.Percent says how large the
// rules are that need many rows; begin with -short.
//
// # Testing
//
// The suite is itself tested with doubles that each break one thing, and must fail exactly the rule that forbids it.
package storetest
