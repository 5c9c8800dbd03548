// Package mattn holds store/sqlite to every rule of a store over the driver mattn/go-sqlite3, which is SQLite itself and takes cgo.
// There are only tests here. It and its sibling register the same name and must never be in one binary.
package mattn
