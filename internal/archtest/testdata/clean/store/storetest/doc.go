// Package storetest stands beside its parent and uses codec, as the stores do.
package storetest

import (
	"testing"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// Run stores a row.
func Run(_ *testing.T, put func(store.Row) error) { _, _ = put, codec.Decide }
