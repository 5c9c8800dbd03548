package intake_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/intake"
)

// unread is a body that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

var builders = []struct {
	name  string
	build func(intake.Submitter, *intake.Endpoint) http.Handler
	typ   string
	busy  int // answer to ask for a retry
}{
	{"alertmanager", intake.Alertmanager, "application/json", 503},
	{"cloudevents", intake.CloudEvents, "application/cloudevents+json", 429},
	{"json", asJSON(plainMapping), "application/json", 429},
	{"heartbeat", intake.Heartbeat, "", 429},
}

// TestRefusedBeforeTheBody: what is refused for its headers is refused before a byte of its body is read, and its connection ends.
func TestRefusedBeforeTheBody(t *testing.T) {
	for _, f := range builders {
		for _, tt := range []struct {
			name   string
			change func(*http.Request)
			status int
			reason string
		}{
			{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "unauthorized"},
			{"wrong token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer guess") }, 401, "unauthorized"},
			{"no token, for the handshake", func(r *http.Request) { r.Method = "OPTIONS"; r.Header.Del("Authorization") }, 401, "unauthorized"},
			{"method", func(r *http.Request) { r.Method = "DELETE" }, 405, "method"},
			{"encoding", func(r *http.Request) { r.Header.Set("Content-Encoding", "br") }, 415, "content_type"},
			{"type", func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }, 415, "content_type"},
			{"length", func(r *http.Request) { r.ContentLength = 1 << 30 }, 413, "too_large"},
		} {
			if f.typ == "" && tt.name == "type" {
				continue
			}
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				e := serve(f.name, f.build, nil)
				r := request("", "Content-Type", f.typ)
				r.Body, r.ContentLength = io.NopCloser(unread{t}), 100
				tt.change(r)
				w := e.do(r)
				assert.Equal(t, tt.status, w.Code)
				assert.Equal(t, "close", w.Header().Get("Connection"))
				assert.EqualValues(t, 1, e.count(tt.reason))
			})
		}
	}
}

// TestABodyThatNeverComes: a refusal does not wait for it, and the connection ends soon after. Neither needs the time-outs of a server.
func TestABodyThatNeverComes(t *testing.T) {
	for _, f := range builders {
		for _, tt := range []struct {
			name, head string
			status     int
			at         time.Duration // of the answer
		}{
			{"no token", "POST / HTTP/1.1\r\nContent-Length: 10\r\n", 401, 0},
			{"no token, and no length", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 401, 0},
			{"no token, and waits for a word", "POST / HTTP/1.1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n", 401, 0},
			{"no token, and a body for a GET", "GET / HTTP/1.1\r\nContent-Length: 10\r\n", 401, 0},
			{"another method", "DELETE / HTTP/1.1\r\nContent-Length: 10\r\nAuthorization: Bearer s3cret\r\n", 405, 0},
			{"a beat", "POST /backup HTTP/1.1\r\nContent-Length: 10\r\nAuthorization: Bearer s3cret\r\n", 200, 0},
		} {
			if (tt.name == "a beat") != (f.name == "heartbeat") && tt.name == "a beat" {
				continue
			}
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := serve(f.name, f.build, nil)
					conn := dial(t, e)
					start := time.Now()
					_, err := fmt.Fprintf(conn, "%sHost: x\r\nContent-Type: %s\r\n\r\n", tt.head, f.typ)
					require.NoError(t, err)
					r := bufio.NewReader(conn)
					resp, err := http.ReadResponse(r, nil)
					require.NoError(t, err)
					assert.Equal(t, tt.status, resp.StatusCode)
					assert.Equal(t, tt.at, time.Since(start))
					_, err = io.Copy(io.Discard, r)
					require.NoError(t, err)
					assert.LessOrEqual(t, time.Since(start), tt.at+500*time.Millisecond, "the connection ends")
				})
			})
		}
	}
}

// TestTimeOfABodyIsATotal: a byte a second keeps no connection open.
func TestTimeOfABodyIsATotal(t *testing.T) {
	for _, f := range formats {
		synctest.Test(t, func(t *testing.T) {
			e := serve(f.name, f.build, nil)
			conn := dial(t, e)
			start := time.Now()
			var sender sync.WaitGroup
			defer sender.Wait()
			sender.Go(func() {
				_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n", f.typ, secret)
				for _, b := range []byte(f.start) {
					time.Sleep(time.Second)
					if _, err := conn.Write([]byte{b}); err != nil {
						return
					}
				}
			})
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer resp.Body.Close()
			assert.Equal(t, 10*time.Second, time.Since(start), f.name)
			assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			assert.True(t, resp.Close)
		})
	}
}

// TestAnAnswerThatNobodyReads: its connection ends after ten seconds, also if the store took a minute before.
func TestAnAnswerThatNobodyReads(t *testing.T) {
	for _, tt := range []struct {
		name, send string
		to         intake.Submitter
		end        time.Duration
	}{
		{"a refusal", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", &recorder{}, 10 * time.Second},
		{"the word to go on", "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer s3cret\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", &recorder{}, 20 * time.Second},
		{"stored", head(len(notice(good))) + notice(good), slowStore{&recorder{}}, 70 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan time.Time, 1)
				conn := dial(t, intake.Alertmanager(tt.to, &intake.Endpoint{Name: "prod", Bearer: []string{secret}}), func(_ net.Conn, s http.ConnState) {
					if s == http.StateClosed {
						ended <- time.Now()
					}
				})
				start := time.Now()
				_, err := io.WriteString(conn, tt.send)
				require.NoError(t, err)
				assert.Equal(t, tt.end, (<-ended).Sub(start))
			})
		})
	}
}

// TestSlowStoreIsWaitedForWithoutABody: a deadline for a body that there is not would end the request.
func TestSlowStoreIsWaitedForWithoutABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored := &recorder{}
		conn := dial(t, intake.Heartbeat(slowStore{stored}, &intake.Endpoint{Name: "jobs", Bearer: []string{secret}}))
		_, err := io.WriteString(conn, "GET /backup?token="+secret+" HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Len(t, stored.events, 2)
	})
}

// TestAConnectionIsKept: whoever sends whole bodies sends the next one on the same connection.
func TestAConnectionIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := dial(t, alertmanager(nil))
		r := bufio.NewReader(conn)
		for _, body := range []string{notice(good), "nonsense", notice(strings.Repeat(good+",", 400) + good), notice(good)} {
			go fmt.Fprint(conn, head(len(body))+body)
			resp, err := http.ReadResponse(r, nil)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, resp.Body)
			assert.False(t, resp.Close, "%d", resp.StatusCode)
		}
	})
}

// TestHTTP2: a body that comes slowly or not at all ends its request in time, and the other requests of its connection go on.
func TestHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stored := &recorder{}
		e := intake.Alertmanager(slowStore{stored}, &intake.Endpoint{Name: "prod", Bearer: []string{secret}})
		both := new(http.Protocols)
		both.SetUnencryptedHTTP2(true)
		s := open(t, e, 4, func(srv *http.Server) { srv.Protocols = both })
		dials := 0
		client := http.Client{Transport: &http.Transport{Protocols: both, DialContext: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return s.dial("192.0.2.1").Conn, nil
		}}}
		defer client.CloseIdleConnections()
		post := func(body io.Reader, token string) *http.Response {
			r := httptest.NewRequest(http.MethodPost, "http://x/", body)
			r.RequestURI = ""
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(r)
			require.NoError(t, err)
			require.Equal(t, 2, resp.ProtoMajor)
			_ = resp.Body.Close()
			return resp
		}
		start := time.Now()
		never, hold := io.Pipe()
		defer hold.Close()
		assert.Equal(t, http.StatusUnauthorized, post(never, "guess").StatusCode)
		assert.Zero(t, time.Since(start))
		never, hold = io.Pipe()
		defer hold.Close()
		assert.Equal(t, http.StatusServiceUnavailable, post(never, secret).StatusCode)
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Equal(t, http.StatusOK, post(strings.NewReader(notice(good)), secret).StatusCode)
		assert.Len(t, stored.events, 1, "a store that takes a minute is waited for")
		assert.Equal(t, 1, dials)
	})
}
