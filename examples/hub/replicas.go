package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// replicate starts each replica as a process, on consecutive ports from that of -addr. It returns when ctx ends or a replica
// exits.
func replicate(ctx context.Context, o *options) error {
	host, text, err := net.SplitHostPort(o.addr)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 {
		return fmt.Errorf("-addr %s: expected a port from which the replicas count up", o.addr)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, o.replicas)
	for i := range o.replicas {
		addr := net.JoinHostPort(host, strconv.Itoa(port+i))
		child := exec.CommandContext(ctx, self, "-addr", addr, "-catalog", o.catalog, "-postgres", o.postgres)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
		child.WaitDelay = 20 * time.Second // longer than the engine drains
		if err := child.Start(); err != nil {
			stop()
			ended <- err
			continue
		}
		go func() {
			if err := child.Wait(); err != nil && ctx.Err() == nil {
				ended <- fmt.Errorf("replica on %s: %w", addr, err)
				stop()
				return
			}
			ended <- nil
			stop()
		}()
	}
	var errs []error
	for range o.replicas {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
