package core_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

func ExampleAssess() {
	slow := event.Class{Name: "shop.cart.slow", Service: "checkout", Owner: "shop", Severity: severity.Critical}
	cat, err := catalog.Builtin([]event.Class{slow}).Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	e := slow.Trigger("carts take 9 s")
	a := core.Assess(cat, &e)
	fmt.Println(a.Severity, a.Priority, a.Why)
	fmt.Println(a.Owner, a.Plan, a.Promote, len(a.Findings))

	stranger := core.Assess(cat, &event.Event{Type: "disk.full", Source: "host7"})
	fmt.Println(stranger.Owner, stranger.Findings[0].Summary)
	// Output:
	// critical P2 impact medium (checkout, tier unknown) × urgency high (critical)
	// shop default true 0
	// default no class names the type "disk.full", sent by host7
}

func ExampleRefusedError() {
	err := &respond.RefusedError{
		Incident: "shop-1", Reason: "1 of 2 alerts still fire", Phase: incident.Active,
		Status: escalate.Running, At: escalate.Position{Round: 1, Level: 2},
	}
	fmt.Println(err)
	// Output: incident "shop-1": 1 of 2 alerts still fire (phase active, escalation running at round 1, level 2)
}
