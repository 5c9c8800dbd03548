package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"
)

// summary is what a load did.
type summary struct {
	CPU         float64 `json:"cpu"`                   // processors that it took
	Connections int     `json:"connections,omitempty"` // that it opened
	Offered     int     `json:"offered"`               // requests, or the events of a fixed amount
	Withheld    int     `json:"withheld,omitempty"`    // requests that were due while all workers waited for answers
	Answers     counts  `json:"answers"`               // by status, or by what came in its place
	Done        bool    `json:"done,omitempty"`        // a fixed amount was accepted in full
}

// attack is a load under way.
type attack struct {
	over <-chan struct{} // closed when it has ended by itself, or need not
	stop func() (summary, error)
}

// errStuck is for calls in the server that do not end when they are cancelled.
var errStuck = errors.New("the calls do not end")

// attack starts the load of a scenario, in a child or, for calls of Submit, in the server.
func (o *options) attack(ctx context.Context, name string, server *child, at string) (*attack, error) {
	c := server
	if name == inProcess {
		if _, err := fmt.Fprintln(server.in, "batches"); err != nil {
			return nil, err
		}
	} else {
		var err error
		if c, _, err = o.start(ctx, "load", "-scenario", name, "-url", at); err != nil {
			return nil, err
		}
	}
	over, result := make(chan struct{}), make(chan error, 1)
	var sum summary
	go func() { result <- c.answer(&sum); close(over) }()
	a := &attack{over: over, stop: func() (summary, error) {
		if c == server {
			if _, err := fmt.Fprintln(server.in, "enough"); err != nil {
				return sum, err
			}
		} else {
			_ = c.in.Close()
			defer c.end()
		}
		select {
		case err := <-result:
			return sum, err
		case <-time.After(o.size.grace):
			return summary{}, errStuck
		}
	}}
	if !scenarios[name].fixed {
		a.over = closed
	}
	return a, nil
}

// load attacks the server at o.url until its input ends or its fixed amount is sent.
func load(ctx context.Context, o *options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	l := &loader{url: o.url, share: o.share, seed: o.seed, sum: summary{Answers: make(counts)}}
	run := scenarios[o.scenarios].prepare(l)
	fmt.Println("ready")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	before := cpu()
	run(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum.CPU = (cpu() - before).Seconds()
	return json.NewEncoder(os.Stdout).Encode(l.sum)
}

// loader is what the loads share.
type loader struct {
	url   string
	share int
	seed  uint64
	mu    sync.Mutex
	sum   summary
}

func (l *loader) rng(n int) *rand.Rand { return rand.New(rand.NewPCG(l.seed, uint64(n))) }

func (l *loader) note(change func(*summary)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.sum)
}

func (l *loader) answered(how string) { l.note(func(s *summary) { s.Answers.add(how, 1) }) }

// offer makes requests at a fixed rate, with so many under way at most, until ctx ends.
func (l *loader) offer(ctx context.Context, rate, workers int, next func(*rand.Rand) *http.Request) {
	due := make(chan struct{}, workers)
	client := &http.Client{Timeout: patient, Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	var all sync.WaitGroup
	for i := range workers {
		rng := l.rng(i)
		all.Go(func() {
			for range due {
				r := next(rng).WithContext(ctx)
				how, _ := l.do(client, r)
				if ctx.Err() == nil {
					l.answered(how)
				}
			}
		})
	}
	began, sent := time.Now(), 0
	for wait(ctx, 5*time.Millisecond) {
		for ; sent < int(time.Since(began).Seconds()*float64(rate)); sent++ {
			select {
			case due <- struct{}{}:
				l.note(func(s *summary) { s.Offered++ })
			default:
				l.note(func(s *summary) { s.Withheld++ })
			}
		}
	}
	close(due)
	all.Wait()
}

// do makes a request, and returns the status or what came in its place.
func (l *loader) do(client *http.Client, r *http.Request) (how string, pause time.Duration) {
	answer, err := client.Do(r)
	if err != nil {
		return fault(err), again
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return fmt.Sprint(answer.StatusCode), retryAfter(answer, again)
}

// fault names an error of a connection.
func fault(err error) string {
	var slow net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	case errors.As(err, &slow) && slow.Timeout():
		return "no answer"
	}
	return "other"
}

// deliver has every sender make n requests, each until it is accepted, as senders do.
func (l *loader) deliver(ctx context.Context, n, events int, next func(sender, i int) *http.Request) {
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			for i := range n {
				l.note(func(s *summary) { s.Offered += events })
				for {
					how, pause := l.do(client, next(sender, i).WithContext(ctx))
					if ctx.Err() != nil {
						return
					}
					l.answered(how)
					if how == "200" || how == "202" {
						break
					}
					if !wait(ctx, pause) {
						return
					}
				}
			}
		})
	}
	all.Wait()
	l.note(func(s *summary) { s.Done = ctx.Err() == nil })
}

// hold keeps n connections open until ctx ends. Each does as told; when the server closes it, another one follows.
func (l *loader) hold(ctx context.Context, n int, do func(net.Conn, *rand.Rand) error) {
	at, err := url.Parse(l.url)
	if err != nil {
		panic(err) // the parent gives it
	}
	var all sync.WaitGroup
	for i := range n {
		rng := l.rng(i)
		all.Go(func() {
			for wait(ctx, time.Duration(rng.Int64N(int64(time.Second)))) {
				l.connection(ctx, at.Host, rng, do)
			}
		})
	}
	all.Wait()
}

func (l *loader) connection(ctx context.Context, host string, rng *rand.Rand, do func(net.Conn, *rand.Rand) error) {
	c, err := (&net.Dialer{Timeout: patient}).DialContext(ctx, "tcp", host)
	if err != nil {
		if ctx.Err() == nil {
			l.answered(fault(err))
		}
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	l.note(func(s *summary) { s.Connections++ })
	sent := make(chan error, 1)
	go func() { sent <- do(c, rng) }()
	for answers := bufio.NewReader(c); ; {
		answer, err := http.ReadResponse(answers, nil)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			l.answered(fault(err))
			break
		}
		l.answered(fmt.Sprint(answer.StatusCode))
		_, _ = io.Copy(io.Discard, answer.Body)
	}
	_ = c.Close()
	<-sent
}
