// Package ncruces holds store/sqlite to every rule of a store over the driver ncruces/go-sqlite3, which takes no cgo.
// There are only tests here. It and its sibling register the same name and must never be in one binary.
package ncruces
