package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
)

// checkpointRows is how many rows are written between two checkpoints.
const checkpointRows = 4_000

// checkpoints copy committed pages from the write-ahead log into the database file, in a goroutine beside the writer. A
// commit waits for a checkpoint only if the log reaches the writer's own limit (usualLog).
type checkpoints struct {
	rows    int          // written since the last checkpoint; guarded by the write lock
	running atomic.Bool  // true while a checkpoint runs: there is at most one
	told    atomic.Int64 // bytes of the log when a checkpoint last warned of a reader
	wait    sync.WaitGroup
}

// written counts committed rows, and starts a checkpoint after checkpointRows of them. It also starts one when the log is twice as large as
// usual, and whenever it has doubled again.
func (s *Store) written(rows int) {
	c := &s.checkpoints
	c.rows += rows
	size := s.files.log.Size()
	if size <= usualLog*framedPage {
		c.told.Store(0)
	}
	if c.rows < checkpointRows && size < 2*max(c.told.Load(), usualLog*framedPage) || !c.running.CompareAndSwap(false, true) {
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
	for _, pragma := range [...]string{"synchronous = FULL", "checkpoint_fullfsync = 1"} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	var blocked, logged, copied int // copied is smaller than logged if a reader needs the rest
	if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&blocked, &logged, &copied); err != nil {
		return err
	}
	s.warn(ctx, logged, copied)
	return nil
}

// warn tells of a reader that holds up a log of twice its usual size.
func (s *Store) warn(ctx context.Context, logged, copied int) {
	c, bytes := &s.checkpoints, int64(logged)*framedPage
	if copied == logged || bytes < 2*max(c.told.Load(), usualLog*framedPage) {
		return
	}
	c.told.Store(bytes)
	cmp.Or(s.logger, slog.Default()).WarnContext(ctx, "sqlite: a reader has been in a transaction for long, and the write-ahead log grows: end that transaction",
		"file", s.files.path+"-wal", "bytes", bytes)
}
