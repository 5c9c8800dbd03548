package githubissue_test

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/githubissue"
	"github.com/tocsin-dev/tocsin/notify"
)

// A runbook has a step {do: ticket, args: {title: $summary, service: $labels.service, …}}, and Config.Actions maps ticket to the action.
// A ticket that lacks a field is refused before anything is sent.
func Example() {
	ticket := &githubissue.Action{Repo: "shop/ops", Token: notify.NewSecret("ghp_example")}
	in := automate.Invocation{
		Action: "ticket", Phase: automate.PhasePrecheck, Incident: "6gu527w7",
		Args: map[string]string{"title": "Checkout is down", "service": "checkout", "priority": "P1"},
	}
	_, err := automate.Call(context.Background(), ticket, in)
	fmt.Println(err)
	in.Args["owner"], in.Phase, in.DryRun = "payments", automate.PhaseRun, true
	result, err := automate.Call(context.Background(), ticket, in)
	fmt.Println(result.Output, err)
	// Output:
	// no ticket is opened without the arguments owner, expected a value for each
	// would open an issue in shop/ops: Checkout is down <nil>
}
