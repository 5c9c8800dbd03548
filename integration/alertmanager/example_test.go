package alertmanager_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
)

// A receiver of Alertmanager is one handler. In its configuration: webhook_configs: [{url: …, send_resolved: true}].
func Example() {
	heard := make(chan string, 1)
	bell, err := tocsin.New(&tocsin.Config{
		Service: "hub", Classes: []event.Class{{Name: "alertmanager.*"}},
		Notifier: notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			heard <- string(m.Occasion) + ": " + m.Summary
			return notify.Receipt{}, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()

	hook := intake.Alertmanager(bell, &intake.Endpoint{Name: "prod", Bearer: intake.Secrets{"s3cret"}})
	r := httptest.NewRequest(http.MethodPost, "/in/alertmanager", strings.NewReader(`{"version":"4","status":"firing","alerts":[
		{"status":"firing","labels":{"alertname":"Down","instance":"db-7:9100","severity":"critical"},"startsAt":"2026-05-04T08:00:00Z"}]}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer s3cret")
	answer := httptest.NewRecorder()
	hook.ServeHTTP(answer, r)
	fmt.Println(answer.Code)
	select {
	case what := <-heard:
		fmt.Println(what)
	case <-time.After(10 * time.Second):
		fmt.Println("nothing was heard")
	}

	stop()
	fmt.Println(<-done)
	// Output:
	// 200
	// opened: Down db-7:9100
	// <nil>
}
