package core

import "time"

// piece is a part by another name.
type piece interface {
	due(*unit) (time.Time, bool)
	act(*turn, *unit, time.Time) bool
	hear(*turn, *unit, time.Time, fact) bool
}

type explainer interface{ explain(*unit) string }
