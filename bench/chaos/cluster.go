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

// Values of a run of ten minutes. A shorter run scales them down.
const (
	fullRun   = 10 * time.Minute
	fullLease = 30 * time.Second // the engine's value
	// fullWait is longer than a lease, the skew between two clocks and some work together. With a shorter wait, a page
	// whose sender dies would expire before another replica may send it.
	fullWait   = 100 * time.Second
	shortLease = 300 * time.Millisecond // of the shortest run: some sends must end within it
	shortWait  = time.Second            // no level may wait for a shorter time
	incidents  = 1_500                  // a shorter run has them closer together
)

// cluster is a run of several engines on one database.
type cluster struct {
	scene
	scale   float64 // of the full run: 1 is ten minutes
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

// engine starts a replica. Its number decides the skew of its clock.
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

// give sends an order to an engine, in whatever state the engine is.
func (c *cluster) give(o order, n int) {
	c.mu.Lock()
	e := c.engines[n]
	c.mu.Unlock()
	e.give(o)
}

// replace kills an engine and starts another in its place.
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

// pause stops an engine for a time by SIGSTOP. Only one engine is paused at a time.
func (c *cluster) pause(n int, d time.Duration) {
	stopped := c.engines[n].cmd.Process
	if stopped.Signal(syscall.SIGSTOP) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused++
	time.AfterFunc(d, func() {
		_ = stopped.Signal(syscall.SIGCONT) // it may have been killed meanwhile
		c.mu.Lock()
		defer c.mu.Unlock()
		c.paused--
	})
}
