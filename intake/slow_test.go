package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

// single is a net.Listener with one connection.
type single struct {
	conns chan net.Conn
	done  chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *single) Close() error {
	close(s.done)
	return nil
}

func (s *single) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial serves h on a connection inside the synctest bubble. Each watch learns the states of the connection.
func dial(t *testing.T, h http.Handler, watch ...func(net.Conn, http.ConnState)) net.Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	l := &single{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- theirs
	srv := &http.Server{Handler: h, ConnState: func(c net.Conn, state http.ConnState) {
		for _, w := range watch {
			w(c, state)
		}
	}}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return ours
}

func head(length int) string {
	return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", secret, length)
}

func TestSlowSenderIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := alertmanager(nil)
		conn := dial(t, e)
		start := time.Now()
		_, err := fmt.Fprint(conn, head(1000)+`{"alerts":[`)
		require.NoError(t, err)

		resp, err := http.ReadResponse(bufio.NewReader(conn), nil) // the rest of the body never comes
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
		assert.True(t, resp.Close, "the connection ends with it")
		assert.EqualValues(t, 1, e.count("timeout"))
	})
}

// Compression and an unknown length do not change the time limit for a slow sender.
func TestSlowSenderOfAnyFormatIsClosed(t *testing.T) {
	for _, f := range formats {
		for _, header := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip"} {
			synctest.Test(t, func(t *testing.T) {
				e := serve(f.name, f.build, nil)
				conn := dial(t, e)
				start := time.Now()
				_, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n", f.typ, secret, header)
				require.NoError(t, err)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				require.NoError(t, err)
				defer resp.Body.Close()
				assert.Equal(t, 10*time.Second, time.Since(start), "%s, %s", f.name, header)
				assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
				assert.EqualValues(t, 1, e.count("timeout"))
			})
		}
	}
}

type slowStore struct{ *recorder }

func (s slowStore) Submit(ctx context.Context, events ...event.Event) error {
	select {
	case <-time.After(time.Minute):
		return s.recorder.Submit(ctx, events...)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// The time limit holds for reading the body only. The store may take longer.
func TestSlowStoreIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored := &recorder{}
		conn := dial(t, intake.Alertmanager(slowStore{stored}, &intake.Endpoint{Name: "prod", Bearer: []string{secret}}))
		body := notice(good)
		_, err := fmt.Fprint(conn, head(len(body))+body)
		require.NoError(t, err)

		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Len(t, stored.events, 1)
	})
}

func TestWriterWithoutDeadlines(t *testing.T) {
	e := alertmanager(nil)
	assert.Equal(t, http.StatusOK, e.post(strings.TrimSpace(notice(good))).Code, "a recorder has none, and that is no error")
}
