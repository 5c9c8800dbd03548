package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing/fstest"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// What a child of the test binary is told by its environment.
const (
	envAddr  = "TOCSIN_TEST_ADDR"
	envFile  = "TOCSIN_TEST_FILE"
	envPager = "TOCSIN_TEST_PAGER"
)

// hasty is a catalog whose levels follow each other by the second.
func hasty() (*catalog.Catalog, error) {
	return catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(`
version: 1
defaults: {owner: platform, plan: standard}
people:
  ana: {contacts: [pager:ana, mail:ana]}
  ben: {contacts: [pager:ben]}
teams:
  platform: {members: [ana], lead: ben}
services:
  shop: {owner: platform, tier: 1}
classes:
  shop.*: {service: shop}
plans:
  standard: {policy: standard, soak: 1s}
policies:
  standard:
    levels:
      - {page: [owner],      wait: 1s}
      - {page: [owner.lead], wait: 1s}
    repeat: 3
`)}})
}

// serve is a hub: an engine over a file, whose events and commands come in over HTTP, until it is told to end.
func serve() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	kept, err := sqlite.Open(os.Getenv(envFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	c, err := hasty()
	if err != nil {
		return err
	}
	pager := &webhook.Notifier{URL: notify.NewSecret(os.Getenv(envPager)), Client: &http.Client{Timeout: 5 * time.Second}}
	bell, err := tocsin.New(&tocsin.Config{Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"pager": pager, "mail": pager}})
	if err != nil {
		return err
	}
	front := &http.Server{Addr: os.Getenv(envAddr), Handler: handler(bell), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- front.ListenAndServe() }()
	err = bell.Run(ctx)
	last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = errors.Join(err, front.Shutdown(last))
	if why := <-failed; !errors.Is(why, http.ErrServerClosed) {
		err = errors.Join(err, why)
	}
	return err
}

func handler(bell *tocsin.Engine) http.Handler {
	do := func(command func(id, by string) respond.Command) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			err := bell.Do(r.Context(), command(r.FormValue("id"), r.FormValue("by")))
			var refused *respond.RefusedError
			switch {
			case errors.As(err, &refused):
				w.WriteHeader(http.StatusConflict)
			case err != nil:
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("POST /events", intake.CloudEvents(bell, &intake.Endpoint{Name: "test", Open: true}))
	mux.Handle("POST /acknowledge", do(func(id, by string) respond.Command {
		return respond.Acknowledge{Incident: id, By: escalate.PersonID(by)}
	}))
	mux.Handle("POST /resolve", do(func(id, by string) respond.Command {
		return respond.Resolve{Incident: id, By: escalate.PersonID(by), Alerts: true, Override: "it is over"}
	}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		if err := bell.Health(r.Context()); err != nil {
			http.Error(w, fmt.Sprint(err), http.StatusServiceUnavailable)
		}
	})
	return mux
}
