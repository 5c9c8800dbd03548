// Package memory is a store: it uses its neighbour codec.
package memory

import "github.com/tocsin-dev/tocsin/store/codec"

var decide = codec.Decide
