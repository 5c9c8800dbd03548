package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	notifylog "github.com/tocsin-dev/tocsin/notify/log"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// hub is an engine with its HTTP API.
type hub struct {
	bell  *tocsin.Engine
	log   *slog.Logger
	token string
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
	bell, err := tocsin.New(&tocsin.Config{Service: "hub", Catalog: c, Store: kept, Notifiers: channels, Logger: log})
	if err != nil {
		return nil, err
	}
	h := &hub{bell: bell, log: log, token: os.Getenv("HUB_TOKEN")}
	if h.token == "" {
		h.token = rand.Text()
		fmt.Fprintln(os.Stderr, "no HUB_TOKEN, so this one was made:", h.token)
	}
	return h, nil
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

// serve runs the engine and its API until ctx ends.
func (h *hub) serve(ctx context.Context, addr string) error {
	server := intake.Server(h.handler(), 0)
	server.Addr = addr
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	engine, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- h.bell.Run(engine) }()
	h.log.Info("listening", "addr", addr)
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
	way := func(name string) *intake.Endpoint {
		return &intake.Endpoint{Name: name, Bearer: intake.Secrets{h.token}, Logger: h.log}
	}
	mux := http.NewServeMux()
	mux.Handle("/intake/alertmanager", intake.Alertmanager(h.bell, way("alertmanager")))
	mux.Handle("/intake/cloudevents", intake.CloudEvents(h.bell, way("cloudevents")))
	mux.HandleFunc("GET /health", h.health)
	mux.HandleFunc("GET /incidents", h.known(h.incidents))
	mux.HandleFunc("GET /explain", h.known(h.explain))
	mux.HandleFunc("GET /dead-letters", h.known(h.letters))
	mux.HandleFunc("GET /unreadable", h.known(h.unreadable))
	mux.HandleFunc("POST /acknowledge", h.known(func(w http.ResponseWriter, r *http.Request) error {
		return h.bell.Do(r.Context(), respond.Acknowledge{Incident: asked(r, "id"), By: by(r), Via: "hub"})
	}))
	mux.HandleFunc("POST /resolve", h.known(func(w http.ResponseWriter, r *http.Request) error {
		return h.bell.Do(r.Context(), respond.Resolve{Incident: asked(r, "id"), By: by(r), Alerts: true, Override: asked(r, "override")})
	}))
	mux.HandleFunc("POST /resend", h.known(h.resend))
	return intake.Recover(h.bell, mux)
}

// asked returns a parameter of the query. No handler of the API reads a body.
func asked(r *http.Request, name string) string { return r.URL.Query().Get(name) }

func by(r *http.Request) escalate.PersonID { return escalate.PersonID(asked(r, "by")) }

func (h *hub) authorized(r *http.Request) bool {
	given := []byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	return subtle.ConstantTimeCompare(given, []byte(h.token)) == 1
}

// known checks the token and answers an error with its status.
func (h *hub) known(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !h.authorized(r) {
			http.Error(w, "expected the bearer token of the hub", http.StatusUnauthorized)
			return
		}
		err := handle(w, r)
		var refused *respond.RefusedError
		var unreadable *tocsin.UnreadableError
		switch {
		case err == nil:
		case errors.Is(err, tocsin.ErrNotFound):
			http.Error(w, err.Error(), http.StatusNotFound)
		case errors.As(err, &refused), errors.As(err, &unreadable):
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			h.log.Error("a request failed", "path", r.URL.Path, "error", err)
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		}
	}
}

// health answers ok or ill. The reason is for the log, once, and for those who have the token.
func (h *hub) health(w http.ResponseWriter, r *http.Request) {
	err := h.bell.Health(r.Context())
	if was := h.ill.Swap(err != nil); err != nil && !was {
		h.log.Error("the engine is ill", "error", err)
	}
	switch {
	case err == nil:
		fmt.Fprintln(w, "ok")
	case h.authorized(r):
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Error(w, "ill", http.StatusServiceUnavailable)
	}
}

func (h *hub) incidents(w http.ResponseWriter, r *http.Request) error {
	list, err := h.bell.Incidents(r.Context(), tocsin.Query{After: asked(r, "after")})
	if err != nil {
		return err
	}
	return answer(w, list)
}

func (h *hub) explain(w http.ResponseWriter, r *http.Request) error {
	text, err := h.bell.Explain(r.Context(), asked(r, "id"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = fmt.Fprint(w, text)
	return err
}

func (h *hub) letters(w http.ResponseWriter, r *http.Request) error {
	letters := []tocsin.DeadLetter{}
	for l, err := range h.bell.DeadLetters(r.Context(), "") {
		switch unreadable := (*tocsin.UnreadableError)(nil); {
		case errors.As(err, &unreadable): // GET /unreadable lists it
		case err != nil:
			return err
		default:
			letters = append(letters, l)
		}
	}
	return answer(w, letters)
}

// unreadable lists the rows of the store that cannot be read.
func (h *hub) unreadable(w http.ResponseWriter, r *http.Request) error {
	rows, err := h.bell.Unreadable(r.Context(), "")
	if err != nil {
		return err
	}
	return answer(w, rows)
}

func (h *hub) resend(_ http.ResponseWriter, r *http.Request) error {
	for l, err := range h.bell.DeadLetters(r.Context(), "") {
		if err == nil && l.Key == asked(r, "key") {
			return h.bell.Do(r.Context(), respond.Resend{Letter: l.Message, By: by(r)})
		}
	}
	return fmt.Errorf("%w: dead letter %q", tocsin.ErrNotFound, asked(r, "key"))
}

func answer(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}
