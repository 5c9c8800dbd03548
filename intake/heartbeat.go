package intake

import (
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/tocsin-dev/tocsin/event"
)

// Heartbeat takes the beats of jobs: whoever calls .../NAME is alive, and the beat that does not come is the event. The class
// heartbeat.NAME says by its For how long to wait for the next beat, period and grace together, and who is paged then. The
// first beat arms it; after a missed one, the next beat resolves the alert and arms it anew.
//
// That works only where the plan of the class has a Reopen of zero, since otherwise a beat after an alert would bring the
// alert back. A class without For makes an alert of every beat.
//
// The secret may stand in the query as token, so that one URL is all that a job needs; whoever serves the endpoint keeps that
// out of logs. A body is ignored. The answer is 200 when the beat is stored, 429 and 503 mean that the job shall call again.
func Heartbeat(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "heartbeat", methods: []string{http.MethodGet, http.MethodHead, http.MethodPost}, maxBody: 10 << 10, tokenInQuery: true,
		accepts: func(http.Header) bool { return true },
		stored:  http.StatusOK, partly: http.StatusOK, overload: http.StatusTooManyRequests,
	}, s, e)
	return g.handler(func(r *http.Request, _ io.Reader) (*batch, error) { return decodeHeartbeat(r.URL.Path) })
}

// decodeHeartbeat makes of a beat what ends the wait for it and what begins the wait for the next one. Both act on one key,
// and in this order whatever their neighbours do, since they come in one call.
func decodeHeartbeat(url string) (*batch, error) {
	name := path.Base(path.Clean("/" + url))
	if name == "/" || name == "fail" || name == "start" { // as others have it behind the name
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
