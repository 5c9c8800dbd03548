// Command embed is the smallest program that embeds tocsin.
package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify/chat"
	"github.com/tocsin-dev/tocsin/severity"
)

var payoutStuck = event.Class{Name: "payments.payout.stuck", Severity: severity.Critical}

func main() {
	bell, err := tocsin.New(&tocsin.Config{
		Service:  "payments",
		Classes:  []event.Class{payoutStuck},
		Notifier: chat.Slack(os.Getenv("SLACK_WEBHOOK_URL")),
	})
	if err != nil {
		panic(err)
	}
	go bell.Run(context.Background())
	slog.SetDefault(slog.New(intake.Slog(bell, slog.NewTextHandler(os.Stderr, nil)))) // errors become events

	bell.Submit(context.Background(), payoutStuck.Trigger("payout 4711 waits for 10 minutes", "merchant", "m-42"))

	http.ListenAndServe(":8080", intake.Recover(bell, http.DefaultServeMux)) // and so do panics
}
