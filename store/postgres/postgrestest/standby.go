package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// OwnStandby starts a standby of a primary for one test alone, or skips the test: a server that streams what the primary
// commits, reads, and refuses to write until Promote. The primary waits for it where its settings name synchronous standbys.
func OwnStandby(t testing.TB, primary *Server, settings ...string) *Server {
	t.Helper()
	return own(t, func() (*Server, error) {
		if _, err := os.Stat(filepath.Join(primary.bin, "pg_basebackup")); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return start(settings, func(s *Server) error { return s.copy(primary) })
	})
}

// copy makes the cluster from that of a primary that runs.
func (s *Server) copy(primary *Server) error {
	err := s.tool("pg_basebackup", "-h", primary.dir, "-p", "5432", "-U", "postgres", "-D", s.data(), "-c", "fast", "--no-sync")
	if err != nil {
		return err
	}
	return s.follow(primary)
}

// Follow starts the server again after a Crash, as a standby of the one that took over. What it had not handed on by then it
// keeps: where there is any, it reads an old state, and cannot stream.
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

// Promote makes a standby a primary, and waits until it takes writes. Connections to it stay.
func (s *Server) Promote() error { return s.tool("pg_ctl", "promote", "-D", s.data()) }
