package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/line"
)

const (
	ribbonsMost = 8
	barsMost    = 100 // of one ribbon
	barLeast    = 14  // minutes that the shortest bar is drawn as
)

// ribbon is the last day of a service.
type ribbon struct {
	Service, Label, Say string
	Bars                []bar
}

// bar is a time in which an incident was open, in minutes from the beginning of the ribbon.
type bar struct {
	Class string
	X, W  int
}

// ribbons draws the last day of the services of tier 1, and of others in which something happened.
func (m *mainPage) ribbons(q *request, p *projection, s *Snapshot) {
	services := make(map[string][]span)
	catalog := q.engine.Catalog().Source().Services
	for name, v := range catalog {
		if v.Tier == 1 {
			services[name] = nil
		}
	}
	for i := range s.Open {
		if name := s.Open[i].Service; name != "" {
			services[name] = append(services[name], span{Incident: s.Open[i], Took: s.Open[i].HeldAt, End: s.Open[i].Recovered})
		}
	}
	for _, e := range p.ended {
		if e.Service != "" {
			services[e.Service] = append(services[e.Service], e)
		}
	}
	names := slices.SortedFunc(maps.Keys(services), func(a, b string) int {
		return cmp.Or(cmp.Compare(catalog[a].Tier, catalog[b].Tier), strings.Compare(a, b))
	})
	for _, name := range names[:min(ribbonsMost, len(names))] {
		m.Ribbons = append(m.Ribbons, ribbonOf(name, services[name], s.Now))
	}
}

func ribbonOf(name string, spans []span, now time.Time) ribbon {
	r := ribbon{Service: line.Of(name), Say: "nothing"}
	var total time.Duration
	var held, unheld []bar
	for _, e := range slices.SortedStableFunc(slices.Values(spans), func(a, b span) int { return cmp.Compare(b.Priority, a.Priority) }) {
		end := e.End
		if end.IsZero() {
			end = now
		}
		total += end.Sub(e.Since)
		class := strings.ToLower(e.Priority.String())
		taken := e.Took
		if taken.IsZero() {
			taken = end
		}
		if e.State == Unheld || taken.Sub(e.Since) > time.Minute {
			unheld = append(unheld, barOf(class, e.Since, taken, now))
		}
		if end.After(taken) {
			held = append(held, barOf(class+" o", taken, end, now))
		}
	}
	r.draw(held, unheld)
	if n := len(spans); n > 0 {
		r.Say = fmt.Sprintf("%s, %s", plural(n, "incident"), ago(total))
	}
	r.Label = r.Service + ", last 24 hours: " + r.Say
	return r
}

// draw draws bars over each other: the worst over the others, and where nobody had an incident over where somebody did. Of too many to tell
// apart the last are drawn.
func (r *ribbon) draw(held, unheld []bar) {
	for _, b := range slices.Concat(held, unheld) {
		r.Bars = slices.DeleteFunc(r.Bars, func(o bar) bool { return o.X == b.X && o.W == b.W })
		r.Bars = append(r.Bars, b)
	}
	r.Bars = r.Bars[max(0, len(r.Bars)-barsMost):]
}

func barOf(class string, from, to, now time.Time) bar {
	minutes := func(t time.Time) int { return max(0, 1440-int(now.Sub(t)/time.Minute)) }
	b := bar{Class: class, X: minutes(from)}
	b.W = max(barLeast, minutes(to)-b.X)
	b.X = min(b.X, 1440-b.W)
	return b
}
