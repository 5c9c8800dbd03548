// Package archtest holds the architecture of this repository as an ordinary Go test: which package may import which, what
// the pure layers may not touch, and what every package owes its readers. Nothing imports it and it exports nothing.
//
// The tables that a new package or a new dependency has to be entered in stand in tables_test.go. Each rule is a function
// over one package, named in rules_test.go; testdata holds one tree that every rule accepts and one small addition to it
// for each way of breaking one.
package archtest
