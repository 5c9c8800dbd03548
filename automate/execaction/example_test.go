//go:build unix

package execaction_test

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/execaction"
)

// The subject is one argument, even if it contains spaces or shell syntax.
func Example() {
	restart := &execaction.Action{
		Command: []string{"printf", "restarted %s in %s\n", "{subject}", "{args.zone}"},
		Env:     []string{"PATH"},
	}
	in := automate.Invocation{
		Key: "INC-7/restart-api/1/run", Action: "restart", Phase: automate.PhaseRun,
		Subject: "api; reboot", Args: map[string]string{"zone": "z1"},
	}
	result, err := automate.Call(context.Background(), restart, in)
	fmt.Println(result.Output, err)

	in.DryRun = true
	result, err = automate.Call(context.Background(), restart, in)
	fmt.Println(result.Output, err)
	// Output:
	// restarted api; reboot in z1 <nil>
	// would run ["printf" "restarted %s in %s\n" "api; reboot" "z1"] <nil>
}
