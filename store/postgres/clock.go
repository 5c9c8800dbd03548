package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

var _ store.Clock = (*Store)(nil)

// Ahead implements store.Clock. Its error is at most half of the time of the query.
func (s *Store) Ahead(ctx context.Context) (ahead time.Duration, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	err = s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) error {
		asked := time.Now()
		var at time.Time
		if err := conn.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&at); err != nil {
			return err
		}
		took := time.Since(asked)
		ahead = at.Sub(asked.Add(took / 2))
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("postgres: clock: %w", err)
	}
	return ahead, nil
}
