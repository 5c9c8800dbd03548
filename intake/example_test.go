package intake_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/respond"
)

// printer prints the events instead of an engine.
type printer struct{}

func (printer) Submit(_ context.Context, events ...event.Event) error {
	for _, e := range events {
		fmt.Printf("%s %s (%s): %s\n", e.Signal, e.Type, e.Severity, e.Summary)
	}
	return nil
}

func (p printer) Offer(e event.Event) bool { return p.Submit(context.Background(), e) == nil }

func ExampleAlertmanager() {
	in := intake.Alertmanager(printer{}, &intake.Endpoint{Name: "prod", Bearer: []string{"the token of the receiver"}})

	post := func(token string) {
		r := httptest.NewRequest(http.MethodPost, "/in/alertmanager", strings.NewReader(`{"alerts": [{
			"status": "firing",
			"labels": {"alertname": "DiskFull", "instance": "db-1", "severity": "page"},
			"annotations": {"summary": "db-1 has 2 % of its disk left"},
			"startsAt": "2026-05-04T10:00:00Z"
		}]}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		in.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	post("the token of the receiver")
	post("a guess")
	// Output:
	// trigger alertmanager.DiskFull (critical): db-1 has 2 % of its disk left
	// 200
	// 401
}

func ExampleCloudEvents() {
	in := intake.CloudEvents(printer{}, &intake.Endpoint{Name: "apps", Bearer: []string{"the token of the apps"}})

	r := httptest.NewRequest(http.MethodPost, "/in/cloudevents", strings.NewReader(`{
		"specversion": "1.0", "id": "7f3a", "source": "/shop/eu", "type": "shop.payout.stuck", "subject": "merchant 42",
		"severity": "critical",
		"data": {"message": "payout of merchant 42 waits since 10:00"}
	}`))
	r.Header.Set("Content-Type", "application/cloudevents+json")
	r.Header.Set("Authorization", "Bearer the token of the apps")
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// trigger shop.payout.stuck (critical): payout of merchant 42 waits since 10:00
	// 202
}

// A dashboard posts all changed rules, a code forge each step of a deployment. Each sender has a mapping.
func ExampleJSON() {
	dashboard, err := intake.JSON(printer{}, &intake.Endpoint{Name: "dashboard", Open: true}, &intake.Mapping{
		Each:     `body.alerts`,
		Type:     `"dashboard." + item.labels.rule`,
		Summary:  `item.annotations.?summary`,
		Severity: `item.labels.?severity`,
		Signal:   `item.status == "resolved" ? "resolve" : "trigger"`,
		DedupKey: `item.fingerprint`,
		Labels:   `item.labels`,
		Links:    `[item.?panelURL]`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	forge, err := intake.JSON(printer{}, &intake.Endpoint{Name: "forge", Open: true}, &intake.Mapping{
		Each:    `header[?"x-forge-event"].orValue("") == "deployment" ? [body] : []`, // no event for a push
		Type:    `"deployment"`,
		ID:      `header["x-forge-delivery"]`,
		Signal:  `"change"`,
		Subject: `body.repository.name`,
		Summary: `body.repository.name + " " + body.deployment.ref + " to " + body.deployment.environment + ": " + body.state`,
		Time:    `body.?finished`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	post := func(in http.Handler, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forge-Event", kind)
		r.Header.Set("X-Forge-Delivery", "4d1c")
		w := httptest.NewRecorder()
		in.ServeHTTP(w, r)
		fmt.Println(strings.TrimSpace(fmt.Sprintln(w.Code, w.Body)))
	}
	post(dashboard, "", `{"alerts": [
		{"status": "firing", "labels": {"rule": "latency", "severity": "high"}, "annotations": {"summary": "p99 is 4 s"}, "fingerprint": "a1"},
		{"status": "firing", "labels": {"severity": "high"}, "fingerprint": "a2"}
	]}`)
	post(forge, "push", `{}`)
	post(forge, "deployment", `{"repository": {"name": "checkout"}, "deployment": {"ref": "v1.8.0", "environment": "production"}, "state": "success"}`)
	// Output:
	// trigger dashboard.latency (error): p99 is 4 s
	// trigger unclassified (error): unclassified
	// trigger tocsin.loss (error): json: 1 of 2 events cut, such as events[1]: type: no such key: rule
	// trigger tocsin.loss (error): json: 1 of 2 events cut, such as events[1]: summary: no such key: annotations
	// 200
	// 200
	// change deployment (): checkout v1.8.0 to production: success
	// 200
}

func ExampleHeartbeat() {
	in := intake.Heartbeat(counter{}, &intake.Endpoint{Name: "jobs", Bearer: []string{"the token of the jobs"}})

	w := httptest.NewRecorder() // a job calls curl at the end of a backup
	in.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/in/heartbeat/backup?token=the+token+of+the+jobs", nil))
	fmt.Println(w.Code)
	// Output:
	// heartbeat.backup: resolve, then trigger unless-ended
	// 200
}

// counter prints the two events of a beat instead of an engine.
type counter struct{}

func (counter) Submit(_ context.Context, events ...event.Event) error {
	fmt.Printf("%s: %s, then %s %s\n", events[0].Type, events[0].Signal, events[1].Signal, events[1].Fires)
	return nil
}

// A person acknowledges at PagerDuty, which calls back.
func ExamplePagerDutyWebhook() {
	h := intake.PagerDutyWebhook(desk{}, &intake.Endpoint{Name: "pd"}, intake.Secrets{"the secret of the subscription"})

	body := `{"event":{"id":"01E","event_type":"incident.acknowledged","occurred_at":"2026-05-04T10:00:00Z",` +
		`"agent":{"id":"PXPGF42","type":"user_reference"},"data":{"incident_key":"INC-7"}}}`
	mac := hmac.New(sha256.New, []byte("the secret of the subscription"))
	mac.Write([]byte(body))
	r := httptest.NewRequest(http.MethodPost, "/in/pagerduty", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// ana: respond.Acknowledge of INC-7
	// 200
}

// desk stands in for an engine that has one incident and knows one person.
type desk struct{ intake.Submitter }

func (desk) Known(name escalate.PersonID) (escalate.PersonID, bool) { return "ana", name == "PXPGF42" }

func (desk) Incident(_ context.Context, id string) (incident.Incident, error) {
	return incident.Incident{ID: id}, nil
}

func (desk) DoAs(_ context.Context, v respond.Viewer, c respond.Command) error {
	fmt.Printf("%s: %T of %s\n", v.Person, c, c.Head().Incident)
	return nil
}

func ExampleSlog() {
	next := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})
	log := slog.New(intake.Slog(printer{}, next))

	log.Info("started")
	log.Error("payout failed", "merchant", "m-42")
	log.Warn("payout waits", "event", "payments.payout.stuck")
	// Output:
	// level=INFO msg=started
	// level=ERROR msg="payout failed" merchant=m-42
	// trigger log.error (error): payout failed
	// level=WARN msg="payout waits" event=payments.payout.stuck
	// trigger payments.payout.stuck (warning): payout waits
}

func ExampleError() {
	failed := event.Class{Name: "payments.payout.failed", Dedup: []string{"labels.merchant"}}

	_, err := os.ReadFile("testdata/no-key")
	if err != nil {
		err = fmt.Errorf("sign the payout: %w", err)
		_ = printer{}.Submit(context.Background(), intake.Error(err, failed, "merchant", "m-42"))
	}
	// Output:
	// trigger payments.payout.failed (): sign the payout: open testdata/no-key: no such file or directory
}

func ExampleRecover() {
	h := intake.Recover(printer{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("no template")
	}))
	defer func() { fmt.Println("the server sees:", recover()) }()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	// Output:
	// trigger panic (critical): panic: no template
	// the server sees: no template
}

func ExamplePanic() {
	defer func() { fmt.Println("the process ends with:", recover()) }()

	defer intake.Panic(printer{}) // first in every goroutine
	panic("out of cheese")
	// Output:
	// trigger panic (critical): panic: out of cheese
	// the process ends with: out of cheese
}

func ExampleServer() {
	mux := http.NewServeMux()
	mux.Handle("/in/alertmanager", intake.Alertmanager(printer{}, &intake.Endpoint{Name: "prod", Bearer: []string{"the token of the receiver"}}))
	server := intake.Server(mux, 300) // of the 1,024 files that the process may open
	server.Addr = ":8080"
	fmt.Println(server.ReadHeaderTimeout, server.IdleTimeout)
	// go server.ListenAndServe()

	// Output:
	// 5s 1m0s
}

// A rehearsal shows what an intake makes of a body. The function that makes the intake is that of production.
func ExampleRehearse() {
	alerts := func(to intake.Submitter) http.Handler {
		return intake.Alertmanager(to, &intake.Endpoint{Name: "prod", Bearer: []string{"the token of the receiver"}})
	}
	for _, body := range []string{`{"alerts": [{"status": "firing", "labels": {"alertname": "DiskFull", "instance": "db-1"}}]}`, `{"alerts": {}}`} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		got := intake.Rehearse(alerts, nil, r)
		fmt.Println(strings.TrimSpace(fmt.Sprint(got.Status, " ", got.Answer)))
		for _, e := range got.Events {
			fmt.Println("  ", e.Signal, e.Type, e.Subject)
		}
	}
	// Output:
	// 200
	//    trigger alertmanager.DiskFull db-1
	// 400 alertmanager: body: byte 12: alerts: "{", expected "["
	//    trigger tocsin.loss prod body malformed
}
