package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// checkpointRows is how many rows are written between two checkpoints.
const checkpointRows = 4_000

// checkpoints bring what was committed from the write-ahead log into the database, beside the writer: a commit never waits
// for one, unless they fall behind and the writer's own limit is reached.
type checkpoints struct {
	rows    int         // written since the last one; belongs to the one that holds the pen
	running atomic.Bool // at most one
	wait    sync.WaitGroup
}

// written counts rows that were committed, and begins a checkpoint when there are enough.
func (s *Store) written(rows int) {
	c := &s.checkpoints
	c.rows += rows
	if c.rows < checkpointRows || !c.running.CompareAndSwap(false, true) {
		return
	}
	c.rows = 0
	c.wait.Go(func() {
		defer c.running.Store(false)
		if err := s.checkpoint(context.Background()); err != nil && !passes(err) {
			s.fail(fmt.Errorf("checkpoint: %w", err))
		}
	})
}

// checkpoint does what it can without waiting for anyone, on a connection of its own, which it sets up as the writer's is.
func (s *Store) checkpoint(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, pragma := range [...]string{"synchronous = FULL", "checkpoint_fullfsync = 1", "wal_checkpoint(PASSIVE)"} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	return nil
}
