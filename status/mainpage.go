package status

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

const (
	rowsMost   = 50 // rows of one page
	screenMost = 8  // rows of a screen on a wall
	denseFrom  = 8  // rows of a section that nobody must act on, from which on it is dense
	narrowFrom = 12 // open incidents from which on services are offered
)

// mainPage is what is open now.
type mainPage struct {
	frame
	Verdict  statement
	Class    string
	Glyph    glyph
	Detail   string
	Said     *answer // about an incident that has no row
	Silence  []fact
	Sections []section
	Filter   string
	Ribbons  []ribbon
	DayAgo   string
	News     []piece
	// Capabilities are those that are not quiet, and CapabilitiesMore counts the others in words.
	Capabilities     []capabilityView
	CapabilitiesMore string

	Hears   []fact
	Engine  []fact
	CanAct  bool
	Duty    []dutyView
	Gaps    []gapView
	Letters int
	// LettersSay counts the dead letters in words.
	LettersSay string
	Screen     []rowView
	Rest       *rest
	Bar        *rowView // what a telephone offers to acknowledge
}

type section struct {
	ID, Name string
	was      string // its name once nothing is known any more
	Count    int
	Rows     []rowView
	Dense    bool
	Asks     []askView
	Both     []string // ids of incidents that are acknowledged together
	BothSay  string
	More     string
	Narrow   []tally
}

type tally struct {
	Name, Class string
	Count       int
}

type askView struct {
	Key, Title, Text, Path, Do string
	Glyph                      glyph
	Age                        *moment
}

type gapView struct {
	Team     string
	From, To *moment
}

type piece struct {
	At            *moment
	ID, What, Why string
}

type rest struct {
	Count int
	Kinds []tally
}

func (q *request) main() error {
	p, now := q.fresh(), q.now()
	said, of := make(map[string]answer), q.URL.Query().Get("of")
	i := slices.IndexFunc(p.Open, func(i Incident) bool { return i.ID == of })
	if did := q.URL.Query().Get("did"); i >= 0 {
		if a := q.done(did, &p.Open[i], now); a != nil {
			said[of] = *a
		}
	} else if a := q.done(did, &Incident{}, now); a != nil {
		said[of] = *a
	}
	return q.render(200, "main", q.mainPage(p, now, said))
}

func (q *request) verdict() error {
	s := q.snapshot(q.fresh(), q.now())
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(q.w, Verdict(s)) // the viewer has gone away if this fails
	return nil
}

// mainPage returns the main page of a projection. answers are by id of the incident.
func (q *request) mainPage(p *projection, now time.Time, answers map[string]answer) *mainPage {
	s := q.snapshot(p, now)
	said := verdictOf(&s)
	query := url.Values{}
	for _, k := range []string{"wall", "service"} {
		if v := q.URL.Query().Get(k); v != "" {
			query.Set(k, v)
		}
	}
	m := &mainPage{
		frame: q.frame(said.text(), "Now", now, s.AsOf), Verdict: said, Glyph: glyph{q.base, "cir"},
		Filter: query.Get("service"), CanAct: q.mayAct() && s.Fault == "", Duty: dutyViews(s.OnCall, now),
		Letters: s.DeadLetters, LettersSay: plural(s.DeadLetters, "message") + " failed for good", DayAgo: clock(now.Add(-dayAgo), now),
	}
	m.Wall, m.Live, m.Blind, m.Events = query.Get("wall") == "1", true, said.Blind, q.base+"events?"+query.Encode()
	m.look(said)
	if m.Blind && slices.Contains(q.viewer.Grants, "operator") { // the text may name servers
		m.Detail = line.Of(p.detail)
	}
	for _, g := range s.Gaps {
		m.Gaps = append(m.Gaps, gapView{line.Of(g.Team), minute(g.From, now), minute(g.To, now)})
	}
	if m.Wall {
		m.screen(q, &s)
		return m
	}
	m.sections(q, &s, answers)
	m.capabilities(q, &s)
	m.Hears = hears(&s)
	m.ribbons(q, p, &s)
	m.engine(p, &s)
	return m
}

// look sets how the verdict looks.
func (m *mainPage) look(v statement) {
	switch {
	case v.Blind:
		m.Class, m.Icon = "blind", "blind"
	case v.State == "":
		m.Class = "quiet"
	default:
		m.Class, m.Glyph.Shape = string(v.State)+" "+strings.ToLower(v.Priority.String()), shapeOf(v.Priority)
		if v.State == Unheld || v.State == Held {
			m.Icon = string(v.State)
		}
	}
}

// sections fills the lists of what is open. It takes out of answers those that have a row.
func (m *mainPage) sections(q *request, s *Snapshot, answers map[string]answer) {
	room := rowsMost
	for _, sec := range []section{
		{ID: "needs", Name: "Needs you", was: "Needed somebody"},
		{ID: "hand", Name: "In hand", was: "Was in hand"},
		{ID: "watched", Name: "Being watched", was: "Was being watched"},
		{ID: "told", Name: "For information", was: "Was for information"},
	} {
		if m.Blind {
			sec.Name = sec.was + " at " + clock(s.AsOf, s.Now)
		}
		all := m.of(s, sec.ID)
		sec.rows(q, s, all[:min(room, len(all))], m.Blind, answers)
		room -= len(sec.Rows)
		if sec.ID == "needs" {
			sec.Asks = q.asks(s)
			sec.together(all, m.CanAct)
			if m.CanAct && len(sec.Rows) > 0 {
				sec.Rows[0].InBar, m.Bar = true, &sec.Rows[0]
			}
		}
		sec.Count = len(all) + len(sec.Asks)
		if n := len(all) - len(sec.Rows); n > 0 {
			sec.More = fmt.Sprintf("and %d more; narrow by service to see them", n)
		}
		if sec.Count == 0 && sec.ID == "told" {
			continue
		}
		if sec.Count == 0 {
			m.Silence = append(m.Silence, fact{Name: sec.Name, Text: "Nothing."})
			continue
		}
		m.Sections = append(m.Sections, sec)
	}
	if len(m.Sections) > 0 && (len(s.Open) >= narrowFrom || m.Filter != "") {
		m.Sections[0].Narrow = byService(s.Open)
	}
	for _, a := range answers {
		m.Said = &a
	}
}

// rows fills the rows of a section.
func (sec *section) rows(q *request, s *Snapshot, all []*Incident, blind bool, answers map[string]answer) {
	for _, i := range all {
		r := q.row(i, s.Now, blind)
		if a, ok := answers[i.ID]; ok {
			r.Answer = &a
			delete(answers, i.ID)
		}
		sec.Rows = append(sec.Rows, r)
	}
	sec.Dense = sec.ID != "needs" && len(sec.Rows) > denseFrom
}

// of returns the incidents of a section, of one service if the viewer asked for it.
func (m *mainPage) of(s *Snapshot, id string) (all []*Incident) {
	for i := range s.Open {
		in := map[State]string{Unheld: "needs", Held: "hand", Watched: "watched", Informed: "told"}[s.Open[i].State]
		if in == id && (m.Filter == "" || s.Open[i].Service == m.Filter) {
			all = append(all, &s.Open[i])
		}
	}
	return all
}

// together offers to acknowledge all incidents of the worst priority at once.
func (sec *section) together(all []*Incident, can bool) {
	if !can || len(all) < 2 {
		return
	}
	for _, i := range all {
		if i.Priority == all[0].Priority && len(sec.Both) < rowsMost {
			sec.Both = append(sec.Both, i.ID)
		}
	}
	if sec.BothSay = fmt.Sprintf("%d %v", len(sec.Both), all[0].Priority); len(sec.Both) < 2 {
		sec.Both = nil
	}
}

// byService counts incidents by service, the most first.
func byService(open []Incident) (all []tally) {
	counts := make(map[string]int)
	for i := range open {
		if open[i].Service != "" {
			counts[open[i].Service]++
		}
	}
	for name, n := range counts {
		all = append(all, tally{Name: name, Count: n})
	}
	slices.SortFunc(all, func(a, b tally) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all[:min(len(all), 10)]
}

// asks are what needs somebody beside incidents: questions of runbooks, lost pages, and teams without anybody on call.
func (q *request) asks(s *Snapshot) (all []askView) {
	square := glyph{q.base, "sq"}
	for _, a := range s.Asks {
		v := askView{Key: a.Run, Title: "Approve: " + clip(a.Runbook, 80), Do: "Look and decide", Glyph: square, Path: "incident/" + a.Incident, Age: age(a.Since, s.Now)}
		v.Text = "for " + clip(a.Title, 120)
		if a.Question != "" {
			v.Title, v.Do = clip(a.Question, 160), "Answer"
			v.Text = "runbook " + clip(a.Runbook, 80) + " asks · " + v.Text
		}
		all = append(all, v)
	}
	for k, l := range s.Lost {
		all = append(all, askView{
			Key: "lost" + strconv.Itoa(k), Title: "A page reached nobody", Do: "Look", Glyph: square, Path: "messages", Age: age(l.Died, s.Now),
			Text: fmt.Sprintf("%s over %s at %s · %v %s", clip(l.To, 40), clip(l.Channel, 20), clock(l.Died, s.Now), l.Priority, clip(l.Title, 120)),
		})
	}
	for _, g := range s.Gaps {
		if !g.From.After(s.Now) {
			all = append(all, askView{
				Key: "gap" + g.Team, Title: "Nobody is on call for " + clip(g.Team, 80), Do: "Look", Glyph: square, Path: "catalog",
				Text: "pages go to the next level" + untilOf(&g, s.Now),
			})
		}
	}
	return all
}

// screen fills the rows of a screen on a wall.
func (m *mainPage) screen(q *request, s *Snapshot) {
	for i := range s.Open[:min(screenMost, len(s.Open))] {
		m.Screen = append(m.Screen, q.row(&s.Open[i], s.Now, m.Blind))
	}
	others := s.Open[len(m.Screen):]
	if len(others) == 0 {
		return
	}
	m.Rest = &rest{Count: len(others)}
	for p := severity.P1; p <= severity.P5; p++ {
		n := 0
		for i := range others {
			if others[i].Priority == p {
				n++
			}
		}
		if n > 0 {
			m.Rest.Kinds = append(m.Rest.Kinds, tally{Name: p.String(), Class: strings.ToLower(p.String()), Count: n})
		}
	}
}

// engine says how the engine is, and what has happened lately.
func (m *mainPage) engine(p *projection, s *Snapshot) {
	m.Engine = []fact{
		{Name: "Last look", Text: ago(s.Now.Sub(s.AsOf)) + " ago"},
		{Name: "Store", Text: fmt.Sprintf("answered in %d ms", max(1, p.took.Milliseconds()))},
		{Name: "Waiting to send", Text: plural(s.Sending, "message")},
		{Name: "Open", Text: plural(len(s.Open), "incident")},
	}
	if m.Blind {
		m.Engine[1].Text, m.Engine[2].Text = s.Fault, "unknown"
	}
	var first *Duty
	for k := range s.OnCall {
		if d := &s.OnCall[k]; !d.Until.IsZero() && (first == nil || d.Until.Before(first.Until)) {
			first = d
		}
	}
	if first != nil {
		next := people(first.Next)
		if next == "" {
			next = "nobody"
		}
		m.Engine = append(m.Engine, fact{Name: "Next handoff", Text: clock(first.Until, s.Now) + ", " + line.Of(first.Team) + ": to " + next})
	}
	var spans []span
	for i := range s.Open {
		spans = append(spans, span{Incident: s.Open[i]})
	}
	spans = append(spans, p.ended...)
	slices.SortStableFunc(spans, func(a, b span) int { return b.last().Compare(a.last()) })
	for _, e := range spans[:min(6, len(spans))] {
		why := fmt.Sprintf("opened %s", clip(e.Why, 120))
		if !e.End.IsZero() {
			why = fmt.Sprintf("resolved %v after %s", e.Priority, ago(e.End.Sub(e.Since)))
		}
		m.News = append(m.News, piece{At: minute(e.last(), s.Now), ID: e.ID, What: clip(e.Title, 120), Why: why})
	}
}

// last is when something last happened to the incident of the span.
func (e *span) last() time.Time {
	if e.End.IsZero() {
		return e.Since
	}
	return e.End
}
