package sqlite

import "context"

// Hurry turns off the writer's busy timeout of 5 seconds, for tests that would wait for it.
func (s *Store) Hurry() error {
	_, err := s.conn.ExecContext(context.Background(), "PRAGMA busy_timeout = 10")
	return err
}
