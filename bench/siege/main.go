// Command siege attacks a server as a hostile sender would, and measures what becomes of a P1 meanwhile.
//
//	go run ./bench/siege
//	go run ./bench/siege -short
//	go run ./bench/siege -scenario slow-bodies,flood -store sqlite -seed 7
//
// The server runs in a child process with a limit of 1,024 open files. It has the intakes of Alertmanager and CloudEvents
// with a token, over the memory store or SQLite, and pages by webhook. The load runs in another child. This process only
// sends the P1s and receives their pages, so that its own work delays no figure. All of them share the processors of the
// machine; a line tells how much of a processor the server and the load took.
//
// A P1 is a CloudEvent that opens an incident of its own and pages at once. One is sent every 25 ms, whether or not the
// ones before were answered, alternately over a kept and over a fresh connection. Its accept latency is the time until the
// 202, its page latency the time until the webhook is called, both from the first POST. A refused P1 is sent again after
// Retry-After, or after 100 ms, and the time goes on. While 200 P1s have no answer, no more are sent. Each scenario first measures an idle server, then the same server
// under the load.
//
// The output is one line of JSON for each scenario and store. A line passes if every P1 was accepted and paged, and if the
// worse page p99 of both kinds of connections stayed within ten times the idle p99, or within 100 ms on memory and 300 ms
// on SQLite if that is more. With SQLite the server must also start again with the same file, and page. The exit status is
// 1 if a line fails.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	scenarios, stores string
	seed              uint64
	size              size
	out               io.Writer

	role    string // of a child
	at, url string // its file and the URL to which it sends
	share   int    // see size
}

// size is how long a scenario lasts and how much it sends.
type size struct {
	idle, load time.Duration // of the two phases
	most       time.Duration // longest load phase, for loads of a fixed amount
	grace      time.Duration // for the last answers and pages
	share      int           // divides the fixed amounts
}

var (
	full  = size{10 * time.Second, 20 * time.Second, time.Minute, 30 * time.Second, 1}
	short = size{time.Second, 1500 * time.Millisecond, 4 * time.Second, 2 * time.Second, 50}
)

func main() {
	o := options{size: full, out: os.Stdout}
	flag.StringVar(&o.scenarios, "scenario", "all", "which scenarios, with commas between: "+strings.Join(names(), ", "))
	flag.StringVar(&o.stores, "store", "memory,sqlite", "memory, sqlite or both")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "seed of all random choices")
	flag.BoolFunc("short", "a minute in all, with a fiftieth of the fixed amounts", func(string) error { o.size = short; return nil })
	flag.StringVar(&o.role, "role", "", "role of a child process; set by the parent, like the flags below")
	flag.StringVar(&o.at, "at", "", "file of a child's store")
	flag.StringVar(&o.url, "url", "", "URL to which a child sends")
	flag.IntVar(&o.share, "share", 1, "divisor of the fixed amounts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "siege:", err)
		os.Exit(1)
	}
}

func (o *options) run(ctx context.Context) error {
	switch o.role {
	case "server":
		return serve(ctx, o)
	case "load":
		return load(ctx, o)
	}
	chosen, stores, err := o.chosen()
	if err != nil {
		return err
	}
	to, failed := json.NewEncoder(o.out), 0
	for _, name := range chosen {
		for _, kept := range stores {
			l, err := o.besiege(ctx, name, kept)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", name, kept, err)
			}
			if !l.Pass {
				failed++
			}
			if err := to.Encode(l); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return &failedError{failed}
	}
	return nil
}

// failedError says that lines fail. All lines were written.
type failedError struct{ lines int }

// Error implements error.
func (e *failedError) Error() string { return fmt.Sprintf("%d lines fail", e.lines) }

// chosen returns the scenarios and stores that the flags name.
func (o *options) chosen() (scenarios, stores []string, err error) {
	scenarios, stores = names(), strings.Split(o.stores, ",")
	if o.scenarios != "all" {
		scenarios = strings.Split(o.scenarios, ",")
	}
	for _, name := range scenarios {
		if !slices.Contains(names(), name) {
			err = errors.Join(err, fmt.Errorf("scenario %q, expected one of %s", name, strings.Join(names(), ", ")))
		}
	}
	for _, kept := range stores {
		if kept != "memory" && kept != "sqlite" {
			err = errors.Join(err, fmt.Errorf("store %q, expected memory or sqlite", kept))
		}
	}
	return scenarios, stores, err
}
