package intake

import (
	"io"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// Alertmanager returns a handler for the webhook of Prometheus Alertmanager, version 4. Each alert of a notice becomes one event:
//
//   - Type: the label class, else alertmanager.<alertname>
//   - Subject: the label instance
//   - DedupKey: the fingerprint of the alert
//   - Severity: the label severity, where page means critical and none means info
//   - Summary: the annotation summary, title, message or description, with the name and the instance in front unless the text says
//     them
//   - Time: startsAt of an alert that fires, endsAt of one that is resolved
//   - Source: the externalURL of the sender
//
// The handler answers 200 after the alerts are stored. Refused and cut alerts are reported as findings. It answers 400 for an unusable
// body and 413 for a body that is too large; Alertmanager retries neither. It answers 503 to ask for a retry.
//
// Set max_alerts in the receiver of Alertmanager: 16 MiB hold about 25,000 alerts, and alerts beyond 50,000 are refused. A body
// that is compressed or has no Content-Length may take at most 2 MiB in compressed form.
func Alertmanager(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "alertmanager", methods: []string{http.MethodPost}, accepts: isJSON, expected: "application/json", maxBody: 16 << 20,
		stored: http.StatusOK, partly: http.StatusOK, overload: http.StatusServiceUnavailable,
		sender: event.Sender{Clock: event.ClockPeers, Ends: true, StaleAfter: 9 * time.Hour}, // two repeat intervals and an hour
	}, s, e)
	return g.handler(func(_ *http.Request, body io.Reader) (*batch, error) {
		n, err := decodeAlertmanager(&depthReader{r: body, left: g.MaxDepth}, time.Now())
		if err != nil {
			return nil, err
		}
		return &n.batch, nil
	})
}
