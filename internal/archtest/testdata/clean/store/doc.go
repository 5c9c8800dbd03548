// Package store is the port.
package store

// Row is one record.
type Row struct{ Doc []byte }
