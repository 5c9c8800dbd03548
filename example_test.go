package tocsin_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// Do carries out commands. Here ana, who has the incident, asks for ben, whom no level of the policy asks, and writes a note.
func ExampleEngine_Do() {
	stuck, pages := event.Class{Name: "payout.stuck", Severity: severity.Critical}, make(chan notify.Message, 2)
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: &catalog.Catalog{
			Classes:  []event.Class{stuck},
			Defaults: catalog.Defaults{Owner: "payments", Plan: "standard"},
			Plans:    map[string]catalog.Plan{"standard": {Policy: "standard", GroupWait: new(time.Duration)}},
			Policies: map[string]escalate.Policy{"standard": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
			Teams:    map[string]catalog.Team{"payments": {Members: []escalate.PersonID{"ana"}}},
			People: map[escalate.PersonID]catalog.Person{
				"ana": {Contacts: []escalate.Contact{"chat:@ana"}}, "ben": {Contacts: []escalate.Contact{"chat:@ben"}},
			},
		},
		Notifiers: map[string]notify.Notifier{"chat": notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			pages <- m
			return notify.Receipt{}, nil
		})},
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- bell.Run(ctx) }()

	err = bell.Submit(ctx, stuck.Trigger("payouts wait"))
	if err != nil {
		panic(err)
	}
	id := (<-pages).Incident
	for _, c := range []respond.Command{
		respond.Acknowledge{Incident: id, By: "ana"},
		respond.Page{Incident: id, By: "ana", Target: "person:ben", Because: "who knows the bank?"},
		respond.Note{Incident: id, By: "ana", Text: "the bank answers nothing"},
		respond.Page{Incident: id, By: "ana", Target: "person:bob", Because: "or bob?"},
	} {
		if err := bell.Do(ctx, c); err != nil {
			fmt.Println("refused:", err)
		}
	}
	m := <-pages
	fmt.Println(m.Person+":", m.Title)
	stop()
	<-done
	entries, err := bell.Timeline(context.Background(), id)
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		if entry.Said.By != "" {
			fmt.Println(entry.Line(entry.At))
		}
	}
	// Output:
	// refused: incident "csncw9gi": person "bob" does not exist, expected one of ana, ben (phase active, escalation paused at round 1, level 1)
	// ben: P2, ana asks for you: payouts wait · csncw9gi
	// +0s  asked for  ben  because: who knows the bank?  by ana
	// +0s  note  the bank answers nothing  by ana
}

// Submit stores an event, Run tells whoever must hear of it. Without a catalog that is the one Notifier.
func Example() {
	told := make(chan notify.Message, 1)
	stuck := event.Class{Name: "payments.payout.stuck", Severity: severity.Critical}
	bell, err := tocsin.New(&tocsin.Config{
		Service: "payments", Classes: []event.Class{stuck},
		Notifier: notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			told <- m
			return notify.Receipt{}, nil
		}),
	})
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- bell.Run(ctx) }()

	if err := bell.Submit(ctx, stuck.Trigger("payout 4711 waits for 10 minutes", "merchant", "m-42")); err != nil {
		panic(err)
	}
	m := <-told
	stop()
	<-done
	fmt.Println(m.Kind, m.Title)
	fmt.Println(m.Why)
	// Output:
	// notice P2 payout 4711 waits for 10 minutes · nfy3istr
	// P2: impact medium (no service named) × urgency high (critical)
}
