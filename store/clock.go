package store

import (
	"context"
	"time"
)

// Clock is an optional ability of a Store that several replicas share: it tells how far the clock of its database is ahead of
// that of this process, so that all of them go by one. The store itself goes by none.
type Clock interface {
	Ahead(ctx context.Context) (time.Duration, error)
}
