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

func ExampleMay() {
	about := respond.About{Incident: incident.Incident{ID: "k7qf2mab", Owner: "payments", Told: []incident.Told{{Person: "ana"}}}}
	for _, viewer := range []respond.Viewer{{Person: "ana"}, {Person: "zoe"}, {Machine: "deploy-bot"}} {
		fmt.Println(respond.May(viewer, respond.Acknowledge{}, about))
		fmt.Println(respond.May(viewer, respond.Resolve{}, about))
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// incident "k7qf2mab": zoe may not do this, expected a person of the team payments, somebody who was paged or has the incident, or an operator
	// incident "k7qf2mab": machine:deploy-bot may not do this, expected a person; what a machine does is an action, and a runbook that is owning pauses the escalation
	// incident "k7qf2mab": machine:deploy-bot may not do this, expected a person of the team payments, somebody who was paged or has the incident, or an operator
}
