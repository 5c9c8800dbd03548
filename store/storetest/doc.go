// Package storetest is the conformance suite of store.Store. Each statement of the numbered rules in the port's comment
// is one subtest. A failure quotes the rule that the store broke. docs/writing-a-store.md shows how to develop a new
// store with this suite.
//
// # Records
//
// The suite writes records that are strings. Open a store that encodes its records with a codec for strings.
//
// # Time
//
// Every instant is virtual and lies in 2030. Only the cases on concurrent calls wait in real time, to give a wrong
// interleaving a chance to happen; a correct store passes however long the wait is. Some rules need many rows:
// Features.Percent sets their size. Begin with -short.
//
// # Testing
//
// The suite's own tests use broken doubles: each double breaks one rule, and the suite must report that rule and no
// other.
package storetest
