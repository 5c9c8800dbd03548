package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

// judge lets the engines deliver the remaining pages, stops them, and computes the verdict.
func (c *cluster) judge(ctx context.Context, crowd *crowd) (*verdict, error) {
	kept, err := postgres.Open(ctx, c.at)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	patience := time.Now().Add(5*c.waits + 2*c.lease + 10*time.Second)
	for {
		v, err := c.look(ctx, kept, crowd)
		if err != nil {
			return nil, err
		}
		if v.EventsLost+v.PagesLost == 0 || time.Now().After(patience) {
			break
		}
		if !wait(ctx, max(c.waits/50, 100*time.Millisecond)) {
			return nil, ctx.Err()
		}
	}
	for _, e := range c.engines {
		e.stop()
	}
	return c.look(ctx, kept, crowd)
}

// look compares the accepted events, the database and the deliveries.
func (c *cluster) look(ctx context.Context, kept store.Store, crowd *crowd) (*verdict, error) {
	v := &verdict{
		Seed: c.seed, Replicas: c.replicas, Seconds: c.lasts.Seconds(), LeaseMs: c.lease.Milliseconds(),
		WaitMs: c.waits.Milliseconds(), SkewMs: c.skew.Milliseconds(), Faults: make(map[string]int),
	}
	came, err := deliveries(c.pages())
	if err != nil {
		return nil, err
	}
	alerts, err := readAll(ctx, kept, core.KindAlert)
	if err != nil {
		return nil, err
	}
	rows, err := readAll(ctx, kept, core.KindIncident)
	if err != nil {
		return nil, err
	}
	heard := byIncident(came)
	for _, l := range crowd.lives {
		v.Accepted += l.fired
		counted := 0
		if row, ok := alerts[alertOf(l.number)]; ok {
			counted = int(row.Rec.(*core.Alert).Count)
		}
		v.EventsLost += max(0, l.fired-counted)
		v.EventsTwice += max(0, counted-l.fired)
		id := incidentOf(l.number)
		var entries []incident.Entry
		for _, e := range rows[id].Entries {
			var line incident.Entry
			if err := json.Unmarshal(e.Doc, &line); err != nil {
				return nil, fmt.Errorf("the timeline of %s: %w", id, err)
			}
			entries = append(entries, line)
		}
		v.incident(l, readStory(entries), heard[id])
	}
	for _, s := range c.struck {
		v.Faults[s.what]++
	}
	v.resumed(c.struck, came)
	file, err := os.Open(c.journal)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return v, v.settled(bufio.NewScanner(file))
}

// readAll reads the records of a kind, by id.
func readAll(ctx context.Context, kept store.Store, kind string) (map[string]store.Snapshot, error) {
	all := make(map[string]store.Snapshot)
	q := store.Query{Kind: kind, Timeline: kind == core.KindIncident, Limit: 200}
	for {
		rows, err := kept.Read(ctx, q)
		if err != nil || len(rows) == 0 {
			return all, err
		}
		for _, row := range rows {
			switch rec := row.Rec.(type) {
			case *core.Incident:
				all[rec.ID] = row
			case *core.Alert:
				all[rec.ID] = row
			}
		}
		q.After = rows[len(rows)-1].Cursor
	}
}

func byIncident(came []delivery) map[string][]delivery {
	all := make(map[string][]delivery)
	for _, d := range came {
		all[d.incident] = append(all[d.incident], d)
	}
	return all
}

// p99 returns the 99th percentile.
func p99(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[(len(list)*99-1)/100]
}
