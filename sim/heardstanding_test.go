package sim_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/sim"
)

// atOnce is how long the first try of a P1's page may take.
const atOnce = time.Second

// standing is how an incident stands as its timeline has it.
type standing struct {
	opened, end  time.Duration // end: when it last recovered or was resolved
	acked, over  bool
	urgent, born bool // P1 now, and from the first
	fired        bool
	asked        map[string]time.Duration // by recipient: pages of a P1 that were made, and were not tried yet
}

// stand lets the standing of an incident follow an entry, and notes what leaves against it: a page of an incident that somebody has or
// that is over, word that an incident is over which is not, and a first try of a P1's page that comes late.
func (p *post) stand(e *sim.Entry, at time.Duration) {
	s := p.stood[e.About]
	if s == nil {
		s = &standing{asked: map[string]time.Duration{}, opened: at}
		p.stood[e.About] = s
	}
	switch e.Word {
	case incident.WordOpened:
		s.urgent = strings.HasPrefix(e.Text, "P1")
		s.born = s.urgent
	case incident.WordPriority:
		s.urgent = strings.Contains(e.Text, "→ P1")
	case incident.WordAcknowledged:
		s.acked = true
		clear(s.asked)
	case incident.WordUnacknowledged:
		s.acked = s.acked && e.Text == "others still have it"
	case incident.WordAlarmsAgain:
		s.acked = false
		clear(s.asked)
	case incident.WordRelapsed, incident.WordReopened:
		s.over = false
	case incident.WordMonitoring, incident.WordIncidentResolved:
		s.end, s.over, s.acked, s.fired = at, true, false, true // what comes back is a new round
		clear(s.asked)
	case incident.WordLevel:
		p.asks(e, s, at)
	case incident.WordRetry, incident.WordPage, incident.WordNotice, incident.WordAllClear:
		p.leaves(e, s, at)
	}
}

// asks notes whom a level of a P1 asks.
func (p *post) asks(e *sim.Entry, s *standing, at time.Duration) {
	names, ok := strings.CutPrefix(e.Text, "pages ")
	if !ok || !s.urgent {
		return
	}
	if wait := p.h.world.urgent; !s.fired && at > s.opened+wait+atOnce && s.born {
		p.complain(e, "the first level comes late")
	}
	s.fired = true
	names, _, _ = strings.Cut(names, "  ")
	for name := range strings.SplitSeq(names, ", ") {
		s.asked[name] = at
	}
}

// leaves checks a message that is tried.
func (p *post) leaves(e *sim.Entry, s *standing, at time.Duration) {
	kind, text := e.Word, e.Text
	if kind == incident.WordRetry {
		word, rest, _ := strings.Cut(text, " ")
		kind, text = incident.Word(word), rest
	}
	if strings.Contains(text, "left while it was withdrawn") || strings.Contains(text, "failed: ") {
		return
	}
	page := kind == incident.WordPage && strings.HasPrefix(text, "level ")
	switch over := kind == incident.WordAllClear || kind == incident.WordNotice && strings.HasPrefix(text, "recovered"); {
	case page && s.acked:
		p.complain(e, "a page leaves though somebody has the incident")
	case page && s.over:
		p.complain(e, "a page leaves though the incident is over")
	case over && !s.over:
		p.complain(e, "word of the end leaves though the incident is active")
	}
	if !page {
		return
	}
	_, who := recipientOf(kind, cutOutcome(text))
	if asked, ok := s.asked[who]; ok && at > asked+atOnce {
		p.complain(e, "the first try of a P1's page comes late")
	}
	delete(s.asked, who)
}

func (p *post) complain(e *sim.Entry, what string) {
	p.wrong = append(p.wrong, fmt.Sprintf("%s: %s %s", what, e.About, e.Line(t0)))
}

// cutOutcome returns the columns of a message without what became of it.
func cutOutcome(text string) string {
	for _, mark := range [...]string{"  failed: ", "  in ", "  left while"} {
		if columns, _, ok := strings.Cut(text, mark); ok {
			return columns
		}
	}
	return text
}
