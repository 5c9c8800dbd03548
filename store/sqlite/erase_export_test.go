package sqlite

import "context"

// Hurry lets the writer wait for nobody, for tests that would wait for 5 seconds.
func (s *Store) Hurry() error {
	_, err := s.conn.ExecContext(context.Background(), "PRAGMA busy_timeout = 10")
	return err
}
