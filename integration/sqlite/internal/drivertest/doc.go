// Package drivertest holds store/sqlite to every rule of a store over a driver that is registered as "sqlite3". Two drivers have
// this name and must never be in one binary, so each has tests of its own that call this package.
package drivertest
