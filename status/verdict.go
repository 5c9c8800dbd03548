package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/severity"
)

// verdictMost is the number of characters that a verdict has at most.
const verdictMost = 140

// Incidents that opened within stormSpan are a storm from stormFrom on.
const (
	stormSpan = 15 * time.Minute
	stormFrom = 10
)

// Verdict says in at most 140 characters how things stand: what is wrong, how bad it is, who has it, and what happens next. The worst
// decides: blind, unheld, a page that nobody got, nobody on call, held, watched, an intake that is silent, quiet. The result is one line of visible characters
// and never empty. Names and titles are shortened where they do not fit.
func Verdict(s Snapshot) string { return verdictOf(&s).text() }

// statement is a verdict in parts.
type statement struct {
	State    State // empty: quiet
	Blind    bool
	Priority severity.Priority // of what it is about; zero: of no incident
	// First and Second are the sentences. The one that says who has it, or that nobody has, is strong: the first, unless SecondStrong.
	First, Second, Third string
	SecondStrong         bool
}

func (v statement) text() string {
	return clip(strings.Join([]string{v.First, v.Second, v.Third}, " "), verdictMost)
}

// verdictOf returns the fullest statement that fits; if none does, the last one cut short.
func verdictOf(s *Snapshot) statement {
	var v statement
	for _, room := range []int{90, 64, 48, 36, 28, 20} {
		if v = stated(s, room); fits(&v) {
			return v
		}
	}
	v.Second, v.Third = clip(v.Second, max(2, verdictMost-1-utf8.RuneCountInString(v.First))), ""
	return v
}

func fits(v *statement) bool {
	return utf8.RuneCountInString(v.First)+utf8.RuneCountInString(v.Second)+utf8.RuneCountInString(v.Third)+2 <= verdictMost
}

// stated returns the statement with titles of at most room characters.
func stated(s *Snapshot, room int) statement {
	unheld, held, watched := s.in(Unheld), s.in(Held), s.in(Watched)
	recent := s.recent()
	switch {
	case s.Fault != "":
		return blind(s)
	case len(recent) >= stormFrom && len(unheld)+len(held) > 0:
		return storm(s, recent, unheld, room)
	case len(unheld) > 0:
		return nobody(s, unheld, room)
	case len(s.Lost) > 0:
		return lost(s, room)
	case len(s.Gaps) > 0 && !s.Gaps[0].From.After(s.Now):
		return gap(s)
	case len(held) > 0:
		return inHand(s, held, room)
	case len(watched) > 0:
		return recovered(s, watched, room)
	case s.silent() != nil:
		return quietBut(s, s.silent())
	case len(s.Open) > 0:
		return told(s, room)
	}
	return quiet(s)
}

// in returns the incidents of a state, the worst first.
func (s *Snapshot) in(state State) (all []*Incident) {
	for i := range s.Open {
		if s.Open[i].State == state {
			all = append(all, &s.Open[i])
		}
	}
	slices.SortStableFunc(all, (*Incident).compare)
	return all
}

// compare orders incidents of one state: the worst priority first, then the oldest.
func (i *Incident) compare(o *Incident) int {
	return cmp.Or(cmp.Compare(i.Priority, o.Priority), i.Since.Compare(o.Since), cmp.Compare(i.ID, o.ID))
}

// recent returns the incidents that may be of one storm.
func (s *Snapshot) recent() (all []*Incident) {
	for i := range s.Open {
		if s.Now.Sub(s.Open[i].Since) < stormSpan {
			all = append(all, &s.Open[i])
		}
	}
	return all
}

func blind(s *Snapshot) statement {
	return statement{
		Blind:  true,
		First:  fmt.Sprintf("We cannot say: no decision for %s, %s.", ago(s.Now.Sub(s.AsOf)), clip(s.Fault, 48)),
		Second: "What you see is from " + s.AsOf.In(s.Now.Location()).Format("15:04:05") + ".",
	}
}

func storm(s *Snapshot, recent, unheld []*Incident, room int) statement {
	oldest, p1, p := s.Now, 0, severity.P5
	for _, i := range recent {
		p = min(p, i.Priority)
		if i.Since.Before(oldest) {
			oldest = i.Since
		}
		if i.Priority == severity.P1 {
			p1++
		}
	}
	v := statement{State: Held, Priority: p, SecondStrong: true, Second: "All are in hand."}
	v.First = fmt.Sprintf("%d incidents in %s", len(recent), ago(s.Now.Sub(oldest)))
	if p1 > 0 {
		v.First += fmt.Sprintf(", %d of them P1", p1)
	}
	if s.Needed.Incidents > 0 {
		v.First += fmt.Sprintf("; %d %s %s", s.Needed.Incidents, s.needs(), clip(s.Needed.Service, 24))
	}
	v.First += "."
	if len(unheld) == 0 {
		return v
	}
	bad := 0
	for _, i := range unheld {
		if i.Priority == unheld[0].Priority {
			bad++
		}
	}
	v.State, v.Priority = Unheld, unheld[0].Priority
	v.Second = fmt.Sprintf("%s %v have nobody.", capital(count(bad)), unheld[0].Priority)
	if bad == 1 {
		v.Second = fmt.Sprintf("%v %s has nobody.", unheld[0].Priority, title(unheld[0], min(room, 40)))
	}
	return v
}

// needs says what most open incidents have to do with the service that they share: they need it, or they are about it.
func (s *Snapshot) needs() string {
	own := 0
	for i := range s.Open {
		if s.Open[i].Service == s.Needed.Service {
			own++
		}
	}
	if 2*own > s.Needed.Incidents {
		return "are about"
	}
	return "need"
}

func nobody(s *Snapshot, unheld []*Incident, room int) statement {
	i := unheld[0]
	v := statement{State: Unheld, Priority: i.Priority}
	since := ago(s.Now.Sub(i.Since))
	if len(unheld) == 1 {
		v.First = fmt.Sprintf("%s for %s and nobody has it.", title(i, room), since)
		v.Second = next(i, s.Now) + "."
		switch {
		case len(i.Asked) > 0:
			v.Second = paged(i) + "; " + v.Second
		case len(i.Next) == 0: // it begins with no name, which is written as the catalog writes it
			v.Second = capital(v.Second)
		}
		return v
	}
	v.First = fmt.Sprintf("%s incidents have nobody.", capital(count(len(unheld))))
	v.Second = fmt.Sprintf("Worst: %v %s for %s; %s.", i.Priority, title(i, room), since, next(i, s.Now))
	return v
}

// paged says who was paged, and how often if that is the same for all: "ana was paged twice".
func paged(i *Incident) string {
	said := people(i.Asked) + " " + verb(i.Asked, "was", "were") + " paged"
	switch n := i.Pages; {
	case len(n) == 0 || slices.ContainsFunc(n, func(k int) bool { return k != n[0] }) || n[0] < 2:
		return said
	case n[0] == 2:
		return said + " twice"
	default:
		return said + " " + count(n[0]) + " times"
	}
}

// title returns a title as part of a sentence.
func title(i *Incident, room int) string {
	if t := strings.TrimRight(clip(i.Title, room), " .!:;,"); t != "" {
		return t
	}
	return "incident " + clip(i.ID, 12)
}

// next says who is asked next, and when.
func next(i *Incident, now time.Time) string {
	switch {
	case i.NextAt.IsZero():
		return "nobody is next"
	case len(i.Next) == 0:
		return "somebody is asked in " + left(i.NextAt.Sub(now))
	}
	return people(i.Next) + " " + verb(i.Next, "is", "are") + " next in " + left(i.NextAt.Sub(now))
}

func lost(s *Snapshot, room int) statement {
	l := &s.Lost[0]
	v := statement{State: Unheld, Priority: l.Priority}
	v.First = fmt.Sprintf("A page to %s over %s reached nobody at %s.", clip(l.To, 24), clip(l.Channel, 16), clock(l.Died, s.Now))
	if len(s.Lost) > 1 {
		v.First = fmt.Sprintf("%s pages reached nobody, the last at %s.", capital(count(len(s.Lost))), clock(l.Died, s.Now))
	}
	v.Second = fmt.Sprintf("It was about %v %s.", l.Priority, clip(l.Title, room))
	return v
}

func gap(s *Snapshot) statement {
	g := &s.Gaps[0]
	v := statement{State: Unheld, Priority: severity.P2}
	v.First = fmt.Sprintf("Nobody is on call for %s%s.", clip(g.Team, 32), untilOf(g, s.Now))
	if v.Second = "Nothing is open."; len(s.Open) > 0 {
		v.Second = fmt.Sprintf("Open: %d, all in hand.", len(s.Open))
	}
	return v
}

// untilOf says when a gap ends.
func untilOf(g *Gap, now time.Time) string {
	if g.To.IsZero() {
		return ""
	}
	return " until " + clock(g.To, now)
}

func inHand(s *Snapshot, held []*Incident, room int) statement {
	i := held[0]
	v := statement{State: Held, Priority: i.Priority}
	who := "taken at " + clock(i.HeldAt, s.Now)
	if len(i.Holders) > 0 {
		who = people(i.Holders) + " since " + clock(i.HeldAt, s.Now)
	}
	v.Second = fmt.Sprintf("%v %s, %s.", i.Priority, title(i, room), who)
	switch len(held) {
	case 1:
		v.First = "One incident, in hand."
	case 2:
		v.First, v.Second = "Two incidents, both in hand.", "Worst: "+v.Second
	default:
		v.First, v.Second = capital(count(len(held)))+" incidents, all in hand.", "Worst: "+v.Second
	}
	return v
}

func recovered(s *Snapshot, watched []*Incident, room int) statement {
	i := watched[0]
	v := statement{State: Watched, Priority: i.Priority, First: "Nothing is failing."}
	name := title(i, room)
	if i.Service != "" {
		name = capital(clip(i.Service, room))
	}
	then := "stays open until somebody resolves it"
	if i.Until.After(s.Now) {
		then = "is watched until " + clock(i.Until, s.Now)
	}
	did := "recovered"
	if i.Firing > 0 {
		did = "was called recovered"
	}
	v.Second = fmt.Sprintf("%s %s at %s and %s", name, did, clock(i.Recovered, s.Now), then)
	if more := watched[1:]; len(more) > 0 {
		v.Second += fmt.Sprintf("; %s more %s watched", count(len(more)), verb(more, "is", "are"))
	}
	v.Second += "."
	firing := 0
	for _, w := range watched {
		firing += w.Firing
	}
	if firing > 0 {
		v.First = "One alert still fires."
		if firing > 1 {
			v.First = capital(count(firing)) + " alerts still fire."
		}
	}
	return v
}

func told(s *Snapshot, room int) statement {
	i := &s.Open[0]
	v := statement{State: Informed, Priority: i.Priority, First: "Nothing needs an answer."}
	v.Second = fmt.Sprintf("%v %s for %s; only notices were sent.", i.Priority, title(i, room), ago(s.Now.Sub(i.Since)))
	if n := len(s.Open); n > 1 {
		v.Second = fmt.Sprintf("%s are for information; worst: %v %s.", capital(count(n)), i.Priority, title(i, room))
	}
	return v
}

// silent returns the intakes that are silent for longer than usual, the one first that has been so for longest.
func (s *Snapshot) silent() (all []tocsin.Intake) {
	for _, i := range s.Heard.Intakes {
		if i.Silent {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b tocsin.Intake) int { return a.Last.Compare(b.Last) })
	return all
}

func quietBut(s *Snapshot, silent []tocsin.Intake) statement {
	who := clip(silent[0].Name, 32)
	if n := len(silent) - 1; n > 0 {
		who += " and " + plural(n, "other intake")
	}
	if who += " " + verb(silent, "has", "have") + " said nothing"; s.Heard.Shared {
		who += " to this process"
	}
	v := quiet(s)
	v.First = fmt.Sprintf("Quiet, but %s for %s.", who, ago(s.Now.Sub(silent[0].Last)))
	if len(s.Open) > 0 {
		v = statement{State: Informed, First: v.First, Second: capital(plural(len(s.Open), "incident")) + " for information."}
	}
	return v
}

func quiet(s *Snapshot) statement {
	v := statement{First: "All quiet."}
	var facts []string
	if s.Services > 0 {
		facts = append(facts, plural(s.Services, "service"))
	}
	if s.Ended.IsZero() {
		facts = append(facts, "nothing is open")
	} else {
		facts = append(facts, "nothing open since "+clock(s.Ended, s.Now))
	}
	v.Second = capital(strings.Join(facts, ", ")) + "."
	if on := s.onCall(); len(on) > 0 {
		v.Third = people(on) + " " + verb(on, "is", "are") + " on call."
	}
	return v
}

// onCall returns everybody who is on call, once.
func (s *Snapshot) onCall() (all []string) {
	seen := map[string]bool{}
	for _, d := range s.OnCall {
		for _, p := range d.People {
			if !seen[p] {
				seen[p] = true
				all = append(all, p)
			}
		}
	}
	slices.Sort(all)
	return all
}
