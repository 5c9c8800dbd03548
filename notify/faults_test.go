package notify_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// faults lists faults of a provider and the expected result of a message.
var faults = []struct {
	name   string
	answer http.HandlerFunc // nil: no answer
	want   string
}{
	{"429, Retry-After 7", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(429)
	}, "retry after 7s"},
	{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, "temporary"},
	{"hang", nil, "temporary"},
	{"reset midway", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
		conn.(*net.TCPConn).SetLinger(0)
	}, "temporary"},
	{"1 GB answer", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(1<<30))
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}, "accepted"},
	{"410", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, "permanent"},
}

// counting counts the bytes read from answers.
type counting struct {
	next http.RoundTripper
	read atomic.Int64
}

type countingBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (b countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err == nil {
		resp.Body = countingBody{resp.Body, &c.read}
	}
	return resp, err
}

// TestFaults prints the result of one message and the number of requests, for every adapter and fault.
func TestFaults(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\n")
	for _, f := range faults {
		fmt.Fprint(w, "\t"+f.name)
	}
	for _, a := range adapters {
		fmt.Fprint(w, "\n"+a.name)
		for _, f := range faults {
			outcome, tries, read := suffer(t, a.make, f.answer)
			fmt.Fprintf(w, "\t%s, tries %d", outcome, tries)
			assert.Equal(t, f.want, outcome, "%s, %s", a.name, f.name)
			assert.EqualValues(t, 1, tries, "%s, %s: tries", a.name, f.name)
			assert.LessOrEqual(t, read, int64(64<<10), "%s, %s: bytes read of the answer", a.name, f.name)
		}
	}
	w.Flush()
	t.Log(table.String())
}

// suffer sends one message to a provider with the given fault.
func suffer(
	t *testing.T, newNotifier func(string, *http.Client) notify.Notifier, answer http.HandlerFunc,
) (outcome string, tries, read int64) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		asked.Add(1)
		if answer == nil { // the provider hangs until the context ends
			cancel()
			<-r.Context().Done()
			return
		}
		answer(w, r)
	}))
	defer server.Close()
	transport := &counting{next: &http.Transport{DisableKeepAlives: true}}
	n := newNotifier(server.URL+"/hook", &http.Client{Transport: transport})
	_, err := n.Notify(ctx, notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, Title: "P1 payout waits", Why: "impact high", Incident: "INC-7", Priority: severity.P1,
		Person: "ana", At: noon,
	})
	return outcomeOf(err), asked.Load(), transport.read.Load()
}

func outcomeOf(err error) string {
	pause := notify.RetryDelay(err, noon)
	switch {
	case err == nil:
		return "accepted"
	case notify.IsPermanent(err):
		return "permanent"
	case pause > 0:
		return "retry after " + pause.String()
	}
	return "temporary"
}
