package respond_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
)

func ExampleRefusedError() {
	err := &respond.RefusedError{
		Incident: "shop-1", Reason: "1 of 2 alerts still fire", Phase: incident.Active,
		Status: escalate.Running, At: escalate.Position{Round: 1, Level: 2},
	}
	fmt.Println(err)
	// Output: incident "shop-1": 1 of 2 alerts still fire (phase active, escalation running at round 1, level 2)
}
