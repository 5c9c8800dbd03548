// Package oddtest draws events with odd texts, numbers and instants from bytes, for tests of what the door accepts and what stores
// keep.
package oddtest
