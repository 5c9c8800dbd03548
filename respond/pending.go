package respond

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/correlate"
	"github.com/tocsin-dev/tocsin/incident"
)

// waits follows up on a trigger after which its alert is pending, for the first time or still.
func (t *turn) waits(u *unit, row *record, a *Assessed, still bool) {
	al := row.rec.(*Alert)
	al.Held = kept(a.Event)
	u.group.Earlier(al.Until)
	if still {
		return
	}
	at := al.Latest.Received
	var need []string
	if a.Class.For > 0 {
		need = append(need, "for "+incident.Short(a.Class.For))
	}
	if a.Class.Count > 1 {
		need = append(need, fmt.Sprintf("%d times in %s", a.Class.Count, incident.Short(a.Class.Within)))
	}
	noteAlert(row, at, incident.KindState, "pending", a.Event.Source, "fires if it comes %s  %s %q",
		strings.Join(need, " or "), a.Severity, al.Latest.Summary)
	t.skewed(row, a, at)
	t.findings(a, at)
}

// waited ends the wait of a pending alert: it fires, or it has not come often enough. It is false if the view does not hold
// what that takes.
func (t *turn) waited(u *unit, row *record, at time.Time) bool {
	al := row.rec.(*Alert)
	held := *al.Held
	al.Held, row.dirty = nil, true
	u.touch(at)
	if al.Lapses {
		times := al.Count
		al.Lapse(at)
		noteAlert(row, at, incident.KindState, "resolved", "", "%s: it came %d times in all", correlate.ByLapse, times)
		return true
	}
	al.Fire()
	held.Received = at
	a := Assess(t.cat, &held)
	if u = t.regroup(al, a); u == nil {
		return false
	}
	at = u.from(at)
	sayAlert(row, at, incident.KindState, "opened", held.Source, opening(a.Severity, al.Latest.Summary))
	if due, ok := al.StaleAt(); ok {
		u.stales(due)
	}
	t.promote(u, row, a, at)
	return true
}
