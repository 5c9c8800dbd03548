package intake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
)

// Heartbeat returns a handler for the heartbeats of jobs. A job calls one of these URLs, below the path of the handler:
//
//   - .../NAME and .../NAME/0: the job succeeded. This is a beat.
//   - .../NAME/fail, or .../NAME/STATUS with an exit status from 1 to 255: the job failed. An alert fires at once.
//   - .../NAME/start: the job begins. This is accepted, and has no effect.
//
// If the next beat does not come in time, an alert fires. The class heartbeat.NAME sets the time as its For: the period and a grace,
// such as 25h for a daily job. The first beat starts the wait and is no alert. A beat ends an alert and starts the wait again.
// Nothing else ends an alert: it does not go quiet.
//
// A beat is a resolve and a trigger with [event.FiresUnlessEnded]. A beat of a name without a class, or of a class without a For,
// starts no wait; a beat without a class is reported as the finding tocsin.unclassified. A heartbeat cannot be called fail or start,
// nor by a number below 256.
//
// The job may send the secret as the query parameter token; keep the query out of the access log then. A body is ignored. The
// handler answers 200 after the beat is stored, and 429 or 503 to ask for a retry.
func Heartbeat(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "heartbeat", methods: []string{http.MethodGet, http.MethodHead, http.MethodPost}, maxBody: 10 << 10, bodiless: true, tokenInQuery: true,
		accepts: func(http.Header) bool { return true },
		stored:  http.StatusOK, partly: http.StatusOK, overload: http.StatusTooManyRequests,
		sender: event.Sender{Ends: true, StaleAfter: event.Never},
	}, s, e)
	return g.handler(func(r *http.Request, _ io.Reader) (*batch, error) { return decodeHeartbeat(r.URL.Path) })
}

// decodeHeartbeat makes the events of a call. Those of a beat have the same key and keep their order, because they are submitted in
// one call.
func decodeHeartbeat(url string) (*batch, error) {
	above, name := path.Split(path.Clean("/" + url))
	said := report(name)
	if said != "" {
		name = path.Base(above)
	}
	if name == "/" || name == "" || report(name) != "" {
		return nil, errors.New("expected the URL to end in NAME, NAME/start, NAME/fail or NAME/STATUS; fail, start and a number below 256 are no names")
	}
	b := &batch{unit: "events"}
	e := event.Event{Type: "heartbeat." + name, Subject: name}
	switch said {
	case "start":
		return b, nil
	case "", "0":
		e.Signal, e.Fires = event.Resolve, event.FiresUnlessEnded
		b.take(0, e)
		e.Signal, e.Summary = event.Trigger, "No beat of "+name
	case "fail":
		e.Fires, e.Summary = event.FiresAtOnce, name+" failed"
	default:
		e.Fires, e.Summary = event.FiresAtOnce, fmt.Sprintf("%s failed with exit status %s", name, said)
	}
	b.take(0, e)
	return b, nil
}

// report returns what the last element of a URL says of the job: start, fail or an exit status. It returns "" for a name.
func report(element string) string {
	if status, err := strconv.ParseUint(element, 10, 8); err == nil {
		return strconv.FormatUint(status, 10)
	}
	switch word := strings.ToLower(element); word {
	case "start", "fail":
		return word
	}
	return ""
}
