package intake_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

// street is a net.Listener for pipes inside a synctest bubble.
type street struct {
	single
	t   *testing.T
	srv *http.Server
}

// open serves h with at most n connections.
func open(t *testing.T, h http.Handler, n int, changes ...func(*http.Server)) *street {
	s := &street{single{conns: make(chan net.Conn, 100), done: make(chan struct{})}, t, intake.Server(h, n)}
	for _, change := range changes {
		change(s.srv)
	}
	if s.srv.TLSConfig == nil {
		go s.srv.Serve(s)
	} else {
		go s.srv.ServeTLS(s, "", "")
	}
	t.Cleanup(func() { s.srv.Close() })
	return s
}

// caller is a connection from an address.
type caller struct {
	net.Conn
	t    *testing.T
	from net.Addr
}

func (c *caller) RemoteAddr() net.Addr { return c.from }

func (s *street) dial(from string) *caller {
	ours, theirs := net.Pipe()
	at := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1))
	s.conns <- &caller{theirs, s.t, at}
	synctest.Wait()
	return &caller{ours, s.t, at}
}

func (c *caller) send(text string) *caller {
	if text != "" { // a pipe hands over a write of nothing, too
		_, err := io.WriteString(c, text)
		require.NoError(c.t, err)
	}
	synctest.Wait()
	return c
}

func (c *caller) answer() *http.Response {
	c.t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(c.t, err)
	_, err = io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	synctest.Wait()
	return resp
}

func (c *caller) closed() bool {
	if c.SetReadDeadline(time.Now().Add(time.Microsecond)) != nil {
		return true
	}
	_, err := c.Read(make([]byte, 1))
	return err == io.EOF
}

func closed(callers ...*caller) string {
	text := ""
	for i, c := range callers {
		if c.closed() {
			text += fmt.Sprint(i)
		}
	}
	return text
}

const (
	get     = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	refused = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" // without a token
)

// begun is a request in mid body, complete a whole one.
var (
	begun    = head(1000) + `{"alerts":[`
	complete = head(len(notice(good))) + notice(good)
)

// stuck is a store that does not answer until it is let.
type stuck struct {
	*recorder
	let chan struct{}
}

func (s stuck) Submit(ctx context.Context, events ...event.Event) error {
	select {
	case <-s.let:
		return s.recorder.Submit(ctx, events...)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// TestServerMakesRoom: one connection too many closes another one.
func TestServerMakesRoom(t *testing.T) {
	const a, b, c, d = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
	for _, tt := range []struct {
		name   string
		from   []string // addresses of the connections that take all the places
		send   []string // what each of them sends
		last   string   // what the one too many sends
		closed string   // indexes of the closed ones; that of the one too many follows the others
	}{
		{"the oldest silent one", []string{a, b, c, d}, []string{"", "", "", ""}, get, "0"},
		{"one that drips headers", []string{a, b, c, d}, []string{"GET / HT", "", "", ""}, get, "0"},
		{"one that has been answered is younger", []string{a, b, c, d}, []string{get, "", "", ""}, get, "1"},
		{"the oldest of the address with the most", []string{a, b, c, b}, []string{"", "", "", ""}, get, "1"},
		{"the oldest of a network of version 6", []string{a, "2001:db8::1", c, "2001:db8::2"}, []string{"", "", "", ""}, get, "1"},
		{"not one whose body comes in", []string{a, b, c, d}, []string{begun, begun, "", ""}, get, "2"},
		{"one whose body comes in, if they take over three quarters", []string{a, b, c, d}, []string{begun, begun, begun, begun}, complete, "0"},
		{"the same, and a silent one", []string{a, b, c, d, a}, []string{begun, begun, begun, begun, ""}, complete, "0"},
		{"one that was refused before its body came", []string{a, b, c, d}, []string{begun, begun, begun, refused}, complete, "3"},
		{"never one whose events are being stored", []string{a, b, c, d}, []string{complete, complete, complete, begun}, complete, "3"},
		{"not a new one, but for all at work", []string{a, b, c, d}, []string{complete, complete, complete, complete}, "", "4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := stuck{&recorder{}, make(chan struct{})}
				defer close(store.let)
				alerts := intake.Alertmanager(store, &intake.Endpoint{Name: "prod", Bearer: []string{secret}})
				s := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						alerts.ServeHTTP(w, r)
					}
				}), len(tt.from))
				var all []*caller
				for _, from := range tt.from {
					all = append(all, s.dial(from))
				}
				for i, text := range tt.send {
					switch all[i].send(text); text {
					case get:
						assert.Equal(t, http.StatusOK, all[i].answer().StatusCode)
					case refused:
						assert.Equal(t, http.StatusUnauthorized, all[i].answer().StatusCode)
					}
				}
				all = append(all, s.dial("198.51.100.1"))
				newest := all[len(tt.from)]
				if newest.send(tt.last); tt.last == get {
					assert.Equal(t, http.StatusOK, newest.answer().StatusCode)
				}
				assert.Equal(t, tt.closed, closed(all...))
			})
		})
	}
}

// TestServerEndsSlowRequests: whatever a stranger does not send, its connection ends.
func TestServerEndsSlowRequests(t *testing.T) {
	for _, tt := range []struct {
		name, send string
		status     int           // 0: no answer
		end        time.Duration // of the connection
	}{
		{"nothing", "", 0, 5 * time.Second},
		{"half a header", "GET / HTTP/1.1\r\nHo", 0, 5 * time.Second},
		{"no further request", get, 404, time.Minute},
		{"no body, to nowhere", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", 404, 500 * time.Millisecond},
		{"no chunk, to nowhere", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 404, 500 * time.Millisecond},
		{"too long headers", "GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 64<<10), 431, 500 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t, http.NotFoundHandler(), 4).dial("192.0.2.1")
				start := time.Now()
				go io.WriteString(c, tt.send) // the server need not read all of it
				r := bufio.NewReader(c)
				if tt.status != 0 {
					resp, err := http.ReadResponse(r, nil)
					require.NoError(t, err)
					assert.Equal(t, tt.status, resp.StatusCode)
					assert.Zero(t, time.Since(start), "at once")
				}
				_, err := io.Copy(io.Discard, r)
				require.NoError(t, err)
				assert.Equal(t, tt.end, time.Since(start))
			})
		})
	}
}

// TestServerClosesWithoutAFarewell: TLS says good-bye before it closes, and waits for a stranger to read it. A new connection does not.
func TestServerClosesWithoutAFarewell(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, http.NotFoundHandler(), 1, func(srv *http.Server) { srv.TLSConfig = certified.TLS })
		call := func() *caller {
			raw := s.dial("192.0.2.1")
			return &caller{tls.Client(raw, &tls.Config{InsecureSkipVerify: true}), t, raw.from}
		}
		first := call().send(get)
		assert.Equal(t, http.StatusNotFound, first.answer().StatusCode)
		start := time.Now()
		assert.Equal(t, http.StatusNotFound, call().send(get).answer().StatusCode)
		assert.Zero(t, time.Since(start))
		assert.True(t, first.closed())
	})
}

// FuzzServer: whatever a stranger sends, no event is stored, the server does not panic, and the connection ends.
func FuzzServer(f *testing.F) {
	for _, raw := range []string{
		"", get, refused, get + get, refused + get,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n" + `{"alerts":[{}]}`,
		"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
		"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 10\r\n\r\nabc",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nWebHook-Request-Origin: x\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 8<<10 || bytes.Contains(raw, []byte(secret)) {
			t.Skip()
		}
		synctest.Test(t, func(t *testing.T) {
			e := alertmanager(nil)
			s := open(t, e, 1)
			c := s.dial("192.0.2.1")
			start := time.Now()
			var sender sync.WaitGroup
			sender.Go(func() { _, _ = c.Write(raw) })
			_, err := io.Copy(io.Discard, c)
			sender.Wait()
			assert.NoError(t, err)
			assert.Empty(t, e.stored.events)
			assert.LessOrEqual(t, time.Since(start), 66*time.Second, "5 for headers, a minute idle")
		})
	})
}
