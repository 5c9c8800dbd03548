package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/webhook"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

const service = "chaos"

// submitters of the engine work at the same time, so that commits are shared and kills come in the midst of some.
const submitters = 4

func open(ctx context.Context, o *options) (store.Store, error) {
	if o.store == "postgres" {
		return postgres.Open(ctx, o.at)
	}
	return sqlite.Open(o.at)
}

// engine takes the numbers of events from its input and writes the number of each that it has accepted.
func engine(ctx context.Context, o *options) error {
	kept, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer kept.Close()
	bell, err := tocsin.New(&tocsin.Config{
		Service: service, Catalog: onePage(), Store: kept,
		Notifiers: map[string]notify.Notifier{"hook": &webhook.Notifier{
			URL: notify.NewSecret(o.url), Client: &http.Client{Timeout: 5 * time.Second},
		}},
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	fmt.Println("ready")
	numbers := make(chan int)
	var all sync.WaitGroup
	for range submitters {
		all.Go(func() {
			for n := range numbers {
				for bell.Submit(ctx, numbered(n)) != nil && ctx.Err() == nil { // as every sender does
					time.Sleep(20 * time.Millisecond)
				}
				if ctx.Err() == nil {
					os.Stdout.WriteString(strconv.Itoa(n) + "\n")
				}
			}
		})
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			return err
		}
		numbers <- n
	}
	close(numbers)
	all.Wait()
	return errors.Join(<-done)
}

// numbered is the event of a number, which opens an incident of its own.
func numbered(n int) event.Event {
	text := strconv.Itoa(n)
	return event.Event{ID: text, Type: "chaos.e" + text, Subject: text, Severity: severity.Critical, Summary: "event " + text}
}

// alertOf is the id of the alert record of a number.
func alertOf(n int) string {
	text := strconv.Itoa(n)
	return service + "/chaos.e" + text + "/" + text
}

// onePage is a catalog in which every incident pages one person once.
func onePage() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "ops", Plan: "page"},
		People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"hook:ana"}}},
		Teams:    map[string]catalog.Team{"ops": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{"shop": {Owner: "ops", Tier: 1}},
		Classes:  []event.Class{{Name: "chaos.*", Service: "shop", Plan: "page"}},
		Plans:    map[string]catalog.Plan{"page": {Policy: "page"}},
		Policies: map[string]escalate.Policy{"page": {
			Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: 12 * time.Hour}}, Repeat: new(0),
		}},
	}
}
