// Package codec is what the stores need of the records of the core.
package codec

import "github.com/tocsin-dev/tocsin/internal/core"

// Decide is one of the things that a record is made by.
var Decide = core.Decide
