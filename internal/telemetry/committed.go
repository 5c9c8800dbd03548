package telemetry

import (
	"context"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/spans"
	"github.com/tocsin-dev/tocsin/store"
	"go.opentelemetry.io/otel/metric"
)

// Changed is an incident that a decision wrote.
type Changed struct {
	Key      store.Key
	was, now *core.Incident // was is nil for a new incident
	lines    []incident.Entry
}

// ChangedBy returns the incidents that a decision wrote. Call it within the decision, since the view is not valid later.
func ChangedBy(d *core.Decision, v store.View) []Changed {
	var all []Changed
	for i := range d.Put {
		c := &d.Put[i]
		if now, ok := c.Rec.(*core.Incident); ok {
			was, _ := v.Records[c.Key].Rec.(*core.Incident)
			all = append(all, Changed{Key: c.Key, was: was, now: now, lines: d.Lines[i]})
		}
	}
	return all
}

// Group returns the key of the incident's group.
func (c *Changed) Group() store.Key {
	return store.Key{Tenant: c.Key.Tenant, Kind: core.KindGroup, ID: c.now.Group}
}

// absorbed reports whether the incident absorbed events after it had opened.
func (c *Changed) absorbed() bool {
	for i := range c.lines {
		if c.lines[i].Word.Absorbs() {
			return true
		}
	}
	return false
}

// step is one transition of an incident.
type step struct {
	to    string // name in spans and metrics
	level string // only of escalate
	at    time.Time
}

// steps returns the transitions in the new entries.
func (c *Changed) steps() []step {
	var all []step
	for i := range c.lines {
		if e := &c.lines[i]; e.Word.Counts() != "" {
			all = append(all, step{e.Word.Counts(), e.Of, e.At})
		}
	}
	return all
}

// Committed counts the changes of a stored decision.
func (t *Telemetry) Committed(ctx context.Context, all []Changed, cat *catalog.Compiled) {
	defer spans.Shield()
	for n := range all {
		c := &all[n]
		now, priority := c.now, c.now.Rating.Priority.String()
		t.moved(ctx, c)
		for _, s := range c.steps() {
			t.transitions.Add(ctx, 1, with("priority", priority, "to", s.to))
			switch s.to {
			case "escalate":
				t.levels.Add(ctx, 1, with("policy", cat.Pin(now.Plan).Plan.Policy, "level", s.level))
			case "resolve":
				t.resolve.Record(ctx, s.at.Sub(now.Phases.Detected).Seconds(), response(cat, now))
			}
		}
		if taken := now.Escalation.Taken; !taken.IsZero() && (c.was == nil || c.was.Escalation.Taken.IsZero()) {
			t.acknowledge.Record(ctx, taken.Sub(now.Phases.Detected).Seconds(), response(cat, now))
		}
	}
}

// response returns the attributes of the response times: the priority, and the tier of the service.
func response(cat *catalog.Compiled, inc *core.Incident) metric.MeasurementOption {
	tier := ""
	if n := cat.Facts(nil, inc.Service, "").Service.Tier; n > 0 {
		tier = strconv.Itoa(n)
	}
	return with("priority", inc.Rating.Priority.String(), "service.tier", tier)
}
