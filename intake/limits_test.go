package intake_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/intake"
)

const mib = 1 << 20

// formats lists the endpoints that read a body, with a valid header and the start of an endless body.
var formats = []struct {
	name  string
	build func(intake.Submitter, *intake.Endpoint) http.Handler
	limit int64
	typ   string
	start string
	more  string
	end   string
}{
	{"alertmanager", intake.Alertmanager, 16 * mib, "application/json", `{"alerts":[` + good, "," + good, "]}"},
	{"cloudevents", intake.CloudEvents, 1 * mib, "application/cloudevents-batch+json", "[" + structured(nil), "," + structured(nil), "]"},
	{"json", asJSON(intake.Mapping{Each: `body`, Type: `"t"`}), 1 * mib, "application/json", "[1", ",1", "]"},
}

// stream is a body of a given size that measures the heap while it is read.
type stream struct {
	start, more string
	left        int64
	unseen      int // bytes read since the last measurement
	heap        *heap
}

func (e *stream) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if e.start == "" {
		e.start = e.more
	}
	n := copy(p[:min(int64(len(p)), e.left)], e.start)
	e.start, e.left = e.start[n:], e.left-int64(n)
	if e.unseen += n; e.heap != nil && e.unseen >= mib/2 {
		e.heap.look()
		e.unseen = 0
	}
	return n, nil
}

// heap measures the growth of the heap.
type heap struct{ before, peak uint64 }

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (h *heap) look() { h.peak = max(h.peak, inUse()) }

func (h *heap) growth() int64 { return max(0, int64(h.peak)-int64(h.before)) }

// refusedWithin sends r and asserts that it is refused with the given reason within the memory limit.
func refusedWithin(t *testing.T, e *endpoint, r *http.Request, h *heap, status int, reason string) {
	t.Helper()
	w := e.do(r)
	h.look()
	assert.Equal(t, status, w.Code, w.Body.String())
	assert.EqualValues(t, 1, e.count(reason), "refused as %s", reason)
	alerts, findings := e.stored.split()
	assert.Empty(t, alerts)
	assert.Len(t, findings, 1)
	assert.Less(t, h.growth(), int64(4*mib))
	t.Logf("%d %s, heap grew by at most %d KiB", w.Code, reason, h.growth()>>10)
	runtime.KeepAlive(e)
}

func TestHostileBodies(t *testing.T) {
	times := int64(64)
	if testing.Short() { // compressing a gigabyte takes long, most of all under the race detector
		times = 4
	}
	for _, f := range formats {
		over := 10 * int64(mib)
		if f.limit > over {
			over = 17 * mib
		}
		bomb := bombOf(f.start, f.more, times*f.limit) // 1 GiB for Alertmanager
		for _, tt := range []struct {
			name   string
			body   func(*heap) io.Reader
			length int64 // Content-Length, -1 for none
			coding string
			status int
			reason string
		}{
			{"over the limit", func(h *heap) io.Reader { return &stream{f.start, f.more, over, 0, h} }, over, "", 413, "too_large"},
			{"over the limit without a length", func(h *heap) io.Reader { return &stream{f.start, f.more, over, 0, h} }, -1, "", 413, "too_large"},
			{"one text without an end", func(h *heap) io.Reader { return &stream{f.start[:1] + `"`, strings.Repeat("x", 1000), over, 0, h} }, -1, "", 413, "too_large"},
			{"noise without an end", func(h *heap) io.Reader { return &stream{f.start[:1] + `"`, noise(100_000), over, 0, h} }, -1, "", 413, "too_large"},
			{"gzip bomb", func(h *heap) io.Reader { return &watched{bytes.NewReader(bomb), h} }, int64(len(bomb)), "gzip", 413, "too_large"},
			{"depth 100,000", func(h *heap) io.Reader { return strings.NewReader(strings.Repeat(`[`, 100_000)) }, 100_000, "", 400, "too_deep"},
			{"depth 100,000 of objects", func(h *heap) io.Reader { return strings.NewReader(strings.Repeat(`{"alerts":[`, 50_000)) }, 550_000, "", 400, ""},
		} {
			if tt.reason == "" && f.name == "cloudevents" {
				continue // refused at its first byte, because it is no list
			}
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				e := serve(f.name, f.build, nil)
				r := request("", "Content-Type", f.typ, "Content-Encoding", tt.coding)
				h := &heap{before: inUse()}
				r.Body, r.ContentLength = io.NopCloser(tt.body(h)), tt.length
				reason := tt.reason
				if reason == "" {
					reason = "too_deep"
				}
				refusedWithin(t, e, r, h, tt.status, reason)
				runtime.KeepAlive(bomb)
			})
		}
	}
}

// watched measures the heap at every read; between two reads gzip may produce megabytes.
type watched struct {
	io.Reader
	heap *heap
}

func (w *watched) Read(p []byte) (int, error) {
	w.heap.look()
	return w.Reader.Read(p)
}

// bombOf returns a compressed body of the given size.
func bombOf(start, more string, size int64) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	io.Copy(z, bufferedBody(start, strings.Repeat(more, 1+mib/len(more)), size))
	z.Close()
	return b.Bytes()
}

func bufferedBody(start, more string, size int64) io.Reader {
	return &stream{start, more, size, 0, nil}
}

// noise returns incompressible text.
func noise(n int) string {
	out := make([]byte, n)
	state := uint64(1)
	for i := range out {
		state = state*6364136223846793005 + 1442695040888963407
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[state>>58]
	}
	return string(out)
}

// A large body within the limit is read, with and without compression or Content-Length.
func TestLargeBodiesAreRead(t *testing.T) {
	body := notice(good + strings.Repeat(","+good, 4_999)) // 2.5 MB
	for name, r := range map[string]*http.Request{"with a length": request(body), "without a length": unsized(body), "gzip": packed(body, 0)} {
		t.Run(name, func(t *testing.T) {
			e := alertmanager(nil)
			w := e.do(r)
			assert.Equal(t, http.StatusOK, w.Code, w.Body.String())
			assert.Len(t, e.stored.events, 5_000)
		})
	}
	for _, f := range formats {
		t.Run(f.name+" up to the last byte", func(t *testing.T) {
			body := f.start + strings.Repeat(f.more, 3) + f.end
			for limit, want := range map[int64]bool{int64(len(body)): true, int64(len(body)) - 1: false} {
				for _, r := range []*http.Request{request(body), unsized(body), packed(body, 0)} {
					r.Header.Set("Content-Type", f.typ)
					e := serve(f.name, f.build, func(e *intake.Endpoint) { e.MaxBody = limit })
					w := e.do(r)
					assert.Equal(t, want, w.Code < 300, "%d bytes of %d: %d %s", len(body), limit, w.Code, w.Body)
				}
			}
		})
	}
}

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		format string
		build  func(intake.Submitter, *intake.Endpoint) http.Handler
		send   func() *http.Request
		status int
	}{
		{"alertmanager", intake.Alertmanager, func() *http.Request { return request(notice(good)) }, 503}, // the only status on which Alertmanager retries
		{"cloudevents", intake.CloudEvents, func() *http.Request { return inOne(structured(nil)) }, 429},
		{"json", asJSON(plainMapping), func() *http.Request { return request(`{"what":"x"}`) }, 429},
		{"heartbeat", intake.Heartbeat, func() *http.Request { return request("") }, 429},
	} {
		t.Run(tt.format, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := serve(tt.format, tt.build, func(e *intake.Endpoint) { e.Rate = 2 })
				stranger := tt.send()
				stranger.Header.Del("Authorization")
				for range 10 {
					assert.Equal(t, http.StatusUnauthorized, e.do(stranger).Code, "and takes nothing of the rate")
				}
				taken := 0
				var last *httptest.ResponseRecorder
				for range 10 { // at twice the rate, for 2.5 seconds
					if last = e.do(tt.send()); last.Code < 300 {
						taken++
					}
					time.Sleep(250 * time.Millisecond)
				}
				assert.Equal(t, 6, taken, "the burst of 2, then 2 each second")
				assert.EqualValues(t, 4, e.count("rate"))

				for range 2 {
					e.do(tt.send())
				}
				last = e.do(tt.send())
				assert.Equal(t, tt.status, last.Code)
				assert.Equal(t, "1", last.Header().Get("Retry-After"))
				_, findings := e.stored.split()
				assert.Empty(t, findings, "the sender comes again: nothing is lost")
			})
		})
	}
}

func TestRateBelowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := alertmanager(func(e *intake.Endpoint) { e.Rate = 0.1 })
		assert.Equal(t, http.StatusOK, e.post(notice(good)).Code)
		time.Sleep(2500 * time.Millisecond)
		w := e.post(notice(good))
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, "8", w.Header().Get("Retry-After"))
		time.Sleep(7500 * time.Millisecond)
		assert.Equal(t, http.StatusOK, e.post(notice(good)).Code)
	})
}

func TestBrokenGzipIsRefused(t *testing.T) {
	e := serve("cloudevents", intake.CloudEvents, nil)
	w := e.do(request("\x1f\x8b\x08", "Content-Type", "application/cloudevents+json", "Content-Encoding", "gzip"))
	require.Equal(t, http.StatusBadRequest, w.Code)
	assert.EqualValues(t, 1, e.count("malformed"))
}
