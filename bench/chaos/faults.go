package main

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// Faults of replicas.
const (
	killed    = "kill"    // kill -9 of an engine
	stopped   = "pause"   // SIGSTOP for longer than a lease
	crashed   = "restart" // immediate stop of the server
	cut       = "cut"     // the server ends a connection
	unheard   = "unheard" // a commit whose answer is lost
	faultsIn8 = 8
)

// mix is eight faults in their proportions.
var mix = [faultsIn8]string{killed, unheard, cut, stopped, killed, unheard, crashed, cut}

// stroke is a fault that has happened.
type stroke struct {
	what string
	at   time.Time
}

// strike causes all faults, spread over the run, and then lets everything recover.
func (c *cluster) strike(ctx context.Context) error {
	var list []string
	for len(list) < c.faults {
		eight := slices.Clone(mix[:])
		c.rng.Shuffle(faultsIn8, func(i, j int) { eight[i], eight[j] = eight[j], eight[i] })
		list = append(list, eight...)
	}
	every := c.lasts / time.Duration(c.faults+1)
	began := time.Now()
	for i, what := range list[:c.faults] {
		at := began.Add(time.Duration(i)*every + time.Duration(c.rng.Int64N(int64(every)))) // at once if the fault before took longer
		if !wait(ctx, time.Until(at)) {
			return ctx.Err()
		}
		if err := c.meet(ctx, what); err != nil {
			return err
		}
	}
	for c.pausing() {
		if !wait(ctx, 10*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}

func (c *cluster) pausing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused > 0
}

func (c *cluster) meet(ctx context.Context, what string) error {
	n := c.rng.IntN(c.replicas)
	if what == stopped && c.pausing() {
		what = killed
	}
	at := time.Now()
	switch what {
	case killed:
		if err := c.replace(ctx, n); err != nil {
			return err
		}
	case stopped:
		c.pause(n, c.lease+time.Duration(c.rng.Int64N(int64(c.lease/2))))
	case crashed:
		c.server.Crash()
		wait(ctx, time.Duration(c.rng.Int64N(int64(min(c.lease, time.Second)))))
		if err := c.server.Restart(); err != nil {
			return err
		}
	case cut:
		if err := c.cutOne(ctx); err != nil {
			return err
		}
	case unheard:
		c.proxy.Arm(postgrestest.DropReply)
		for !c.proxy.Met() {
			if !wait(ctx, time.Millisecond) {
				return ctx.Err()
			}
		}
	}
	c.struck = append(c.struck, stroke{what, at})
	return nil
}

// cutOne makes the server end a connection of an engine.
func (c *cluster) cutOne(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.server.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY random() LIMIT 1`)
	return err
}
