// Package catalog holds what an organisation has decided: who owns what, which classes of events there are, what their
// impact is, and by which plan and policy people respond. It is one value, written in Go, checked as a whole by
// [Catalog.Validate] and compiled once into a [Compiled], which decides nothing but answers every question of the core.
//
// # Concurrency
//
// A [Compiled] is immutable and safe for concurrent use. Nobody changes a [Catalog] after it was compiled.
package catalog
