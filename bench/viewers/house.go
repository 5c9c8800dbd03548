package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
)

const incidents = 50

// house is an engine with its dashboard, or its page for customers.
type house struct {
	bell   *tocsin.Engine
	kept   store.Store
	server *http.Server
	url    string // of the stream, or of the page
	ids    []string
	count  int // commits
	stop   context.CancelFunc
	done   chan error
}

func watchedShop() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "calm"},
		People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"pager:ana"}}},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"search": {Owner: "shop", Tier: 1, Name: "Search"}},
		Classes:  []event.Class{{Name: "search.slow", Service: "search"}},
		Plans:    map[string]catalog.Plan{"calm": {Policy: "one", Group: catalog.Grouping{By: []string{"subject"}}}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: time.Hour}}}},
	}
}

// open starts an engine that has its incidents.
func open(ctx context.Context, kept store.Store, page string) (*house, error) {
	h := &house{kept: kept, done: make(chan error, 2)}
	quiet := slog.New(slog.DiscardHandler)
	var err error
	h.bell, err = tocsin.New(&tocsin.Config{
		Service: "viewers", Catalog: watchedShop(), Store: kept, Logger: quiet,
		Notifiers: map[string]notify.Notifier{"pager": notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			return notify.Receipt{}, nil
		})},
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	public, err := status.NewPublic(h.bell, &status.PublicConfig{Logger: quiet})
	if err != nil {
		return nil, err
	}
	h.url, h.server = "http://"+listener.Addr().String()+"/", &http.Server{ReadHeaderTimeout: time.Second, Handler: public}
	ctx, h.stop = context.WithCancel(ctx)
	if page == "public" {
		go func() { h.done <- public.Run(ctx) }()
	} else {
		h.done <- nil
		h.url += "events"
		h.server.Handler = status.Dashboard(h.bell, &status.Config{
			Who: func(*http.Request) (respond.Viewer, bool) { return respond.Viewer{Person: "ana"}, true }, Logger: quiet,
		})
	}
	go func() { h.done <- h.bell.Run(ctx) }()
	go func() { _ = h.server.Serve(listener) }() // its error says that it was closed
	for n := range incidents {
		err = errors.Join(err, h.bell.Submit(ctx, event.Event{Type: "search.slow", Subject: fmt.Sprint("shard ", n), Summary: fmt.Sprintf("Shard %d is slow", n)}))
	}
	all, bad := h.bell.Incidents(ctx, tocsin.Query{Limit: incidents})
	for i := range all {
		h.ids = append(h.ids, all[i].ID)
	}
	if err = errors.Join(err, bad); err != nil || len(h.ids) != incidents {
		return nil, errors.Join(fmt.Errorf("%d incidents, expected %d", len(h.ids), incidents), err, h.close())
	}
	return h, nil
}

// commit lets ana take one of the incidents, or give it back: each is a change that the board shows.
func (h *house) commit(ctx context.Context) error {
	n := h.count
	h.count++
	id := h.ids[n%incidents]
	if n/incidents%2 == 0 {
		return h.bell.Do(ctx, respond.Acknowledge{Incident: id, By: "ana"})
	}
	return h.bell.Do(ctx, respond.Unacknowledge{Incident: id, By: "ana"})
}

// commits returns how long each commit took, one after the other.
func (h *house) commits(ctx context.Context, span time.Duration) (took []time.Duration, err error) {
	for end := time.Now().Add(span); err == nil && time.Now().Before(end); {
		began := time.Now()
		err = h.commit(ctx)
		took = append(took, time.Since(began))
	}
	return took, err
}

func (h *house) close() error {
	h.stop()
	err := errors.Join(<-h.done, <-h.done)
	return errors.Join(err, h.server.Close(), h.kept.Close())
}
