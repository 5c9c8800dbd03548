package sim_test

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/sim"
)

// message is one message to one recipient, as the timeline of its incident tells of it.
type message struct {
	incident   string
	kind       incident.Word
	what, who  string // level or note; person or room
	topic      string
	made, left time.Duration // left is the instant of the latest try
	sent, gone bool          // gone: withdrawn
	names      map[*condition]bool
}

// The topics of messages that the checks tell apart; empty: the message asks, or tells news.
const (
	topicRecovered = "recovered"
	topicOver      = "over"
	topicQuiet     = "quiet"
	topicConfirm   = "confirm"
	topicAck       = "ack"
	topicTaken     = "taken"
)

// topicOf returns what a message tells.
func topicOf(kind incident.Word, what string) string {
	switch {
	case kind == incident.WordAllClear:
		return topicOver
	case strings.HasPrefix(what, "recovered") || strings.HasPrefix(what, "its last alert belongs"):
		return topicRecovered
	case strings.HasPrefix(what, "nothing was heard"), strings.HasPrefix(what, "nobody has confirmed"):
		return topicQuiet
	case strings.Contains(what, "has it, and was not asked"):
		return topicTaken
	}
	return ""
}

// round is a level that fired, and because of which conditions.
type round struct {
	at    time.Duration
	names map[*condition]bool
}

// post collects the messages of a history, and knows of which conditions each is about.
type post struct {
	h        *history
	messages []*message
	rounds   []round
	open     map[string]*message            // tried and not yet accepted
	fresh    map[string]map[*condition]bool // by incident: alerts that came since the latest round began
	round    map[string]map[*condition]bool // by incident: alerts because of which the latest round began
	members  map[string]map[*condition]bool // by incident
	findings map[string]bool                // incidents about findings
	told     map[string]time.Duration       // by incident: when a message was last made
	stood    map[string]*standing           // by incident
	because  *signal                        // the signal at hand
	// madeAt returns when a message was made that was first tried at the instant; nil: then.
	madeAt func(m *message, tried time.Duration) time.Duration
	wrong  []string // messages that were not withdrawn in time, and first tries that came late
}

func newPost(h *history) *post {
	set := func() map[string]map[*condition]bool { return map[string]map[*condition]bool{} }
	return &post{
		h: h, open: map[string]*message{}, fresh: set(), round: set(), members: set(), findings: map[string]bool{},
		told:  map[string]time.Duration{},
		stood: map[string]*standing{},
	}
}

// foreign reports whether an incident is about none of the conditions.
func (p *post) foreign(id string) bool { return len(p.members[id]) == 0 }

// named returns the condition whose alert or summary the text names.
func (p *post) named(text string) *condition {
	for _, c := range p.h.conds {
		if strings.Contains(text, c.event.Summary) || strings.Contains(text, c.alert()) {
			return c
		}
	}
	return nil
}

// read takes in an entry. It returns the message that the entry is about, if it is about one.
func (p *post) read(e *sim.Entry) *message {
	if strings.Contains(e.About, "/") {
		return nil // of an alert
	}
	if e.Word == incident.WordOpened && e.Actor == "tocsin" {
		p.findings[e.About] = true
	}
	if p.findings[e.About] { // it names an incident, and goes to the catch-all
		return nil
	}
	at := e.At.Sub(t0)
	p.stand(e, at)
	switch e.Word {
	case incident.WordOpened, incident.WordJoined, incident.WordFiresAgain, incident.WordRelapsed, incident.WordReopened,
		incident.WordAlarmsAgain:
		if c := p.named(e.Text); c != nil {
			add(p.fresh, e.About, c)
			add(p.members, e.About, c)
		}
	case incident.WordLevel:
		if e.Of == "1" && len(p.fresh[e.About]) > 0 {
			p.round[e.About], p.fresh[e.About] = p.fresh[e.About], nil
		}
		p.rounds = append(p.rounds, round{at, p.round[e.About]})
	case incident.WordSteady: // a message that it fires was made
		if c := p.named(e.Text); c != nil {
			p.rounds = append(p.rounds, round{at, map[*condition]bool{c: true}})
		}
	case incident.WordPage, incident.WordNotice, incident.WordReminder, incident.WordAllClear:
		return p.tried(e.About, e.Word, e.Text, at)
	case incident.WordRetry:
		kind, rest, _ := strings.Cut(e.Text, " ")
		return p.tried(e.About, incident.Word(kind), rest, at)
	case incident.WordWithdrawn:
		p.withdrawn(e.About, e.Text)
	}
	return nil
}

func add(to map[string]map[*condition]bool, id string, c *condition) {
	if to[id] == nil {
		to[id] = map[*condition]bool{}
	}
	to[id][c] = true
}

// tried takes in a try to send a message.
func (p *post) tried(id string, kind incident.Word, text string, at time.Duration) *message {
	columns := cutOutcome(text)
	accepted := columns == text || strings.Contains(text, "  left while")
	what, who := recipientOf(kind, columns)
	key := id + "|" + string(kind) + "|" + what + "|" + who
	m := p.open[key]
	if m == nil {
		m = &message{incident: id, kind: kind, what: what, who: who, topic: topicOf(kind, what), made: at, names: map[*condition]bool{}}
		if p.madeAt != nil {
			m.made = p.madeAt(m, at)
		}
		if m.topic == topicRecovered || m.topic == topicOver {
			m.made = p.stood[id].end // it may have waited behind another message
		}
		if kind == incident.WordReminder {
			m.topic = topicAck
			if p.stood[id].over {
				m.topic = topicConfirm
			}
		}
		p.messages, p.open[key] = append(p.messages, m), m
		p.about(m)
		p.told[id] = at
	}
	if m.left = at; accepted {
		m.sent = true
	}
	if accepted || strings.Contains(text, "  failed: ") && strings.Contains(who, ":") { // a room has no other contact
		delete(p.open, key)
	}
	return m
}

// about notes which conditions a message names, or was made because of.
func (p *post) about(m *message) {
	if c := p.named(m.what); c != nil {
		m.names[c] = true
	}
	if strings.HasPrefix(m.what, "level ") || len(p.members[m.incident]) == 1 {
		for c := range p.round[m.incident] {
			m.names[c] = true
		}
	}
	for _, c := range p.h.conds { // a message about several joiners
		if strings.Contains(m.what, c.event.Summary) {
			m.names[c] = true
		}
	}
	if p.because != nil && p.members[m.incident][p.because.of] {
		m.names[p.because.of] = true
	}
}

// recipientOf splits the columns of a message.
func recipientOf(kind incident.Word, text string) (what, who string) {
	columns := strings.Split(text, "  ")
	if n := len(columns); n >= 2 && slices.Contains([]string{"ana", "ben", "cem", "dee"}, columns[n-2]) {
		return strings.Join(columns[:n-2], "  "), columns[n-2]
	}
	n := len(columns)
	return strings.Join(columns[:n-1], "  "), columns[n-1]
}

// withdrawn takes a message back that was tried before.
func (p *post) withdrawn(id, text string) {
	for key, m := range p.open {
		if rest, ok := strings.CutPrefix(text, m.what); ok && m.incident == id && strings.HasPrefix(strings.TrimPrefix(rest, "  "), m.who) {
			m.gone = true
			delete(p.open, key)
		}
	}
}
