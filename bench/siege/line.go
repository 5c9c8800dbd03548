package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// line is the result of one scenario on one store.
type line struct {
	Scenario string `json:"scenario"`
	Store    string `json:"store"`
	Pass     bool   `json:"pass"`
	Why      string `json:"why,omitempty"` // it fails

	Ratio   float64 `json:"ratio"`    // of the page p99 under load to the idle one, the worse of both kinds of connections
	BoundMs float64 `json:"bound_ms"` // for the page p99 of that kind
	Idle    phase   `json:"idle"`
	Load    phase   `json:"meanwhile"`

	Skipped    int `json:"p1_skipped"`    // P1s that were due while too many others were under way
	Retried    int `json:"p1_retried"`    // tries of P1s after the first
	Unanswered int `json:"p1_unanswered"` // P1s without a 202, at the end
	Unpaged    int `json:"p1_unpaged"`    // P1s without a page, at the end

	RSS        int            `json:"rss_peak_mib"`    // of the server
	Goroutines int            `json:"goroutines_peak"` // of the server
	ServerCPU  float64        `json:"server_cpu"`      // processors that the server took under load
	Others     float64        `json:"others_cpu"`      // processors that other programs of the machine took meanwhile
	Refused    map[string]int `json:"refused"`         // events that the server refused, by error.type
	Messages   int            `json:"crowd_messages"`  // messages of other priorities meanwhile
	Sent       summary        `json:"load"`
	Restarted  *bool          `json:"restarted,omitempty"` // whether a new server with the same file pages
	Seconds    float64        `json:"seconds"`             // of the load
	Seed       uint64         `json:"seed"`
}

// phase are the latencies of the P1s of one phase.
type phase struct {
	Kept  latencies `json:"kept"`
	Fresh latencies `json:"fresh"`
}

func (p *probe) phase(from, to int) phase {
	return phase{p.latencies(from, to, false), p.latencies(from, to, true)}
}

// besiege runs one scenario.
func (o *options) besiege(ctx context.Context, name, kept string) (*line, error) {
	l := &line{Scenario: name, Store: kept, Seed: o.seed}
	dir, err := os.MkdirTemp("", "tocsin-siege-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if kept == "sqlite" {
		o.at = filepath.Join(dir, "siege.db")
	} else {
		o.at = ""
	}
	p, err := newProbe(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close()
	server, err := o.server(ctx, p)
	if err != nil {
		return nil, err
	}
	defer server.end()
	if err := o.measure(ctx, l, p, server); err != nil {
		return nil, err
	}
	server.stop(o.size.grace)
	if o.at != "" {
		restarted := o.restarts(ctx, p)
		l.Restarted = &restarted
	}
	l.judge()
	return l, nil
}

func (o *options) server(ctx context.Context, p *probe) (server *child, err error) {
	server, p.url, err = o.start(ctx, "server", "-at", o.at, "-url", p.hook)
	return server, err
}

// closed is for a load that does not end by itself, or that there is not.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// measure measures both phases.
func (o *options) measure(ctx context.Context, l *line, p *probe, server *child) error {
	p.run(20*every, 20*every, closed) // first connections
	from, to := p.run(o.size.idle, o.size.idle, closed)
	p.settle(o.size.grace)
	l.Idle = p.phase(from, to)
	var before, after report
	if err := server.ask("report", &before); err != nil {
		return err
	}
	began, own, all := time.Now(), cpu(), busy()
	attack, err := o.attack(ctx, l.Scenario, server, p.url)
	if err != nil {
		return err
	}
	from, to = p.run(o.size.load, o.size.most, attack.over)
	l.Seconds = time.Since(began).Seconds()
	l.Sent, err = attack.stop()
	if err != nil && !errors.Is(err, errStuck) {
		return err
	}
	p.settle(o.size.grace)
	l.Load = p.phase(from, to)
	l.Unanswered, l.Unpaged, l.Retried = p.missing(from, to)
	l.Skipped = p.skipped
	if err != nil {
		l.RSS = server.peak()
		l.fail("%v", err)
		server.end()
		return nil
	}
	if err := server.ask("report", &after); err != nil {
		return err
	}
	l.RSS, l.Goroutines, l.Refused, l.Messages = server.peak(), after.Goroutines, after.Refused, after.Messages
	took := time.Since(began).Seconds()
	l.ServerCPU = (after.CPU - before.CPU).Seconds() / took
	l.Sent.CPU /= took
	l.Others = max(0, (busy()-all-(cpu()-own)).Seconds()/took-l.ServerCPU-l.Sent.CPU)
	return nil
}

// restarts starts a new server with the file of the one before, and reports whether it pages.
func (o *options) restarts(ctx context.Context, p *probe) bool {
	server, err := o.server(ctx, p)
	if err != nil {
		return false
	}
	defer server.end()
	from, to := p.run(every, every, closed)
	p.settle(patient)
	unanswered, unpaged, _ := p.missing(from, to)
	return to > from && unanswered+unpaged == 0
}

// judge decides whether the line passes.
func (l *line) judge() {
	floor := map[string]float64{"memory": 100, "sqlite": 300}[l.Store]
	for _, kind := range []struct {
		name       string
		idle, load latencies
	}{{"kept", l.Idle.Kept, l.Load.Kept}, {"fresh", l.Idle.Fresh, l.Load.Fresh}} {
		bound := max(10*kind.idle.Page99, floor)
		if ratio := kind.load.Page99 / max(kind.idle.Page99, .001); ratio > l.Ratio {
			l.Ratio, l.BoundMs = ratio, bound
		}
		if kind.load.Page99 > bound {
			l.fail("page p99 %.0f ms over a %s connection", kind.load.Page99, kind.name)
		}
	}
	if l.Unanswered+l.Unpaged > 0 {
		l.fail("%d P1s without an answer, %d without a page", l.Unanswered, l.Unpaged)
	}
	if l.Restarted != nil && !*l.Restarted {
		l.fail("does not start again")
	}
	l.Pass = l.Why == ""
}

func (l *line) fail(format string, args ...any) {
	if l.Why != "" {
		l.Why += "; "
	}
	l.Why += fmt.Sprintf(format, args...)
}
