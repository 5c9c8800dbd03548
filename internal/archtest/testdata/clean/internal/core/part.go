package core

import "time"

// part owns one field of the unit.
type part interface {
	due(*unit) (time.Time, bool)
	act(*turn, *unit, time.Time) bool
	hear(*turn, *unit, time.Time, fact) bool
}

// explainer is implemented by the parts that have something to say.
type explainer interface{ explain(*unit) string }
