// Command hub runs tocsin as a separate service. It receives events over HTTP, and serves package status: a dashboard, a JSON API, and the
// pages behind the links to acknowledge. It stores its state in one SQLite file, or in PostgreSQL, which several replicas may share:
//
//	go run ./examples/hub -db hub.db
//	go run ./examples/hub -postgres "$DATABASE_URL" -replicas 3
//
// To look at it first, let it play a company whose incidents come and go. This needs no set-up, sends nothing and keeps nothing:
//
//	go run ./examples/hub -demo
//
// It reads the catalog from the YAML files of a folder, by default from the folder catalog beside this file. If
// HUB_<CHANNEL>_URL is set, that channel is a webhook to this URL, signed with HUB_<CHANNEL>_SECRET; otherwise it is the log.
//
//	POST /intake/alertmanager, /intake/cloudevents   events, with the token
//	     /api/v1/                                    incidents and commands, see /api/v1/openapi.json
//	     /a/                                         links to acknowledge
//	     /                                           the dashboard
//	GET  /health                                     ok or ill, for everybody; operators read why
//
// Programs send the bearer token HUB_TOKEN, and act as the machine hub, which is an operator. If HUB_TOKEN is empty, the hub prints a
// random one. People log in by HTTP Basic: HUB_PEOPLE has their names in the catalog with passwords, such as ana:secret,ben:secret, and
// HUB_OPERATORS names those who are operators and may let runbooks act. Serve it behind TLS: Basic sends the password with each request.
//
// With HUB_PROXY_HEADER, such as X-Forwarded-User, a header says who it is, in place of a password. Whoever reaches the hub can then be
// anybody: the proxy must remove this header from what clients send, and nobody but the proxy may reach the hub.
//
// HUB_PUBLIC_URL is where people reach the hub, and HUB_LINK_KEYS the keys of links: 32 random bytes in base64, or two with a comma between
// them while the first replaces the second. Pages then have a link to acknowledge.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

//go:embed catalog
var builtin embed.FS

const defaultFile = "hub.db"

// options holds the command-line flags.
type options struct {
	addr, catalog, db, postgres string
	replicas                    int
	demo                        bool
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8080", "where to listen; replicas take the ports that follow")
	flag.StringVar(&o.catalog, "catalog", "", "folder of the catalog; default: the built-in one")
	flag.StringVar(&o.db, "db", defaultFile, "the SQLite file")
	flag.StringVar(&o.postgres, "postgres", "", "URL of a PostgreSQL database, in place of the file")
	flag.IntVar(&o.replicas, "replicas", 1, "how many processes share the PostgreSQL database")
	flag.BoolVar(&o.demo, "demo", false, "play a company whose incidents come and go; it takes no other flag but -addr")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "hub:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	if o.demo {
		return runDemo(ctx, o, os.Stdout)
	}
	if o.replicas > 1 {
		if o.postgres == "" {
			return errors.New("-replicas needs -postgres: a SQLite file belongs to one process")
		}
		return replicate(ctx, o)
	}
	kept, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer kept.Close()
	folder, err := o.folder()
	if err != nil {
		return err
	}
	h, err := newHub(kept, folder, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	at, err := new(net.ListenConfig).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	return h.serve(ctx, at, h.handler())
}

func (o *options) open(ctx context.Context) (store.Store, error) {
	if o.postgres != "" {
		return postgres.Open(ctx, o.postgres)
	}
	kept, err := sqlite.Open(o.db)
	if err != nil {
		return nil, err
	}
	switch err := kept.Check(ctx); { // finds damage in parts that no query reads
	case errors.Is(err, store.ErrUnreadable):
		slog.Error("rows of the store cannot be read; everything else goes on, see GET /api/v1/unreadable", "error", err)
	case err != nil:
		return nil, errors.Join(err, kept.Close())
	}
	return kept, nil
}

func (o *options) folder() (fs.FS, error) {
	if o.catalog != "" {
		return os.DirFS(o.catalog), nil
	}
	return fs.Sub(builtin, "catalog")
}
