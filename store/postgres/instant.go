package postgres

import (
	"fmt"
	"math"
	"time"
)

// never stands for the zero instant on its way to the database, where it is null.
const (
	never    = math.MinInt64
	neverSQL = `'-9223372036854775808'::bigint`
)

// The first and the last instant that nanoseconds since 1970 can tell.
var (
	earliest = time.Unix(0, math.MinInt64+1).UTC()
	latest   = time.Unix(0, math.MaxInt64).UTC()
)

// storable refuses instants that would come back as others.
func storable(instants ...time.Time) error {
	for _, t := range instants {
		if !t.IsZero() && (t.Before(earliest) || t.After(latest)) {
			return fmt.Errorf("instant %v, want one from %d to %d", t, earliest.Year()+1, latest.Year()-1)
		}
	}
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixNano()
}

// instant reads what nanos wrote; null is the zero instant.
func instant(ns *int64) time.Time {
	if ns == nil {
		return time.Time{}
	}
	return time.Unix(0, *ns).UTC()
}
