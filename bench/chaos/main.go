// Command chaos kills an engine and its database many times, and then counts lost events and pages.
//
//	go run ./bench/chaos -store sqlite -kills 200
//	go run ./bench/chaos -store postgres -kills 100 -crashes 50
//	go run ./bench/chaos -store postgres -replicas 3 -for 10m -faults 80
//
// The engine runs in a child process. It prints each event that Submit has accepted. Each event opens an incident and
// pages a person. The receiver of the pages is another process; it syncs each delivery to disk before it answers. A kill
// is kill -9 at a random instant. A crash stops the PostgreSQL server immediately, without telling its clients, as when
// one of its processes crashes; it does not simulate a crash of the machine. After the last kill the engine gets the time
// of a lease to deliver the remaining pages.
//
// With -replicas several engines share the database. Their incidents escalate, repeat, are acknowledged and resolve. Each
// order goes to one engine, and to another one if no answer comes. The faults are: kill -9, a pause (SIGSTOP) longer than
// a lease, a crash of the server, connections that the server ends, and a commit whose answer is lost. The clock of the
// first engine is right, the second is ahead by -skew, the third behind by -skew. A run shorter than ten minutes scales
// down leases, waits, pauses and skew.
//
// The output is one line of JSON. events_lost counts accepted events without an alert, pages_lost counts due pages that
// never came, keys_changed counts pages that came under more than one key. Repeats under the same key are allowed.
// verdict.go lists the further checks of replicas. The exit status is 1 if a promise was broken.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// options are the flags.
type options struct {
	store          string
	kills, crashes int
	seed           uint64

	replicas, faults int
	lasts, skew      time.Duration

	role        string // of a child
	at, url     string // its store and its receiver
	journal     string // file for the claims of a replica
	waits       time.Duration
	lease, slow time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.store, "store", "sqlite", "sqlite or postgres")
	flag.IntVar(&o.kills, "kills", 20, "how often the engine is killed")
	flag.IntVar(&o.crashes, "crashes", 0, "how often the PostgreSQL server is stopped immediately")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "seed of all random choices")
	flag.IntVar(&o.replicas, "replicas", 1, "number of engines that share the database; with more than one, -for and -faults apply")
	flag.DurationVar(&o.lasts, "for", 10*time.Minute, "how long replicas meet faults")
	flag.IntVar(&o.faults, "faults", 80, "how many faults replicas meet")
	flag.DurationVar(&o.skew, "skew", 30*time.Second, "how far the second replica's clock is ahead, and the third's behind")
	flag.StringVar(&o.role, "role", "", "role of a child process; set by the parent, like the flags below")
	flag.StringVar(&o.at, "at", "", "DSN or file of a child's store")
	flag.StringVar(&o.url, "url", "", "URL to which a child sends its pages")
	flag.StringVar(&o.journal, "journal", "", "file for the claims of a replica")
	flag.DurationVar(&o.waits, "waits", 0, "how long each level waits")
	flag.DurationVar(&o.lease, "lease", 0, "how long a replica leases")
	flag.DurationVar(&o.slow, "slow", 0, "longest time before the receiver answers")
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
		return receive(ctx, o.at, o.slow)
	}
	if o.store != "sqlite" && o.store != "postgres" {
		return fmt.Errorf("store %q, expected sqlite or postgres", o.store)
	}
	if (o.crashes > 0 || o.replicas > 1) && o.store != "postgres" {
		return errors.New("-crashes and -replicas need -store postgres")
	}
	var found interface{ fault() error }
	var err error
	if o.replicas > 1 {
		found, err = newCluster(o).run(ctx)
	} else {
		t := &trial{scene: scene{options: o}, accepted: make(map[int]time.Time)}
		found, err = t.run(ctx)
	}
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(os.Stdout).Encode(found), found.fault())
}
