package automate_test

import (
	"context"
	"fmt"

	"github.com/tocsin-dev/tocsin/automate"
)

// Cluster is what an action needs of the outside.
type Cluster map[string]int

func (c Cluster) Restart(deployment, _ string) error { c[deployment] = 3; return nil }

// Restart restarts a deployment. How often it may is the catalog's business.
type Restart struct{ Cluster Cluster }

func (r Restart) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	if in.DryRun {
		return automate.Result{Output: "would restart " + in.Subject}, nil
	}
	return automate.Result{Output: "restarted " + in.Subject}, r.Cluster.Restart(in.Subject, in.Key)
}

// Verify is asked when the step's wait has passed.
func (r Restart) Verify(_ context.Context, in automate.Invocation) error {
	if ready := r.Cluster[in.Subject]; ready < 3 {
		return fmt.Errorf("%d of 3 ready", ready)
	}
	return nil
}

// An action may bring methods for phases of its own choice; whoever calls it names the phase.
func Example() {
	restart := Restart{Cluster{}}
	in := automate.Invocation{Key: "A/1/run", Action: "restart", Subject: "api"}
	for _, phase := range []automate.Phase{automate.PhasePrecheck, automate.PhaseVerify, automate.PhaseRun, automate.PhaseVerify} {
		in.Phase = phase
		result, err := automate.Call(context.Background(), restart, in)
		fmt.Printf("%s: %q, error %v\n", phase, result.Output, err)
	}
	// Output:
	// precheck: "", error <nil>
	// verify: "", error 0 of 3 ready
	// run: "restarted api", error <nil>
	// verify: "", error <nil>
}
