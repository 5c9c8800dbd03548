package intake_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
)

// printer stands for the engine.
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
