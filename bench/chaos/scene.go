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

// connections is the server's limit: enough for the replicas, for dead connections that a kill leaves behind, and for
// this process.
const connections = "max_connections=60"

// scene is the environment of a run: a database and a receiver of pages.
type scene struct {
	*options
	rng    *rand.Rand
	dir    string
	server *postgrestest.Server // nil with SQLite or with a server named by TOCSIN_POSTGRES
	sink   *child
}

// open prepares the scene. Close it even if open fails.
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

// pages returns the path of the receiver's file.
func (s *scene) pages() string { return filepath.Join(s.dir, "pages") }

// child is a child process.
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

// give sends an order to an engine. A dead engine ignores it.
func (c *child) give(o order) { _, _ = fmt.Fprintln(c.in, o) }

// stop asks an engine to stop, and waits for its end.
func (c *child) stop() {
	_ = c.cmd.Process.Signal(os.Interrupt)
	_ = c.in.Close()
	_ = c.cmd.Wait()
}

// end kills the child. It may be called twice.
func (c *child) end() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// wait sleeps, and reports whether the run goes on.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
