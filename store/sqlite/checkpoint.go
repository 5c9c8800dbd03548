package sqlite

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// checkpointRows is how many rows are written between two checkpoints.
const checkpointRows = 4_000

// checkpoints copy committed pages from the write-ahead log into the database file, in a goroutine beside the writer. A
// commit waits for a checkpoint only if the log reaches the writer's own limit (usualLog).
type checkpoints struct {
	rows    int         // written since the last checkpoint; guarded by the write lock
	running atomic.Bool // true while a checkpoint runs: there is at most one
	wait    sync.WaitGroup
}

// written counts committed rows, and starts a checkpoint after checkpointRows of them.
func (s *Store) written(rows int) {
	c := &s.checkpoints
	c.rows += rows
	if c.rows < checkpointRows || !c.running.CompareAndSwap(false, true) {
		return
	}
	c.rows = 0
	c.wait.Go(func() {
		defer c.running.Store(false)
		if err := s.checkpoint(context.Background()); err != nil && !recoverable(err) {
			s.fail(fmt.Errorf("checkpoint: %w", err))
		}
	})
}

// checkpoint copies as many pages as it can without waiting for readers. It uses a connection of its own, with the same
// settings as the writer's.
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
