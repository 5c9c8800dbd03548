package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
)

// hub is an engine with its HTTP API.
type hub struct {
	bell  *tocsin.Engine
	log   *slog.Logger
	token string
	login *login
	ill   atomic.Bool // what the latest request for the health has found
}

func newHub(kept store.Store, folder fs.FS, log *slog.Logger) (*hub, error) {
	c, err := catalog.Load(folder)
	if err != nil {
		return nil, err
	}
	channels, err := notifiers(c, log)
	if err != nil {
		return nil, err
	}
	keys, err := linkKeys(os.Getenv("HUB_LINK_KEYS"))
	if err != nil {
		return nil, err
	}
	bell, err := tocsin.New(&tocsin.Config{
		Service: "hub", Catalog: c, Store: kept, Notifiers: channels, Logger: log, PublicURL: os.Getenv("HUB_PUBLIC_URL"), LinkKeys: keys,
	})
	if err != nil {
		return nil, err
	}
	h := &hub{bell: bell, log: log, token: os.Getenv("HUB_TOKEN")}
	if h.token == "" {
		h.token = rand.Text()
		fmt.Fprintln(os.Stderr, "no HUB_TOKEN, so this one was made:", h.token)
	}
	h.login, err = newLogin(c, h.token, os.Getenv)
	return h, err
}

// notifiers returns the notifier of every channel in the catalog, configured by the environment.
func notifiers(c *catalog.Catalog, log *slog.Logger) (map[string]notify.Notifier, error) {
	compiled, err := c.Compile()
	if err != nil {
		return nil, err
	}
	channels := make(map[string]notify.Notifier)
	for _, name := range compiled.Channels() {
		variable := "HUB_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
		url := os.Getenv(variable + "_URL")
		if url == "" {
			channels[name] = &notifylog.Notifier{Logger: log}
			continue
		}
		channels[name] = &webhook.Notifier{
			URL: notify.NewSecret(url), Secret: notify.NewSecret(os.Getenv(variable + "_SECRET")),
			Client: &http.Client{Timeout: 10 * time.Second}, // unlike the default client, it reaches private networks
		}
	}
	return channels, nil
}

// serve runs the engine and serves its API at the listener until ctx ends.
func (h *hub) serve(ctx context.Context, at net.Listener, api http.Handler) error {
	server := intake.Server(api, 0)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(at) }()
	engine, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- h.bell.Run(engine) }()
	h.log.Info("listening", "addr", at.Addr())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		stop()
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if server.Shutdown(last) != nil { // events received meanwhile are stored: the engine still drains
		_ = server.Close() // do not wait for idle connections
	}
	return errors.Join(err, <-done)
}

func (h *hub) handler() http.Handler {
	mux, intakes := http.NewServeMux(), h.intakes()
	for name, build := range intakes {
		mux.Handle("/intake/"+name, build(h.bell))
	}
	mux.HandleFunc("GET /health", h.health)
	pages := &status.Config{Who: h.login.who, Challenge: `Basic realm="hub", charset="UTF-8"`, Logger: h.log, Intakes: intakes}
	mux.Handle("/api/v1/", http.StripPrefix("/api/v1", status.API(h.bell, pages)))
	mux.Handle("/a/", status.Links(h.bell, pages)) // without keys no link is valid
	mux.Handle("/", status.Dashboard(h.bell, pages))
	return intake.Recover(h.bell, mux)
}

// intakes makes the intakes by their names: for the engine, and for those who ask what would happen.
func (h *hub) intakes() map[string]func(intake.Submitter) http.Handler {
	way := func(name string) *intake.Endpoint {
		return &intake.Endpoint{Name: name, Bearer: intake.Secrets{h.token}, Logger: h.log}
	}
	return map[string]func(intake.Submitter) http.Handler{
		"alertmanager": func(to intake.Submitter) http.Handler { return intake.Alertmanager(to, way("alertmanager")) },
		"cloudevents":  func(to intake.Submitter) http.Handler { return intake.CloudEvents(to, way("cloudevents")) },
	}
}

// health answers ok or ill. The reason is for the log, once, and for operators.
func (h *hub) health(w http.ResponseWriter, r *http.Request) {
	err := h.bell.Health(r.Context())
	if was := h.ill.Swap(err != nil); err != nil && !was {
		h.log.Error("the engine is ill", "error", err)
	}
	v, _ := h.login.who(r)
	switch {
	case err == nil:
		fmt.Fprintln(w, "ok")
	case v.Has(respond.GrantOperator):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Error(w, "ill", http.StatusServiceUnavailable)
	}
}
