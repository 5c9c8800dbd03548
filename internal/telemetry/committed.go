package telemetry

import (
	"context"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
	"go.opentelemetry.io/otel/metric"
)

// Changed is an incident that a decision wrote.
type Changed struct {
	Key      store.Key
	was, now *core.Incident // was is nil for one that opens
	lines    []incident.Entry
}

// ChangedBy returns the incidents that a decision wrote. The view from which it was made does not outlive the call.
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

// absorbed reports whether the incident took in events that did not open it.
func (c *Changed) absorbed() bool {
	for i := range c.lines {
		if c.lines[i].Word.Absorbs() {
			return true
		}
	}
	return false
}

// step is one step in the life of an incident, in the one word that its span and its count share.
type step struct {
	to    string
	level string // of a step to escalate
	at    time.Time
}

// steps reads the steps that the new entries tell of.
func (c *Changed) steps() []step {
	var all []step
	for i := range c.lines {
		if e := &c.lines[i]; e.Word.Counts() != "" {
			all = append(all, step{e.Word.Counts(), e.Of, e.At})
		}
	}
	return all
}

// Committed counts what a decision did to incidents, once it is stored.
func (t *Telemetry) Committed(ctx context.Context, all []Changed, cat *catalog.Compiled) {
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

// response tells the response to one incident from that to another: how bad it is, and how important its service.
func response(cat *catalog.Compiled, inc *core.Incident) metric.MeasurementOption {
	tier := ""
	if n := cat.Facts(nil, &event.Class{Service: inc.Service}, "").Service.Tier; n > 0 {
		tier = strconv.Itoa(n)
	}
	return with("priority", inc.Rating.Priority.String(), "service.tier", tier)
}
