// Package event imports its neighbour severity, which is one of the listed edges inside a layer.
package event

import "github.com/tocsin-dev/tocsin/severity"

// Event is one observation.
type Event struct {
	Severity severity.Level // how bad it is
}
