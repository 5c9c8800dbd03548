package intake

import (
	"io"
	"net/http"
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
		if r.ProtoMajor == 1 { // HTTP/2 ends the stream of a request; other requests share its connection
			body.header = w.Header()
			body.header.Set("Connection", "close")
			defer func() {
				if !body.ended {
					_ = control.SetReadDeadline(time.Now().Add(lingering))
					connectionOf(r.Context()).enter(waits)
				}
			}()
		}
		inner := r.WithContext(r.Context()) // net/http looks at the body of r
		inner.Body = body
		next.ServeHTTP(w, inner)
	})
}

// guarded is a body that keeps its connection open if it is read to its end.
type guarded struct {
	io.ReadCloser
	header http.Header // of the answer, nil for HTTP/2
	ended  bool
}

func (g *guarded) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	if err == io.EOF && !g.ended {
		g.ended = true
		g.header.Del("Connection")
	}
	return n, err
}

// answerWithin bounds the time until an answer is sent, because a sender may never read it. Zero: no bound.
func answerWithin(w http.ResponseWriter, d time.Duration) {
	var end time.Time
	if d > 0 {
		end = time.Now().Add(d)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(end)
}
