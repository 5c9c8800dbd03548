package status_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
)

// The functions that make the intakes of a program serve senders and those who ask what would happen.
func ExampleConfig_intakes() {
	quiet := slog.New(slog.DiscardHandler)
	bell, err := tocsin.New(&tocsin.Config{Notifiers: map[string]notify.Notifier{"default": &notifylog.Notifier{Logger: quiet}}, Logger: quiet})
	if err != nil {
		panic(err)
	}
	intakes := map[string]func(intake.Submitter) http.Handler{
		"alertmanager": func(to intake.Submitter) http.Handler {
			return intake.Alertmanager(to, &intake.Endpoint{Name: "alertmanager", Bearer: intake.Secrets{"the token of the receiver"}})
		},
	}
	mux := http.NewServeMux()
	for name, build := range intakes {
		mux.Handle("/intake/"+name, build(bell))
	}
	mux.Handle("/api/v1/", http.StripPrefix("/api/v1", status.API(bell, &status.Config{
		Who:     func(*http.Request) (respond.Viewer, bool) { return respond.Viewer{Person: "ana"}, true },
		Intakes: intakes,
	})))

	r := httptest.NewRequest(http.MethodPost, "/api/v1/would/alertmanager", strings.NewReader(
		`{"alerts": [{"status": "firing", "labels": {"alertname": "DiskFull", "instance": "db-1", "severity": "warning"}}]}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	var answer struct{ Text string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		panic(err)
	}
	for line := range strings.Lines(answer.Text) {
		if strings.Contains(line, "answers") || strings.Contains(line, "priority") || strings.Contains(line, "notice") {
			fmt.Print(strings.TrimLeft(line, " "))
		}
	}
	// Output:
	// intake alertmanager answers 200
	// priority P4: impact medium (no service named) × urgency low (warning)
	// +0s  notice  level 1  default
	// +0s  notice  level 1  default
}
