package intake_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/intake"
)

// halted is a body whose rest comes when it is let.
type halted struct {
	begin io.Reader
	let   chan struct{}
}

func (h *halted) Read(p []byte) (int, error) {
	if n, err := h.begin.Read(p); err == nil {
		return n, nil
	}
	<-h.let
	return 0, io.ErrUnexpectedEOF
}

// crowded is an endpoint whose bodies, and whose store, may stand still until let.
type crowded struct {
	*endpoint
	let     chan struct{}
	answers chan int
	waiting int
}

func crowd(f string, build func(intake.Submitter, *intake.Endpoint) http.Handler, stands bool) *crowded {
	c := &crowded{let: make(chan struct{}), answers: make(chan int, 1_000)}
	c.endpoint = serve(f, func(to intake.Submitter, e *intake.Endpoint) http.Handler {
		if stands {
			to = stuck{to.(*recorder), c.let}
		}
		return build(to, e)
	}, nil)
	return c
}

// send sends r and returns its answer, 0 if it has none yet.
func (c *crowded) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	done := false
	go func() {
		c.ServeHTTP(w, r)
		done = true
		c.answers <- w.Code
	}()
	if synctest.Wait(); done {
		<-c.answers
		return w
	}
	c.waiting++
	return &httptest.ResponseRecorder{Code: 0}
}

// end lets all go on, and returns how many were answered 2xx.
func (c *crowded) end() (accepted int) {
	close(c.let)
	for range c.waiting {
		if code := <-c.answers; code < 300 {
			accepted++
		}
	}
	return accepted
}

// bodies returns a small and a large request of a format, nil if all of its bodies are small.
func bodies(f string) (small, large func() *http.Request) {
	long := strings.Repeat(" ", 600<<10)
	switch f {
	case "alertmanager":
		return func() *http.Request { return request(notice(good)) }, func() *http.Request {
			r := request(notice(good) + long)
			r.ContentLength = 12 << 20
			return r
		}
	case "cloudevents":
		return func() *http.Request { return inOne(structured(nil)) }, func() *http.Request { return inOne(structured(nil) + long) }
	case "json":
		return func() *http.Request { return request(`{"what":"x"}`) }, func() *http.Request { return request(`{"what":"x"}` + long) }
	}
	return func() *http.Request { return request("ignored") }, nil
}

// TestSmallBodiesHaveTheirOwnPlaces: large bodies that take all their places refuse further large ones only.
func TestSmallBodiesHaveTheirOwnPlaces(t *testing.T) {
	for _, f := range builders {
		t.Run(f.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := crowd(f.name, f.build, true)
				small, large := bodies(f.name)
				taken := 0
				if large != nil {
					w := c.send(large())
					for ; w.Code == 0; w = c.send(large()) {
						taken++
					}
					assert.Equal(t, f.busy, w.Code)
					assert.Equal(t, "5", w.Header().Get("Retry-After"))
					assert.LessOrEqual(t, taken, 6, "four of the largest")
					assert.Greater(t, taken, 3)
					assert.EqualValues(t, 1, c.count("busy"))
				}
				for range 128 {
					assert.Zero(t, c.send(small()).Code)
				}
				w := c.send(small())
				assert.Equal(t, f.busy, w.Code)
				assert.Equal(t, "5", w.Header().Get("Retry-After"))
				assert.Equal(t, 128+taken, c.end(), "all that was taken in is answered")
				assert.Less(t, c.send(small()).Code, 300, "and all places are free again")
				_, findings := c.stored.split()
				assert.Empty(t, findings, "the refused come again: nothing is lost")
			})
		})
	}
}

// TestSlowBodiesTakeNothingFromOthers: a body that stands still has no place before 64 KiB of it have come, and never a turn.
func TestSlowBodiesTakeNothingFromOthers(t *testing.T) {
	for _, f := range builders[:3] {
		small, large := bodies(f.name)
		for _, tt := range []struct {
			name   string
			length int64
			slow   int // bodies that stand still
			begin  int // bytes of each of them
			body   func() *http.Request
		}{
			{"small ones", 1_000, 500, 10, small},
			{"large ones at their begin", 200 << 10, 100, 60 << 10, large},
			{"large ones without a length", -1, 100, 60 << 10, large},
			{"large ones in their middle", 200 << 10, 15, 100 << 10, large},
		} {
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := crowd(f.name, f.build, false)
					for range tt.slow {
						r := request("", "Content-Type", f.typ)
						begin := formats[0].start
						if f.typ != "application/json" {
							begin = `{"data":"`
						}
						r.Body, r.ContentLength = io.NopCloser(&halted{strings.NewReader(begin + strings.Repeat(" ", tt.begin)), c.let}), tt.length
						assert.Zero(t, c.send(r).Code)
					}
					assert.Less(t, c.send(tt.body()).Code, 300)
					assert.Len(t, c.stored.events, 1)
					assert.Zero(t, c.end())
					assert.Zero(t, c.count("busy"))
				})
			})
		}
	}
}
