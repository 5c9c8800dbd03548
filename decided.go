package tocsin

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// decided is a decision and what stood before it. Of all the runs of a decision only the one that was committed is counted
// and traced.
type decided struct {
	respond.Decision
	changed []changed
}

// changed is an incident that a decision wrote.
type changed struct {
	key      store.Key
	was, now *respond.Incident // was is nil for one that opens
	put      []store.Entry     // on its timeline
	entries  []incident.Entry  // of these, once read, those that say what became of it
}

// newDecided keeps what telemetry needs of a decision and of the view that it was made from, which does not outlive the call.
func newDecided(d respond.Decision, v store.View) decided {
	out := decided{Decision: d}
	for i := range d.Put {
		c := &d.Put[i]
		if now, ok := c.Rec.(*respond.Incident); ok {
			was, _ := v.Records[c.Key].Rec.(*respond.Incident)
			out.changed = append(out.changed, changed{key: c.Key, was: was, now: now, put: c.Entries})
		}
	}
	return out
}

// read takes the entries apart that say what became of the incidents.
func (d *decided) read() {
	for i := range d.changed {
		c := &d.changed[i]
		for _, e := range c.put {
			var entry incident.Entry
			kind := incident.EntryKind(e.Kind)
			if (kind == incident.KindState || kind == incident.KindAck) && json.Unmarshal(e.Doc, &entry) == nil {
				c.entries = append(c.entries, entry)
			}
		}
	}
}

// transition is a step in the life of an incident, in the one word that its span and its count share.
type transition struct {
	to    string
	level int // of escalate
	at    time.Time
}

// words maps what a timeline says to transitions.
var words = map[string]string{
	"opened": "open", "relapsed": "relapse", "reopened": "reopen", "monitoring": "monitor", "incident resolved": "resolve",
	"acknowledged": "acknowledge", "unacknowledged": "unacknowledge", "priority": "reprioritise",
	"alarms again": "alarm", "exhausted": "exhaust", "informed": "inform",
}

// transitions lists what became of the incident, in order.
func (c *changed) transitions() []transition {
	var steps []transition
	for _, e := range c.entries {
		if level, ok := strings.CutPrefix(e.What, "level "); ok {
			n, _ := strconv.Atoi(level)
			steps = append(steps, transition{"escalate", n, e.At})
		} else if to, ok := words[e.What]; ok {
			steps = append(steps, transition{to: to, at: e.At})
		}
	}
	return steps
}

// absorbed reports whether the incident took in events that did not open it.
func (c *changed) absorbed() bool {
	return slices.ContainsFunc(c.entries, func(e incident.Entry) bool {
		return e.What == "joined" || e.What == "fires again" || e.What == "repeated"
	})
}
