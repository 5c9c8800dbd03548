// Command chaos kills an engine again and again, and its database too, and looks afterwards for what it lost.
//
//	go run ./bench/chaos -store sqlite -kills 200
//	go run ./bench/chaos -store postgres -kills 100 -crashes 50
//
// The engine runs in a process of its own that tells, once Submit has returned, which events it has accepted; each opens an
// incident and pages one person. The receiver of the pages is another process, which syncs each delivery to its disk before
// it answers. Kills are kill -9 at random instants; crashes stop the server of PostgreSQL as a crash of its machine's kernel
// would not, but one of its processes does: at once, without telling anybody. When the last one is over the engine gets the
// time of a lease to deliver what is left.
//
// It prints one line of JSON. events_lost are events that were accepted and have no alert, pages_lost accepted events whose
// page never came, keys_changed pages that came under more than one key. Repeats are allowed, under the same key.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

// options are the flags.
type options struct {
	store          string
	kills, crashes int
	seed           uint64
	role           string // of a child
	at, url        string // its store and its receiver
}

func main() {
	var o options
	flag.StringVar(&o.store, "store", "sqlite", "sqlite or postgres")
	flag.IntVar(&o.kills, "kills", 20, "how often the engine is killed")
	flag.IntVar(&o.crashes, "crashes", 0, "how often the server of PostgreSQL is stopped at once")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the random instants")
	flag.StringVar(&o.role, "role", "", "what a child is; set by the parent")
	flag.StringVar(&o.at, "at", "", "where the store of a child is; set by the parent")
	flag.StringVar(&o.url, "url", "", "where a child sends its pages; set by the parent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func (o *options) run(ctx context.Context) error {
	switch o.role {
	case "engine":
		return engine(ctx, o)
	case "receiver":
		return receive(ctx, o.at)
	}
	if o.store != "sqlite" && o.store != "postgres" {
		return fmt.Errorf("store %q, expected sqlite or postgres", o.store)
	}
	if o.crashes > 0 && o.store != "postgres" {
		return errors.New("-crashes needs -store postgres")
	}
	t := &trial{options: o, rng: rand.New(rand.NewPCG(o.seed, 1)), accepted: make(map[int]time.Time)}
	found, err := t.run(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}
