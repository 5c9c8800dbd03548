package tocsin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/respond"
)

// Explain says in some lines for people why an incident is as it is: why its priority, who owns it and by which rule, whom it
// reached, what it waits for, and everything that happened.
func (e *Engine) Explain(ctx context.Context, id string) (string, error) {
	inc, err := e.Incident(ctx, id)
	if err != nil {
		return "", err
	}
	timeline, err := e.Timeline(ctx, id)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("incident %s: %s", inc.ID, inc.Title)
	line("priority %s", inc.Reason())
	line("owner %s, plan %s, %s", inc.Owner, inc.Plan, decidedBy(&inc))
	for _, step := range inc.Routes {
		line("  route %s", step)
	}
	line("phase %s, %d of %d alerts fire", inc.Phase, inc.Firing, inc.Alerts)
	line("escalation %s at %v%s", inc.Escalation.Status, inc.Escalation.Position, waiting(&inc))
	for _, told := range inc.Told {
		line("  reached %s over %s", whom(told.Person), told.Contact)
	}
	for _, p := range inc.Pending {
		line("  on its way: %s to %s over %s", p.Kind, whom(p.Person), p.Contact())
	}
	line("timeline from %s", inc.Detected.UTC().Format(time.RFC3339))
	for i := range timeline {
		line("  %s", timeline[i].Line(inc.Detected))
	}
	return b.String(), nil
}

func decidedBy(inc *respond.Incident) string {
	if inc.Rule != "" {
		return "decided by route " + inc.Rule
	}
	return "decided by class " + inc.Class
}

func waiting(inc *respond.Incident) string {
	var text string
	for _, ack := range inc.Escalation.Acks {
		text += ", acknowledged by " + string(ack.By)
	}
	if due, ok := inc.Escalation.Due(); ok {
		text += ", next at " + due.UTC().Format(time.RFC3339)
	}
	return text
}

func whom(person escalate.PersonID) string {
	if person == "" {
		return "the room"
	}
	return string(person)
}
