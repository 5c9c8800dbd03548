package postgrestest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
)

const (
	envDSN     = "TOCSIN_POSTGRES"
	envRequire = "TOCSIN_REQUIRE_POSTGRES"
)

// Main runs the tests of a binary and returns its exit code. Unless TOCSIN_POSTGRES is set, it starts a server with fsync
// off and sets TOCSIN_POSTGRES to it. Tests that need fsync must use Own. Without PostgreSQL it also skips the Examples,
// which cannot skip themselves.
func Main(m *testing.M) int {
	flag.Parse()
	if os.Getenv(envDSN) != "" {
		return m.Run()
	}
	server, err := Start("fsync=off", "max_connections=60", "shared_buffers=256MB")
	switch {
	case errors.Is(err, ErrNotFound) && os.Getenv(envRequire) != "1":
		fmt.Fprintln(os.Stderr, "SKIPPED, not tested: Examples that need PostgreSQL:", err)
		_ = flag.Set("test.skip", "^Example")
		return m.Run()
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv(envDSN, server.DSN()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// DSN returns the DSN of the server that the tests of this binary share. It skips the test if there is none.
func DSN(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv(envDSN)
	if dsn == "" {
		missing(t, ErrNotFound)
	}
	return dsn
}

// Own starts a server for one test, which may stop it or need fsync. It skips the test without PostgreSQL.
func Own(t testing.TB, settings ...string) *Server {
	t.Helper()
	return own(t, func() (*Server, error) { return Start(settings...) })
}

func own(t testing.TB, start func() (*Server, error)) *Server {
	t.Helper()
	server, err := start()
	if errors.Is(err, ErrNotFound) {
		missing(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func missing(t testing.TB, what error) {
	t.Helper()
	if os.Getenv(envRequire) == "1" {
		t.Fatalf("%s=1, but %v", envRequire, what)
	}
	t.Skipf("SKIPPED, not tested: set %s, or install PostgreSQL: %v", envDSN, what)
}
