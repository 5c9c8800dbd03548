package sqlite

import "context"

// Weaken lets the writer return before its commit is synced, for tests that must notice the difference.
func (s *Store) Weaken() error {
	_, err := s.conn.ExecContext(context.Background(), "PRAGMA synchronous = NORMAL")
	return err
}
