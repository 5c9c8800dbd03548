package sqlite

import "context"

// Weaken lets the writer answer before what it wrote is durable, for tests that must tell the difference.
func (s *Store) Weaken() error {
	_, err := s.conn.ExecContext(context.Background(), "PRAGMA synchronous = NORMAL")
	return err
}
