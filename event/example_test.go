package event_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func ExampleNewTaxonomy() {
	tax, err := event.NewTaxonomy([]event.Class{
		{Name: "payments.*", Owner: "payments", Severity: severity.Warning},
		{Name: "payments.payout.stuck", Severity: severity.Critical},
	})
	if err != nil {
		panic(err)
	}
	for _, typ := range []string{"payments.payout.stuck", "payments.ledger.lag", "search.slow"} {
		c, known := tax.Class(typ)
		fmt.Println(c.Name, c.Severity, c.Owner, known)
	}
	// Output:
	// payments.payout.stuck critical payments true
	// payments.ledger.lag warning payments true
	// unclassified warning  false
}

func ExampleClass_Key() {
	payoutStuck := event.Class{Name: "payments.payout.stuck", Dedup: []string{"labels.merchant"}}

	opened := payoutStuck.Trigger("payout 4711 waits for 10 minutes", "merchant", "m-42")
	ended := payoutStuck.Resolve("merchant", "m-42")
	fmt.Println(payoutStuck.Key(&opened))
	fmt.Println(payoutStuck.Key(&ended))
	// Output:
	// payments.payout.stuck/m-42
	// payments.payout.stuck/m-42
}

func ExampleEvent_Check() {
	e := event.Event{Type: "payments.payout.stuck", Links: []event.Link{{URL: "javascript:alert(1)"}}}
	fmt.Println(e.Check())
	// Output: event 0 rejected: links[0]: expected an http or https URL
}
