package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// crowd is the process that holds the viewers.
type crowd struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

// watched starts the viewers, and waits until each has seen the board.
func (h *house) watched(ctx context.Context, o *options) (*crowd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &crowd{cmd: exec.CommandContext(ctx, self, "-look", h.url, "-page", o.page, "-pause", o.pause.String(), "-viewers", fmt.Sprint(o.viewers))}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.lines = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if !c.lines.Scan() {
		return nil, fmt.Errorf("the viewers saw nothing: %w", c.cmd.Wait())
	}
	return c, nil
}

// leave ends the viewers, and returns how many boards they got meanwhile.
func (c *crowd) leave() (boards int, err error) {
	_ = c.in.Close()
	if !c.lines.Scan() {
		return 0, fmt.Errorf("the viewers ended early: %w", c.cmd.Wait())
	}
	boards, err = strconv.Atoi(c.lines.Text())
	return boards, errors.Join(err, c.cmd.Wait())
}

// look holds viewers until the input ends. It prints a line when each has seen the board, and then how many boards they got.
func look(ctx context.Context, o *options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var boards atomic.Int64
	seen, failed := make(chan struct{}, o.viewers), make(chan error, o.viewers)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.viewers}}
	for range o.viewers {
		go func() {
			if o.page == "public" {
				failed <- readPage(ctx, client, o, seen, &boards)
				return
			}
			failed <- view(ctx, client, o.look, seen, &boards)
		}()
	}
	for range o.viewers {
		select {
		case <-seen:
		case err := <-failed:
			return err
		}
	}
	boards.Store(0)
	fmt.Println("all look")
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(boards.Load())
	return nil
}

// readPage asks for a page again and again, and counts the answers.
func readPage(ctx context.Context, client *http.Client, o *options, seen chan<- struct{}, pages *atomic.Int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.look, http.NoBody)
	if err != nil {
		return err
	}
	for first := true; ; {
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close() // it is read
		switch {
		case err != nil:
			return err
		case answer.StatusCode == http.StatusServiceUnavailable: // it has not been made yet
			time.Sleep(10 * time.Millisecond)
			continue
		case answer.StatusCode != http.StatusOK:
			return fmt.Errorf("%s answers %s", o.look, answer.Status)
		case first:
			first = false
			seen <- struct{}{}
		}
		pages.Add(1)
		time.Sleep(o.pause)
	}
}

// view reads a stream, and counts the boards in it.
func view(ctx context.Context, client *http.Client, url string, seen chan<- struct{}, boards *atomic.Int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return fmt.Errorf("%s answers %s", url, answer.Status)
	}
	first := true
	for in := bufio.NewReaderSize(answer.Body, 64<<10); ; {
		line, err := in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull: // a long line goes on
		case err != nil:
			return err
		case bytes.Equal(line, []byte("event: board\n")):
			boards.Add(1)
			if first {
				first = false
				seen <- struct{}{}
			}
		}
	}
}
