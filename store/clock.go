package store

import (
	"context"
	"time"
)

// Clock is an optional interface of a Store that several replicas share. Ahead returns how far the clock of the database
// is ahead of the clock of this process; a negative value means behind. The engine adds it to each instant that it passes
// to the store, so all replicas use one clock. The store itself reads no clock.
type Clock interface {
	Ahead(ctx context.Context) (time.Duration, error)
}
