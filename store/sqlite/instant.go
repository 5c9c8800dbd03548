package sqlite

import (
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// instant is an instant as a column holds it: Unix nanoseconds, or NULL for the zero time.
type instant = sql.NullInt64

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return instant{}
	}
	return instant{Int64: t.UnixNano(), Valid: true}
}

func timeOf(i instant) time.Time {
	if !i.Valid {
		return time.Time{}
	}
	return time.Unix(0, i.Int64).UTC()
}

// early stands for the zero time in comparisons of columns.
const early = math.MinInt64

func orEarly(i instant) int64 {
	if !i.Valid {
		return early
	}
	return i.Int64
}

// The range of int64 Unix nanoseconds, without the value of early.
var firstInstant, lastInstant = time.Unix(0, math.MinInt64+1), time.Unix(0, math.MaxInt64)

// checkInstants returns an error that wraps store.ErrData for an instant outside of this range.
func checkInstants(times ...time.Time) error {
	for _, t := range times {
		if !t.IsZero() && (t.Before(firstInstant) || t.After(lastInstant)) {
			return fmt.Errorf("%w: instant %v, expected the years 1678 to 2261", store.ErrData, t)
		}
	}
	return nil
}
