package intake

import (
	"io"
	"net/http"
	"time"
)

// Alertmanager takes the webhooks of Prometheus Alertmanager, version 4 of its format. Every alert of a notice becomes one
// event: its type is the label class, else "alertmanager." and the alert's name; its subject the label instance; its key the
// fingerprint. Severity comes from the label severity, where page means critical and none means info.
//
// It answers 200 when the alerts are stored, also when some were refused, which is a finding then. 400 means that nothing of
// the body could be used, 413 that it was too large; Alertmanager repeats neither, so set max_alerts in its receiver: 16 MiB
// are about 25,000 alerts, and more than 50,000 are not read from one body. 503 means that it shall try again.
// A body that comes compressed, or without a Content-Length, is too large as well if it does not fit into 2 MiB when it is
// compressed.
func Alertmanager(s Submitter, e *Endpoint) http.Handler {
	g := newGate(&format{
		name: "alertmanager", methods: []string{http.MethodPost}, accepts: isJSON, expected: "application/json", maxBody: 16 << 20,
		stored: http.StatusOK, partly: http.StatusOK, overload: http.StatusServiceUnavailable,
	}, s, e)
	return g.handler(func(_ *http.Request, body io.Reader) (*batch, error) {
		n, err := decodeAlertmanager(&depthReader{r: body, left: g.MaxDepth}, time.Now())
		if err != nil {
			return nil, err
		}
		return &n.batch, nil
	})
}
