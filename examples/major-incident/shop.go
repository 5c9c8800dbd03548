package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/status"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

//go:embed catalog.yaml
var catalogFile []byte

// night is the night of the story: ana is on call.
var night = time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC)

// shop is an engine with all that it needs.
type shop struct {
	catalog   *catalog.Catalog
	temporary string // folder that is removed in the end
	folder    string // of the file of SQLite; empty: the store is in memory
	stores    []store.Store
	plug      *plug // of the store, to pull
	bell      *tocsin.Engine
	board     http.Handler
	stop      func()    // ends the engine, and returns when it has ended
	out       io.Writer // where the story is told
	heard     inbox
}

// open makes a shop on a new store, in the night of the story, and starts its engine.
func open(kind string, out io.Writer) (*shop, error) {
	time.Sleep(time.Until(night))
	c, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: catalogFile}})
	if err != nil {
		return nil, err
	}
	s := &shop{catalog: c, out: out}
	s.heard.changes = make(map[string]time.Time)
	switch kind {
	case "memory":
		s.stores = []store.Store{memory.New()}
	case "sqlite":
		if s.temporary, err = os.MkdirTemp("", "major-incident-"); err != nil {
			return nil, err
		}
		s.folder = filepath.Join(s.temporary, "1")
		err = os.Mkdir(s.folder, 0o700)
	default:
		return nil, fmt.Errorf("-store %s: expected memory or sqlite", kind)
	}
	if err != nil {
		return nil, err
	}
	return s, s.start()
}

// start starts an engine on the store. A file is opened for it.
func (s *shop) start() error {
	if s.folder != "" {
		kept, err := sqlite.Open(filepath.Join(s.folder, "tocsin.db"))
		if err != nil {
			return err
		}
		s.stores = append(s.stores, kept)
	}
	s.plug = &plug{Store: s.stores[len(s.stores)-1]}
	log := slog.New(slog.DiscardHandler) // the messages tell the story
	bell, err := tocsin.New(&tocsin.Config{
		Service: "shop", Catalog: s.catalog, Store: s.plug, Logger: log,
		Notifiers: map[string]notify.Notifier{"push": &s.heard, "chat": &s.heard, "mail": &s.heard},
		Actions:   map[string]automate.Action{"roll-back": automate.ActionFunc(s.heard.rollBack), "orders-arrive": automate.ActionFunc(s.heard.ordersArrive)},
	})
	if err != nil {
		return err
	}
	s.bell, s.board = bell, status.Dashboard(bell, &status.Config{Who: whoLooks, Logger: log})
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	s.stop = func() { end(); <-done }
	return nil
}

// kill ends the engine as a power cut does: a call under way comes to nothing, and what the engine does from now on is not kept. The next
// engine finds what was on the disk at this instant.
func (s *shop) kill() error {
	s.plug.pulled.Store(true)
	s.stop()
	s.bell = nil
	if s.folder == "" {
		return nil
	}
	left := filepath.Join(s.temporary, "2")
	if err := os.CopyFS(left, os.DirFS(s.folder)); err != nil {
		return err
	}
	s.folder = left
	return nil
}

// close ends the engine and removes what was kept.
func (s *shop) close() (err error) {
	if s.bell != nil {
		s.stop()
	}
	for _, kept := range s.stores {
		err = errors.Join(err, kept.Close())
	}
	if s.temporary != "" {
		err = errors.Join(err, os.RemoveAll(s.temporary))
	}
	return err
}

// plug is what connects an engine to its store.
type plug struct {
	store.Store
	pulled atomic.Bool
}

var errPulled = errors.New("the plug is pulled")

func (p *plug) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if p.pulled.Load() {
		return errPulled
	}
	return p.Store.Update(ctx, sc, decide)
}

func (p *plug) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if p.pulled.Load() {
		return store.Claimed{}, errPulled
	}
	return p.Store.Claim(ctx, r)
}
