// Package fault describes the faults of a value, each with the path to the faulty part. The reader of a file finds the line and column
// of a fault by its path, never by its text.
package fault
