package intake

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	bodyTimeout   = 10 * time.Second       // to receive a body, all of it
	answerTimeout = 10 * time.Second       // to send an answer
	lingering     = 500 * time.Millisecond // to read on after an answer: TCP drops an answer if the rest of the body is unread
)

// guard returns a handler that calls next and bounds the time of a body. A connection whose body is not read to its end is closed
// after the answer. Otherwise net/http would read that body first, for as long as its sender takes.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 { // net/http reads ahead then: a deadline would end the context of r
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w) // if w has no deadlines, the limits of the server apply
		_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
		body := &guarded{ReadCloser: r.Body}
		inner := r.WithContext(r.Context()) // net/http looks at the body of r
		inner.Body = body
		if r.ProtoMajor > 1 { // HTTP/2 ends the stream of the request; other requests share its connection
			next.ServeHTTP(w, inner)
			return
		}
		answer := &closing{ResponseWriter: w, body: body}
		defer func() {
			answer.tell()
			if !body.ended.Load() {
				_ = control.SetReadDeadline(time.Now().Add(lingering))
				connectionOf(r.Context()).enter(waits)
			}
		}()
		next.ServeHTTP(answer, inner)
	})
}

// guarded is a body that knows whether it is read to its end.
type guarded struct {
	io.ReadCloser
	ended atomic.Bool
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	if err == io.EOF {
		g.ended.Store(true)
	}
	return n, err
}

// closing is an answer that closes its connection unless the body has ended when it begins.
type closing struct {
	http.ResponseWriter
	body *guarded
	told bool
}

func (c *closing) tell() {
	if !c.told && !c.body.ended.Load() {
		c.Header().Set("Connection", "close")
	}
	c.told = true
}

func (c *closing) WriteHeader(status int) {
	c.tell()
	c.ResponseWriter.WriteHeader(status)
}

func (c *closing) Write(p []byte) (int, error) {
	c.tell()
	return c.ResponseWriter.Write(p)
}

// Flush implements [http.Flusher].
func (c *closing) Flush() {
	c.tell()
	_ = http.NewResponseController(c.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (c *closing) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// answerWithin bounds the time until an answer is sent, because a sender may never read it. Zero: no bound.
func answerWithin(w http.ResponseWriter, d time.Duration) {
	var end time.Time
	if d > 0 {
		end = time.Now().Add(d)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(end)
}
