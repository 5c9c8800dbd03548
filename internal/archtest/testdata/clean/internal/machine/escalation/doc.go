// Package escalation is a machine: it imports the policy that it runs, which is a listed edge inside a layer.
package escalation

import (
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
)

// State is where an escalation stands.
type State struct {
	Policy *escalate.Policy // whom it reaches
	Due    time.Time        // when it goes on
}
