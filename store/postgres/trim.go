package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A locked row is being changed, and perhaps reopened, so the next call looks at it.
const (
	trimRecords = `WITH gone AS (
			DELETE FROM tocsin.record r USING (
				SELECT o.tenant, o.kind, o.id FROM tocsin.record o WHERE o.ended < $1 ORDER BY o.ended LIMIT $2
				FOR UPDATE SKIP LOCKED) o
			WHERE r.tenant = o.tenant AND r.kind = o.kind AND r.id = o.id
			RETURNING r.tenant, r.kind, r.id, r.born, r.refs),
		entries AS (DELETE FROM tocsin.entry e USING gone g WHERE e.record = g.born),
		refs AS (
			DELETE FROM tocsin.ref x USING gone g, jsonb_array_elements(nullif(g.refs, '')::jsonb) r
			WHERE x.tenant = r->>0 AND x.kind = r->>1 AND x.name = r->>2 AND
				x.record_tenant = g.tenant AND x.record_kind = g.kind AND x.record_id = g.id)
		SELECT count(*) FROM gone`

	trimTasks = `WITH gone AS (
			DELETE FROM tocsin.task t USING (
				SELECT o.id FROM tocsin.task o WHERE o.state = 'dead' AND o.died < $1 ORDER BY o.died, o.id LIMIT $2
				FOR UPDATE SKIP LOCKED) o
			WHERE t.id = o.id RETURNING 1)
		SELECT count(*) FROM gone`

	// trimLog deletes from the start: a log with gaps cannot be replayed.
	trimLog = `WITH old AS (SELECT number, at FROM tocsin.log ORDER BY number LIMIT $2),
		gone AS (
			DELETE FROM tocsin.log WHERE number IN (
				SELECT number FROM old WHERE number < coalesce((SELECT min(number) FROM old WHERE at >= $1), 9223372036854775807))
			RETURNING 1)
		SELECT count(*) FROM gone`

	// trimSeen deletes ids older than the window, and the oldest beyond a million. Counting is expensive, so it counts
	// only if the table's estimated size is above a million.
	trimSeen = `DELETE FROM tocsin.seen WHERE id IN (
			SELECT id FROM tocsin.seen WHERE at < greatest((SELECT at FROM tocsin.clock) - $1,
				CASE WHEN (SELECT reltuples FROM pg_class WHERE oid = 'tocsin.seen'::regclass) > $2
					THEN (SELECT at FROM tocsin.seen ORDER BY at DESC OFFSET $2 LIMIT 1) END)
			ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED)`
)

const (
	windowIDs  = 1_000_000
	idsAtATime = 10_000
)

// Trim implements store.Store. It removes ended records, then dead tasks, then log rows, each oldest first, in separate
// transactions. It also drops event ids that are older than 24 hours at that instant; they do not count as rows. Tasks of
// a removed record stay.
func (s *Store) Trim(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	if err := storable(before); err != nil {
		return 0, fmt.Errorf("postgres: trim: %w", err)
	}
	if _, err := s.alter(ctx, moveClock, clockAt(before)); err != nil {
		return 0, fmt.Errorf("postgres: trim: %w", err)
	}
	if _, err := s.alter(ctx, trimSeen, int64(windowFor), windowIDs, idsAtATime); err != nil {
		return 0, fmt.Errorf("postgres: trim: %w", err)
	}
	n := 0
	for _, statement := range [...]string{trimRecords, trimTasks, trimLog} {
		if n >= limit {
			break
		}
		gone, err := s.alter(ctx, statement, nanos(before), limit-n)
		n += gone
		if err != nil {
			return n, fmt.Errorf("postgres: trim: %w", err)
		}
	}
	return n, nil
}

// alter runs one statement in its own transaction, and returns the number that the statement selects, if any.
func (s *Store) alter(ctx context.Context, statement string, args ...any) (n int, err error) {
	err = s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) error {
		b := &pgx.Batch{}
		s.begin(b)
		b.Queue(s.sql(statement), args...).Query(func(rows pgx.Rows) error {
			n = 0
			_, err := pgx.ForEachRow(rows, []any{&n}, func() error { return nil })
			return err
		})
		b.Queue("commit")
		return conn.SendBatch(ctx, b).Close()
	})
	return n, err
}
