package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/intake"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

const (
	token     = "besieged"
	openFiles = 1024 // limit of the server
)

// target is the server under attack.
type target struct {
	bell       *tocsin.Engine
	refused    refusals
	messages   atomic.Int64 // of the crowd
	goroutines atomic.Int64 // at most so far
}

// report is what the server says of itself.
type report struct {
	Goroutines int            `json:"goroutines"` // at most so far
	CPU        time.Duration  `json:"cpu"`        // so far
	Refused    map[string]int `json:"refused"`    // events by error.type
	Messages   int            `json:"messages"`   // of the crowd
}

// serve runs the server until its input ends.
func serve(ctx context.Context, o *options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: openFiles, Max: openFiles}); err != nil {
		return err
	}
	kept, err := open(o.at)
	if err != nil {
		return err
	}
	defer kept.Close()
	t := &target{refused: refusals{by: make(counts)}}
	hook := &webhook.Notifier{URL: notify.NewSecret(o.url), Client: &http.Client{Timeout: 5 * time.Second}}
	t.bell, err = tocsin.New(&tocsin.Config{
		Service: "siege", Catalog: besieged(), Store: kept, Logger: slog.New(slog.DiscardHandler), StopWithin: time.Second,
		MeterProvider: &t.refused, Notifiers: map[string]notify.Notifier{"pager": t.pager(hook)},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := intake.Server(t.handler(), 0)
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer server.Close()
	over := make(chan error, 2)
	go func() { over <- t.bell.Run(ctx) }()
	go func() { _ = server.Serve(listener) }()
	go t.watch(ctx)
	fmt.Println("http://" + listener.Addr().String())
	err = t.obey(ctx, o)
	stop()
	return errors.Join(err, <-over)
}

func open(at string) (store.Store, error) {
	if at == "" {
		return memory.New(), nil
	}
	return sqlite.Open(at)
}

// pager sends the pages of P1s by webhook. It accepts all other messages of the same channel at once.
func (t *target) pager(hook notify.Notifier) notify.Notifier {
	return notify.NotifierFunc(func(ctx context.Context, m notify.Message) (notify.Receipt, error) {
		if m.Priority == severity.P1 {
			return hook.Notify(ctx, m)
		}
		t.messages.Add(1)
		return notify.Receipt{}, nil
	})
}

func (t *target) handler() http.Handler {
	way := func(name string) *intake.Endpoint {
		return &intake.Endpoint{Name: name, Bearer: intake.Secrets{token}, MeterProvider: &t.refused}
	}
	mux := http.NewServeMux()
	mux.Handle("/intake/alertmanager", intake.Alertmanager(t.bell, way("alertmanager")))
	mux.Handle("/intake/cloudevents", intake.CloudEvents(t.bell, way("cloudevents")))
	return intake.Recover(t.bell, mux)
}

// watch keeps the largest number of goroutines until ctx ends.
func (t *target) watch(ctx context.Context) {
	for wait(ctx, 20*time.Millisecond) {
		t.goroutines.Store(max(t.goroutines.Load(), int64(runtime.NumGoroutine())))
	}
}

// obey carries out the parent's orders until its input ends.
func (t *target) obey(ctx context.Context, o *options) error {
	to := json.NewEncoder(os.Stdout)
	during, enough := context.WithCancel(ctx)
	defer enough()
	var err error
	for lines := bufio.NewScanner(os.Stdin); err == nil && lines.Scan(); {
		switch lines.Text() {
		case "report":
			err = to.Encode(report{
				Goroutines: int(t.goroutines.Load()), CPU: cpu(), Refused: t.refused.all(), Messages: int(t.messages.Load()),
			})
		case "batches":
			go func() { _ = to.Encode(t.batches(during, batchOf/o.share)) }()
		case "enough":
			enough()
		}
	}
	return err
}

// batches submits one call of n events for each sender, all at the same time.
func (t *target) batches(ctx context.Context, n int) summary {
	sum := summary{Answers: make(counts)}
	var mu sync.Mutex
	var all sync.WaitGroup
	for sender := range senders {
		events := make([]event.Event, n)
		for i := range events {
			events[i] = event.Event{
				Type: "crowd.load", Subject: fmt.Sprintf("s%d-%d", sender, i), Severity: severity.Error, Summary: "crowd",
			}
		}
		all.Go(func() {
			err := t.bell.Submit(ctx, events...)
			mu.Lock()
			defer mu.Unlock()
			sum.Offered += n
			if err != nil {
				sum.Answers.add("error", 1)
			} else {
				sum.Answers.add("stored", 1)
			}
		})
	}
	all.Wait()
	sum.Done = sum.Answers["stored"] == senders
	return sum
}

// cpu returns the processor time of this process.
func cpu() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // fails for invalid arguments only
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// besieged returns the catalog: each P1 has an incident of its own, so has each subject of the crowd, and keys share theirs.
func besieged() *catalog.Catalog {
	at := new(time.Duration)
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "ops", Plan: "keys"},
		People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"pager:ana"}}},
		Teams:    map[string]catalog.Team{"ops": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"shop": {Owner: "ops", Tier: 1}, "crowd": {Owner: "ops", Tier: 3}},
		Plans: map[string]catalog.Plan{
			"alarm": {Policy: "ana", GroupWait: at},
			"crowd": {Policy: "room", GroupWait: at, Group: catalog.Grouping{By: []string{"subject"}}},
			"keys":  {Policy: "room", GroupWait: at},
		},
		Policies: map[string]escalate.Policy{
			"ana":  {Repeat: new(int), Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: 12 * time.Hour}}},
			"room": {Inform: true, Levels: []escalate.Level{{Page: []escalate.Target{"channel:pager:room"}}}},
		},
		Classes: []event.Class{
			{Name: "probe.*", Service: "shop", Plan: "alarm"},
			{Name: "crowd.*", Service: "crowd", Plan: "crowd"},
			{Name: "keys.*", Service: "crowd", Plan: "keys"},
		},
	}
}
