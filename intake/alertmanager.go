package intake

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin/event"
)

// Alertmanager takes the webhooks of Prometheus Alertmanager, version 4 of its format. Every alert of a notice becomes one
// event: its type is the label class, else "alertmanager." and the alert's name; its subject the label instance; its key the
// fingerprint. Severity comes from the label severity, where page means critical and none means info.
//
// It answers 200 when the alerts are stored, also when some were refused, which is a finding then. 400 means that nothing of
// the body could be used, 413 that it was too large; Alertmanager repeats neither, so set max_alerts in its receiver: 16 MiB
// are about 25,000 alerts, and more than 50,000 are not read from one body. 503 means that it shall try again.
func Alertmanager(s Submitter, e *Endpoint) http.Handler {
	g := newGate("alertmanager", s, e, 16<<20)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.admit(w, r) {
			return
		}
		var n *notice
		err := g.decode(w, r, func(body io.Reader) (err error) {
			n, err = decodeAlertmanager(body, time.Now())
			return err
		})
		if err != nil {
			g.refuse(w, r, err)
			return
		}
		g.settle(w, r, n)
	})
}

// settle stores what could be read of a notice and answers.
func (g *gate) settle(w http.ResponseWriter, r *http.Request, n *notice) {
	ctx := r.Context()
	trace := r.Header.Get("traceparent")
	if !event.ValidTraceParent(trace) {
		trace = ""
	}
	for i := range n.events {
		n.events[i].Intake, n.events[i].TraceParent = g.Name, trace
	}
	var refused []*event.RejectedError
	if len(n.events) > 0 {
		var err error
		if refused, err = refusals(g.to.Submit(ctx, n.events...)); err != nil {
			g.complain(ctx, "events were not stored", err)
			g.retry(w, r, reasonStore, "not stored, try again")
			return
		}
	}
	g.count(ctx, reasonMalformed, n.bad)
	g.count(ctx, reasonRefused, len(refused))
	total := len(n.events) + n.bad
	for _, e := range refused { // where its number counts none was left out before, so that it is the alert's too
		n.leaveOut(e.Index, fmt.Errorf("%s: %s", e.Field, e.Reason))
	}
	g.report(ctx, n.findings(g.Name, total)...)
	if total > 0 && n.bad == total {
		http.Error(w, g.format+": "+n.refusal(total), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK)
}
