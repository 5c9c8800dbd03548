// Command viewers measures the time of a commit while nobody looks at the dashboard, or at the page for customers, and while many do.
//
//	go run ./bench/viewers -dir .
//	go run ./bench/viewers -dir . -page public -viewers 16
//
// An engine has 50 open incidents. One caller acknowledges them and gives them back, one commit after the other, each of which changes what
// the board shows. Every viewer is a stream of events over a connection of its own; a second process holds them, and its work is part of
// what the machine has to do. A viewer of the page for customers asks for it again and again, with -pause between. Runs with and without
// viewers take turns. Each line of JSON is one store: the medians of the runs, and the ratio of the two.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

type options struct {
	dir     string
	page    string // dashboard or public
	viewers int
	runs    int
	span    time.Duration
	pause   time.Duration
	look    string // URL of the stream; set in the process that holds the viewers
}

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "where the file of SQLite is; default: a temporary folder, which may lie in memory")
	flag.StringVar(&o.page, "page", "dashboard", "what they look at: dashboard or public")
	flag.IntVar(&o.viewers, "viewers", 500, "how many look")
	flag.IntVar(&o.runs, "runs", 5, "how many runs with viewers, and as many without")
	flag.DurationVar(&o.span, "for", 3*time.Second, "how long each run is")
	flag.DurationVar(&o.pause, "pause", 0, "how long a viewer of the page for customers waits before it asks again")
	flag.StringVar(&o.look, "look", "", "hold the viewers of this stream, and measure nothing")
	flag.Parse()
	if o.viewers < 1 || o.runs < 1 || o.page != "dashboard" && o.page != "public" {
		fmt.Fprintln(os.Stderr, "viewers: expected at least one viewer and one run, and the page dashboard or public")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	do := run
	if o.look != "" {
		do = look
	}
	if err := do(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "viewers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	dir, err := os.MkdirTemp(o.dir, "tocsin-viewers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"memory", "sqlite"} {
		var kept store.Store = memory.New()
		if name == "sqlite" {
			if kept, err = sqlite.Open(filepath.Join(dir, "db")); err != nil {
				return err
			}
		}
		if err := measure(ctx, o, name, kept); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// result is what is printed of a store. Times are in microseconds.
type result struct {
	Store   string  `json:"store"`
	Viewers int     `json:"viewers"`
	Runs    int     `json:"runs"`
	Alone   times   `json:"alone"`
	Viewed  times   `json:"viewed"`
	Ratio   float64 `json:"ratio"`  // of the medians of p50
	Frames  int     `json:"frames"` // boards or pages that a viewer got in a run
	Rate    float64 `json:"rate"`   // boards or pages per second, of all viewers
}

// times are the medians over the runs.
type times struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

func measure(ctx context.Context, o *options, name string, kept store.Store) (err error) {
	h, err := open(ctx, kept, o.page)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	out := result{Store: name, Viewers: o.viewers, Runs: o.runs}
	var alone, viewed [2][]float64
	var frames []int
	if _, err = h.commits(ctx, o.span); err != nil { // to warm up
		return err
	}
	for range o.runs {
		took, err := h.commits(ctx, o.span)
		if err != nil {
			return err
		}
		add(&alone, took)
		v, err := h.watched(ctx, o)
		if err != nil {
			return err
		}
		took, err = h.commits(ctx, o.span)
		n, bad := v.leave()
		if err = errors.Join(err, bad); err != nil {
			return err
		}
		frames = append(frames, n/o.viewers)
		add(&viewed, took)
	}
	out.Alone, out.Viewed = times{median(alone[0]), median(alone[1])}, times{median(viewed[0]), median(viewed[1])}
	out.Ratio, out.Frames = out.Viewed.P50/out.Alone.P50, median(frames)
	out.Rate = float64(out.Frames*o.viewers) / o.span.Seconds()
	if out.Frames == 0 {
		return errors.New("the viewers got no board, so nothing was measured")
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// add adds the quantiles of a run.
func add(runs *[2][]float64, took []time.Duration) {
	slices.Sort(took)
	for i, q := range []float64{0.50, 0.99} {
		runs[i] = append(runs[i], float64(took[int(q*float64(len(took)-1))])/1e3)
	}
}

func median[N int | float64](of []N) N {
	slices.Sort(of)
	return of[len(of)/2]
}
