package intake

import (
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/tocsin-dev/tocsin/event"
)

// Heartbeat returns a handler for the heartbeats of jobs. A job calls .../NAME each time it succeeds. If the next beat does not
// come in time, an alert fires. The class heartbeat.NAME sets the time as its For: the period and a grace, such as 25h for a
// daily job. The first beat starts the watch. After a missed beat, the next beat resolves the alert and starts the watch again.
//
// The class must have a For; without it every beat is an alert. Its plan must have a Reopen of zero; otherwise a beat after an
// alert reopens that alert.
//
// The job may send the secret as the query parameter token; keep the query out of the access log then. A body is ignored. The
// handler answers 200 after the beat is stored, and 429 or 503 to ask for a retry.
func Heartbeat(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "heartbeat", methods: []string{http.MethodGet, http.MethodHead, http.MethodPost}, maxBody: 10 << 10, tokenInQuery: true,
		accepts: func(http.Header) bool { return true },
		stored:  http.StatusOK, partly: http.StatusOK, overload: http.StatusTooManyRequests,
	}, s, e)
	return g.handler(func(r *http.Request, _ io.Reader) (*batch, error) { return decodeHeartbeat(r.URL.Path) })
}

// decodeHeartbeat makes two events of a beat: a resolve that ends the current wait, and a trigger that starts the next one. They
// have the same key and keep their order, because they are submitted in one call.
func decodeHeartbeat(url string) (*batch, error) {
	name := path.Base(path.Clean("/" + url))
	if name == "/" || name == "fail" || name == "start" { // suffixes that other heartbeat services use
		return nil, fmt.Errorf("expected the URL to end in the name of a heartbeat, not in %q", name)
	}
	b := &batch{unit: "events"}
	for i, signal := range [...]event.Signal{event.Resolve, event.Trigger} {
		e := event.Event{Type: "heartbeat." + name, Subject: name, Signal: signal}
		if signal == event.Trigger {
			e.Summary = bounded("no beat of "+name, event.MaxSummary)
		}
		b.take(i, e)
	}
	return b, nil
}
