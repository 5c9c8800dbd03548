// Command store measures what one event costs until it is durable: Submit of b events by one caller, and of single events by
// 64, to an engine over each store, beside what the same disk takes for a write of 4 KiB with fdatasync.
//
//	go run ./bench/store -stores memory,sqlite,postgres -dir .
//
// With uniform keys the events are about 2,000 alerts, drawn evenly, in a storm about 20, and say something new each time, as an
// alert does whose figure moves; repeats are a storm that says nothing new. All alerts fire already. PostgreSQL is a cluster of
// its own, with fsync on, if the machine has one. Each line of JSON is one cell; a commit is a call of Submit.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

func main() {
	stores := flag.String("stores", "memory,sqlite,postgres", "which stores, with commas between them")
	dir := flag.String("dir", "", "where the files are; default: a temporary folder, which may lie in memory")
	span := flag.Duration("for", 1500*time.Millisecond, "how long each cell is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, strings.Split(*stores, ","), *dir, *span); err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stores []string, dir string, span time.Duration) error {
	dir, err := os.MkdirTemp(dir, "tocsin-store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := json.NewEncoder(os.Stdout)
	raw, err := disk(dir, span)
	if err != nil {
		return err
	}
	if err := out.Encode(raw); err != nil {
		return err
	}
	for _, name := range stores {
		err := measure(ctx, name, dir, span, out)
		if errors.Is(err, postgrestest.ErrNotFound) {
			fmt.Fprintln(os.Stderr, "SKIPPED, not measured:", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
