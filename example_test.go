package tocsin_test

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

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
