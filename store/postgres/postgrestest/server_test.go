package postgrestest_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

func TestTheServerOfTheBinary(t *testing.T) {
	dsn := postgrestest.DSN(t)
	if again := postgrestest.DSN(t); again != dsn {
		t.Errorf("got %q and %q, want one server", dsn, again)
	}
}

func TestOwn(t *testing.T) {
	var socket string
	t.Run("while the test runs", func(t *testing.T) {
		server := postgrestest.Own(t, "fsync=off")
		if server.DSN() == postgrestest.DSN(t) {
			t.Error("got the server of all tests, want one of its own")
		}
		socket = server.Socket()
		if len(socket) > 100 {
			t.Errorf("the path %q is too long for a socket", socket)
		}
	})
	if socket == "" {
		t.Skip("SKIPPED, not tested: the end of a server that was not started")
	}
	if conn, err := net.Dial("unix", socket); err == nil {
		conn.Close()
		t.Error("got a server after the test, want none")
	}
}

func TestAServerThatCannotStart(t *testing.T) {
	postgrestest.DSN(t)
	_, err := postgrestest.Start("no_such_setting=1")
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got %v, want the server's message", err)
	}
}
