package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// Of a run of ten minutes. Shorter ones have less of all of it.
const (
	fullRun   = 10 * time.Minute
	fullLease = 30 * time.Second // as the engine has it
	// fullWait is longer than a lease, the skew between two clocks and some work: else a page whose sender dies, or is behind,
	// has had its time before another replica may send it.
	fullWait   = 100 * time.Second
	shortLease = 300 * time.Millisecond // of the shortest run: some sends must end within it
	shortWait  = time.Second            // no level may wait less
	incidents  = 1_500                  // in a shorter run they come closer to each other
)

// cluster is a run with several engines on one database.
type cluster struct {
	scene
	scale   float64 // of a full run
	proxy   *postgrestest.Proxy
	answers chan string

	mu      sync.Mutex
	engines []*child
	paused  int
	struck  []stroke
}

func newCluster(o *options) *cluster {
	c := &cluster{scene: scene{options: o}, scale: min(1, o.lasts.Seconds()/fullRun.Seconds()), answers: make(chan string, 10_000)}
	o.lease = max(c.scaled(fullLease), shortLease)
	o.waits = max(c.scaled(fullWait), shortWait)
	o.skew = c.scaled(o.skew)
	o.slow = min(400*time.Millisecond, o.lease/4)
	return c
}

func (c *cluster) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * c.scale) }

func (c *cluster) run(ctx context.Context) (*verdict, error) {
	defer c.close()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, e := range c.engines {
			e.end()
		}
		if c.proxy != nil {
			c.proxy.Close()
		}
	}()
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	var err error
	if c.proxy, err = postgrestest.NewProxy("unix", c.server.Socket()); err != nil {
		return nil, err
	}
	c.journal = filepath.Join(c.dir, "journal")
	for n := range c.replicas {
		e, err := c.engine(ctx, n)
		if err != nil {
			return nil, err
		}
		c.engines = append(c.engines, e)
	}
	crowd := newCrowd(c)
	struck := make(chan error, 1)
	go func() { struck <- c.strike(ctx) }()
	if err := crowd.live(ctx, struck); err != nil {
		return nil, err
	}
	return c.judge(ctx, crowd)
}

// engine starts a replica, whose clock it is by its number that is wrong.
func (c *cluster) engine(ctx context.Context, n int) (*child, error) {
	skew := [...]time.Duration{0, c.skew, -c.skew}[n%3]
	through := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", c.proxy.Port())
	e, err := c.start(ctx, "engine", "-at", through, "-journal", c.journal,
		"-skew", skew.String(), "-waits", c.waits.String(), "-lease", c.lease.String())
	if err != nil {
		return nil, err
	}
	go func() {
		for e.out.Scan() {
			c.answers <- e.out.Text()
		}
	}()
	return e, nil
}

// give hands an order to an engine, whichever it is and however it is.
func (c *cluster) give(o order, n int) {
	c.mu.Lock()
	e := c.engines[n]
	c.mu.Unlock()
	e.give(o)
}

// replace kills an engine and starts another one in its place.
func (c *cluster) replace(ctx context.Context, n int) error {
	c.engines[n].end()
	e, err := c.engine(ctx, n)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engines[n] = e
	return nil
}

// pause stops an engine for a time, without its knowing. Only one is paused at a time.
func (c *cluster) pause(n int, d time.Duration) {
	stopped := c.engines[n].cmd.Process
	if stopped.Signal(syscall.SIGSTOP) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused++
	time.AfterFunc(d, func() {
		_ = stopped.Signal(syscall.SIGCONT) // unless it was killed meanwhile
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paused--
	})
}
