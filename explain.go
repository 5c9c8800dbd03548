package tocsin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/store"
)

// Explain returns a text for people that explains an incident: its priority, its owner and the rule that decided, whom it
// reached, what it waits for, and its timeline. The id may also name an alert, or the first or latest event of an alert. Then
// the text begins with the alert and says why nobody was paged, if nobody was. The error wraps [ErrNotFound] for an unknown id.
// It is an [*UnreadableError] for an incident or alert that cannot be read. An id of a latest event is slow to find: Explain reads all
// alerts.
func (e *Engine) Explain(ctx context.Context, id string) (string, error) {
	row, err := e.read(ctx, id, true)
	if errors.Is(err, ErrNotFound) {
		return e.explainEvent(ctx, id)
	}
	if err != nil {
		return "", err
	}
	if row.Key.Kind != core.KindAlert {
		return e.explainIncident(ctx, id)
	}
	al, err := recOf[*core.Alert](ctx, e, &row)
	if err != nil {
		return "", err
	}
	return e.explainAlert(ctx, al)
}

func (e *Engine) explainIncident(ctx context.Context, id string) (string, error) {
	inc, err := e.Incident(ctx, id)
	if err != nil {
		return "", err
	}
	timeline, err := e.Timeline(ctx, id)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	say := func(format string, args ...any) { b.WriteString(oneLine(format, args...)) }
	say("incident %s: %s", inc.ID, inc.Title)
	say("priority %s", inc.Reason())
	say("owner %s, plan %s, %s", inc.Owner, inc.Plan, decidedBy(&inc))
	for _, step := range inc.Routes {
		say("  route %s", step)
	}
	say("phase %s, %d of %d alerts fire", inc.Phase, inc.Firing, inc.Alerts)
	say("escalation %s at %v%s", inc.Escalation.Status, inc.Escalation.Position, waiting(&inc))
	for _, told := range inc.Told {
		say("  reached %s over %s", whom(told.Person), told.Contact)
	}
	for _, p := range inc.Pending {
		say("  on its way: %s to %s over %s", p.Kind, whom(p.Person), p.Contact)
	}
	for i := range inc.Runs {
		say("  %s is %s  %s  %s", inc.Runs[i].ID, inc.Runs[i].State, inc.Runs[i].Why, inc.Runs[i].Said)
	}
	say("timeline from %s", inc.Detected.UTC().Format(time.RFC3339))
	for i := range timeline {
		say("  %s", timeline[i].Line(inc.Detected))
	}
	return b.String(), nil
}

// oneLine formats one line of an explanation, whatever the texts in it hold.
func oneLine(format string, args ...any) string { return line.Of(fmt.Sprintf(format, args...)) + "\n" }

func decidedBy(inc *incident.Incident) string {
	if inc.Rule != "" {
		return "decided by route " + inc.Rule
	}
	return "decided by class " + inc.Class
}

func waiting(inc *incident.Incident) string {
	var text string
	for _, ack := range inc.Escalation.Acks {
		text += ", acknowledged by " + string(ack.By)
	}
	if next := inc.Escalation.Next; !next.IsZero() {
		text += ", next at " + next.UTC().Format(time.RFC3339)
	}
	return text
}

func whom(person escalate.PersonID) string {
	if person == "" {
		return "the room"
	}
	return string(person)
}

// explainEvent explains the alerts whose first or latest event has the id.
func (e *Engine) explainEvent(ctx context.Context, id string) (string, error) {
	if event.CheckText(id, maxID) != nil {
		return "", fmt.Errorf("%w: %.40q", ErrNotFound, id)
	}
	alerts, err := e.alerts(ctx, store.Query{Ref: core.EventRef("", id)}, func(*core.Alert) bool { return true })
	if err == nil && len(alerts) == 0 { // the store has references to first events only, which keeps repeats cheap
		q := store.Query{Kind: core.KindAlert, Limit: 1_000}
		alerts, err = e.alerts(ctx, q, func(al *core.Alert) bool { return al.Latest.Event == id })
		if len(alerts) == 0 && (err == nil || isUnreadable(err)) {
			none := fmt.Errorf("%w: %q is no incident, no alert, and no first or latest event of an alert", ErrNotFound, id)
			return "", errors.Join(none, err)
		}
	}
	if err != nil && (len(alerts) == 0 || !isUnreadable(err)) {
		return "", fmt.Errorf("tocsin: explain %q: %w", id, err)
	}
	var b strings.Builder
	for _, al := range alerts {
		text, err := e.explainAlert(ctx, al)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// alerts returns those of the alerts that a query finds for which wanted is true. For alerts that cannot be read the error is the first
// [*UnreadableError]; the others are returned all the same.
func (e *Engine) alerts(ctx context.Context, q store.Query, wanted func(*core.Alert) bool) (all []*core.Alert, lost error) {
	for row, err := range rowsOf[*core.Alert](ctx, e, q) {
		switch {
		case isUnreadable(err):
			lost = cmp.Or(lost, err)
		case err != nil:
			return nil, err
		case wanted(row.rec):
			all = append(all, row.rec)
		}
	}
	return all, lost
}

// explainAlert explains an alert, and its incident if it has one.
func (e *Engine) explainAlert(ctx context.Context, al *core.Alert) (string, error) {
	text := oneLine("alert %s: class %s, %s since %s, came %d times, severity %s: %s", al.ID, al.Class, al.State,
		al.First.Received.UTC().Format(time.RFC3339), al.Count, al.Latest.Severity, al.Latest.Summary)
	if al.Incident != "" {
		incident, err := e.explainIncident(ctx, al.Incident)
		return text + incident, err
	}
	return text + oneLine("nobody was paged: %s", core.ViewAlert(al, e.catalog.Load()).Unpaged), nil
}
