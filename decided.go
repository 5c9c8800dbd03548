package tocsin

import (
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
	lines    []incident.Entry  // that its timeline got
	steps    []transition      // of these, once read, what became of it
	absorbed bool              // whether it took in events that did not open it; once read
}

// newDecided keeps what telemetry needs of a decision and of the view that it was made from, which does not outlive the call.
func newDecided(d respond.Decision, v store.View) decided {
	out := decided{Decision: d}
	for i := range d.Put {
		c := &d.Put[i]
		if now, ok := c.Rec.(*respond.Incident); ok {
			was, _ := v.Records[c.Key].Rec.(*respond.Incident)
			out.changed = append(out.changed, changed{key: c.Key, was: was, now: now, lines: d.Lines[i]})
		}
	}
	return out
}

// read finds in the lines what became of the incidents.
func (d *decided) read() {
	for i := range d.changed {
		c := &d.changed[i]
		for j := range c.lines {
			e := &c.lines[j]
			if e.Kind != incident.KindState && e.Kind != incident.KindAck {
				continue
			}
			switch step, ok := stepOf(e); {
			case ok:
				c.steps = append(c.steps, step)
			case e.What == "joined" || e.What == "fires again" || e.What == "repeated":
				c.absorbed = true
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

// stepOf reads the transition that a line tells of; false if it tells of none.
func stepOf(e *incident.Entry) (transition, bool) {
	if level, ok := strings.CutPrefix(e.What, "level "); ok {
		n, _ := strconv.Atoi(level)
		return transition{"escalate", n, e.At}, true
	}
	to, ok := words[e.What]
	return transition{to: to, at: e.At}, ok
}
