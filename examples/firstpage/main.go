// Command firstpage is a service that pages. docs/first-page.md explains it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	tocsinlog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/respond"
)

var payoutStuck = event.Class{Name: "payments.payout.stuck"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	cat, err := catalog.Load(os.DirFS("catalog"))
	if err != nil {
		return err
	}
	bell, err := tocsin.New(&tocsin.Config{
		Service:   "payments",
		Catalog:   cat,
		Classes:   []event.Class{payoutStuck},
		Notifiers: map[string]notify.Notifier{"console": &tocsinlog.Notifier{}},
	})
	if err != nil {
		return err
	}
	srv := &http.Server{Addr: "localhost:8080", Handler: handler(bell), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.ListenAndServe() }()

	deliver, stop := context.WithCancel(context.Background()) // Run ends after the server, which may still submit events
	done := make(chan error, 1)
	go func() { done <- bell.Run(deliver) }()

	select {
	case <-ctx.Done():
		err = srv.Shutdown(context.Background())
	case err = <-failed:
	}
	stop()
	return errors.Join(err, <-done)
}

func handler(bell *tocsin.Engine) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, err error) {
		var refused *respond.RefusedError
		switch {
		case err == nil:
			fmt.Fprintln(w, "ok")
		case errors.As(err, &refused):
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}
	mux.HandleFunc("POST /stuck", func(w http.ResponseWriter, r *http.Request) {
		merchant := r.FormValue("merchant")
		answer(w, bell.Submit(r.Context(), payoutStuck.Trigger("payouts of "+merchant+" wait", "merchant", merchant)))
	})
	mux.HandleFunc("POST /paid", func(w http.ResponseWriter, r *http.Request) {
		answer(w, bell.Submit(r.Context(), payoutStuck.Resolve("merchant", r.FormValue("merchant"))))
	})
	mux.HandleFunc("POST /acknowledge", func(w http.ResponseWriter, r *http.Request) {
		answer(w, bell.Do(r.Context(), respond.Acknowledge{Incident: r.FormValue("incident"), By: escalate.PersonID(r.FormValue("by"))}))
	})
	mux.HandleFunc("POST /test", func(w http.ResponseWriter, r *http.Request) {
		answer(w, bell.SendTest(r.Context(), escalate.Contact(r.FormValue("contact"))))
	})
	mux.HandleFunc("GET /explain", func(w http.ResponseWriter, r *http.Request) {
		text, err := bell.Explain(r.Context(), r.FormValue("incident"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		fmt.Fprint(w, text)
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) { answer(w, bell.Health(r.Context())) })
	return mux
}
