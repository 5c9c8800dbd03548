// Command store measures the time until an event is durable. One caller submits batches of events, or 64 callers submit
// single events, to an engine over each store. For comparison it measures a write of 4 KiB with fdatasync on the same
// disk.
//
//	go run ./bench/store -stores memory,sqlite,postgres -dir .
//
// With uniform keys the events are about 2,000 alerts, drawn evenly; in a storm they are about 20. Each event changes a
// figure in its alert's summary. "repeats" is a storm of events that change nothing. All alerts fire beforehand.
// PostgreSQL runs as a separate cluster with fsync on, if it is installed. Each line of JSON is one cell; a commit is one
// call of Submit.
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
