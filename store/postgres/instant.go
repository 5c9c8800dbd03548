package postgres

import (
	"fmt"
	"math"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// never stands for the zero instant in parameters; the column then is null.
const (
	never    = math.MinInt64
	neverSQL = `'-9223372036854775808'::bigint`
)

// The range of int64 Unix nanoseconds.
var (
	earliest = time.Unix(0, math.MinInt64+1).UTC()
	latest   = time.Unix(0, math.MaxInt64).UTC()
)

// storable returns an error that wraps store.ErrData for an instant outside of this range.
func storable(instants ...time.Time) error {
	for _, t := range instants {
		if !t.IsZero() && (t.Before(earliest) || t.After(latest)) {
			return fmt.Errorf("%w: instant %v, want one from %d to %d", store.ErrData, t, earliest.Year()+1, latest.Year()-1)
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

// instant converts a column back. null is the zero instant.
func instant(ns *int64) time.Time {
	if ns == nil {
		return time.Time{}
	}
	return time.Unix(0, *ns).UTC()
}
