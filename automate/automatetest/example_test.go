package automatetest_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/automate/automatetest"
)

// Cluster is a fake of the system that the action changes.
type Cluster struct {
	mu       sync.Mutex
	restarts map[string]string // by request id
	asked    [][]string
	down     bool
}

func (c *Cluster) Restart(deployment, requestID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, []string{deployment})
	if c.down {
		return fmt.Errorf("no quorum, %s stays", deployment)
	}
	c.restarts[requestID] = deployment
	return nil
}

// Restart restarts a deployment.
type Restart struct{ Cluster *Cluster }

func (r Restart) Run(_ context.Context, in automate.Invocation) (automate.Result, error) {
	if in.DryRun {
		return automate.Result{Output: "would restart " + in.Subject}, nil
	}
	return automate.Result{Output: "restarted " + in.Subject}, r.Cluster.Restart(in.Subject, in.Key)
}

// An action of your own, and its check. In a test, call Run: it gives each rule a subtest.
func Example() {
	err := automatetest.Check(func() *automatetest.Harness {
		c := &Cluster{restarts: map[string]string{}}
		return &automatetest.Harness{
			Action:     Restart{c},
			Invocation: automate.Invocation{Action: "restart", Subject: "api"},
			Standing:   func() int { return len(c.restarts) },
			Asked:      func() [][]string { return c.asked },
			Break:      func() { c.down = true },
		}
	})
	fmt.Println("broken rules:", err)
	// Output: broken rules: <nil>
}
