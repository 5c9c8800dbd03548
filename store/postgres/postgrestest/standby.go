package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// OwnStandby starts a standby of primary for one test, or skips the test. The standby streams the primary's commits, and
// is read-only until Promote. The primary waits for it only if its setting synchronous_standby_names says so.
func OwnStandby(t testing.TB, primary *Server, settings ...string) *Server {
	t.Helper()
	return own(t, func() (*Server, error) {
		if _, err := os.Stat(filepath.Join(primary.bin, "pg_basebackup")); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return start(settings, func(s *Server) error { return s.copy(primary) })
	})
}

// copy creates the cluster from a running primary, by pg_basebackup.
func (s *Server) copy(primary *Server) error {
	err := s.tool("pg_basebackup", "-h", primary.dir, "-p", "5432", "-U", "postgres", "-D", s.data(), "-c", "fast", "--no-sync")
	if err != nil {
		return err
	}
	return s.follow(primary)
}

// Follow starts the server again after a Crash, as a standby of primary. If it had commits that primary lacks, it cannot
// stream and keeps its old state.
func (s *Server) Follow(primary *Server) error {
	if err := s.follow(primary); err != nil {
		return err
	}
	return s.Restart()
}

func (s *Server) follow(primary *Server) error {
	s.settings = append(s.settings, fmt.Sprintf("primary_conninfo=host=%s port=5432 user=postgres", primary.dir))
	return os.WriteFile(filepath.Join(s.data(), "standby.signal"), nil, 0o644)
}

// Promote makes the standby a primary, and waits until it accepts writes. Connections stay open.
func (s *Server) Promote() error { return s.tool("pg_ctl", "promote", "-D", s.data()) }
