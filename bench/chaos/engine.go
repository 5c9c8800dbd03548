package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// workers is how many orders an engine carries out at the same time, so that commits are shared and a kill interrupts
// some.
const workers = 4

func open(ctx context.Context, o *options) (store.Store, error) {
	switch {
	case o.journal != "":
		return openReplica(ctx, o)
	case o.store == "postgres":
		return postgres.Open(ctx, o.at)
	}
	return sqlite.Open(o.at)
}

// engine reads orders from standard input, and answers each after it has been carried out.
func engine(ctx context.Context, o *options) error {
	kept, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer kept.Close()
	bell, err := tocsin.New(&tocsin.Config{
		Service: service, Catalog: catalogOf(o.waits), Store: kept,
		Notifiers: map[string]notify.Notifier{"hook": &webhook.Notifier{
			URL: notify.NewSecret(o.url), Client: &http.Client{Timeout: 5 * time.Second},
		}},
	})
	if err != nil {
		return err
	}
	over := make(chan error, 1)
	go func() { over <- bell.Run(ctx) }()
	fmt.Println("ready")
	orders := make(chan order)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for next := range orders {
				if how := carryOut(ctx, bell, next, o.skew); how != "" {
					os.Stdout.WriteString(next.id + " " + how + "\n")
				}
			}
		})
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		next, err := readOrder(lines.Text())
		if err != nil {
			return err
		}
		orders <- next
	}
	close(orders)
	all.Wait()
	return <-over
}

// carryOut retries an order until its result is known, as every sender does.
func carryOut(ctx context.Context, bell *tocsin.Engine, o order, ahead time.Duration) string {
	for ctx.Err() == nil {
		var err error
		if o.verb == take {
			err = bell.Do(ctx, respond.Acknowledge{Incident: incidentOf(o.number), By: o.by(), ID: o.id})
		} else {
			err = bell.Submit(ctx, o.event(ahead))
		}
		var why *respond.RefusedError
		switch {
		case err == nil:
			return done
		case errors.As(err, &why):
			return refused
		}
		wait(ctx, 20*time.Millisecond)
	}
	return ""
}
