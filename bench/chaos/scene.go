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
	"time"

	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// connections is how many the server takes: those of the replicas, of what they leave behind when they die, and ours.
const connections = "max_connections=60"

// scene is what a run stands on: a database, and a receiver of pages.
type scene struct {
	*options
	rng    *rand.Rand
	dir    string
	server *postgrestest.Server // nil with SQLite; one that is given is used
	sink   *child
}

// open prepares it. It must be closed even if that fails.
func (s *scene) open(ctx context.Context) (err error) {
	s.rng = rand.New(rand.NewPCG(s.seed, 1))
	if s.dir, err = os.MkdirTemp("", "tocsin-chaos-"); err != nil {
		return err
	}
	s.at = filepath.Join(s.dir, "chaos.db")
	if s.store == "postgres" {
		if s.server == nil {
			if s.server, err = postgrestest.Start(connections); err != nil {
				return err
			}
		}
		s.at = s.server.DSN()
	}
	if s.sink, err = s.start(ctx, "receiver", "-at", s.pages(), "-slow", s.slow.String()); err != nil {
		return err
	}
	s.url = s.sink.hello
	return nil
}

func (s *scene) close() {
	if s.sink != nil {
		s.sink.end()
	}
	if s.server != nil {
		_ = s.server.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// pages is the file of the receiver.
func (s *scene) pages() string { return filepath.Join(s.dir, "pages") }

// child is a process of ours.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	hello string // its first line
}

// start runs this program as a child, and waits for its first line.
func (s *scene) start(ctx context.Context, role string, flags ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, append([]string{"-role", role, "-store", s.store, "-url", s.url}, flags...)...)}
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

// give hands an order to an engine. One that is gone does not take it.
func (c *child) give(o order) { _, _ = fmt.Fprintln(c.in, o) }

// stop lets an engine end as it likes, and waits for that.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(os.Interrupt)
	_ = c.in.Close()
	_ = c.cmd.Wait()
}

// end kills it. It may be called twice.
func (c *child) end() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// wait lets time pass, and reports whether the run goes on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
