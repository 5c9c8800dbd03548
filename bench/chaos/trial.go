package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// trial is one run.
type trial struct {
	*options
	rng    *rand.Rand
	dir    string
	server *postgrestest.Server // nil with SQLite
	sink   *child

	mu       sync.Mutex
	accepted map[int]time.Time
	next     int // number of the next event
	kill     int // how often the engine was killed
	crash    int
}

func (t *trial) run(ctx context.Context) (*findings, error) {
	var err error
	if t.dir, err = os.MkdirTemp("", "tocsin-chaos-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(t.dir)
	t.at = filepath.Join(t.dir, "chaos.db")
	if t.store == "postgres" {
		if t.server, err = postgrestest.Start("max_connections=60"); err != nil {
			return nil, err
		}
		defer t.server.Close()
		t.at = t.server.DSN()
	}
	if t.sink, err = t.start(ctx, "receiver", filepath.Join(t.dir, "pages")); err != nil {
		return nil, err
	}
	defer t.sink.end()
	t.url = t.sink.hello
	for t.kill < t.kills || t.crash < t.crashes {
		if err := t.round(ctx); err != nil {
			return nil, err
		}
	}
	return t.settle(ctx)
}

// round lets an engine live for a short time, in which it takes events in, until it is killed or its database is.
func (t *trial) round(ctx context.Context) error {
	e, err := t.start(ctx, "engine", t.at)
	if err != nil {
		return err
	}
	defer e.end()
	read := t.listen(e)
	crashes := t.server != nil && t.rng.IntN(t.kills+t.crashes) < t.crashes && t.crash < t.crashes || t.kill >= t.kills
	stop := time.Now().Add(time.Duration(10+t.rng.IntN(300)) * time.Millisecond)
	for time.Now().Before(stop) {
		if err := t.feed(e); err != nil {
			return err
		}
		time.Sleep(time.Duration(t.rng.IntN(3)) * time.Millisecond)
	}
	if crashes {
		t.crash++
		t.server.Crash()
		time.Sleep(time.Duration(t.rng.IntN(300)) * time.Millisecond)
		if err := t.server.Restart(); err != nil {
			return err
		}
		for range 20 { // it goes on as if nothing had been
			if err := t.feed(e); err != nil {
				return err
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	t.kill++
	e.end()
	<-read
	return ctx.Err()
}

// feed gives the engine the next event.
func (t *trial) feed(e *child) error {
	_, err := fmt.Fprintln(e.in, t.next)
	t.next++
	return err
}

// listen notes what the engine says that it has accepted, until it ends.
func (t *trial) listen(e *child) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		for e.out.Scan() {
			if n, err := strconv.Atoi(e.out.Text()); err == nil {
				t.mu.Lock()
				t.accepted[n] = time.Now()
				t.mu.Unlock()
			}
		}
	}()
	return ended
}

// child is a process of ours.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	hello string // its first line
}

func (t *trial) start(ctx context.Context, role, at string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, "-role", role, "-store", t.store, "-at", at, "-url", t.url)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if !c.out.Scan() {
		return nil, errors.Join(fmt.Errorf("the %s said nothing", role), c.cmd.Wait())
	}
	c.hello = c.out.Text()
	return c, nil
}

// end kills it. It may be called twice.
func (c *child) end() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}
