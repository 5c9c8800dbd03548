package incident

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// Limits of a briefing: with all of them it has 25 lines at most.
const (
	briefLine    = 240 // bytes of a line
	briefDecided = 3
	briefAsked   = 2
	briefTodos   = 4
	briefNotes   = 2
)

// Briefing catches somebody up who joins: what it is, since when, how bad and why, who has it and which role, what was decided, what is open,
// what customers heard last, what was said last, and what happens next. It has at most 25 lines of at most 240 bytes. It is made of the
// incident and of what people said on its timeline, and changes nothing. Times are UTC; now is when it is read.
func Briefing(i *Incident, timeline []Entry, now time.Time) string {
	b := briefing{Incident: i, now: now.UTC()}
	b.say("%s: %s", i.ID, i.Title)
	b.say("%s", i.Reason())
	b.standing()
	b.say("about %s", b.about())
	b.people()
	b.decisions()
	b.todos()
	b.runs()
	b.told()
	b.notes(timeline)
	b.next()
	return strings.Join(b.lines, "\n") + "\n"
}

// briefing is one that is being written.
type briefing struct {
	*Incident
	now   time.Time
	lines []string
}

func (b *briefing) say(format string, args ...any) {
	b.lines = append(b.lines, event.Shorten(line.Of(fmt.Sprintf(format, args...)), briefLine))
}

// some says the first of several things, each by itself, and how many more there are.
func some[T any](b *briefing, all []T, most int, what string, say func(*T) string) {
	for k := range all[:min(most, len(all))] {
		b.say("%s", say(&all[k]))
	}
	if n := len(all) - most; n > 0 {
		b.say("and %d more %s", n, what)
	}
}

// clock returns a time of day, with the date if it is another day than now.
func (b *briefing) clock(at time.Time) string {
	at = at.UTC()
	if at.Year() == b.now.Year() && at.YearDay() == b.now.YearDay() {
		return at.Format("15:04")
	}
	return at.Format("2 Jan 15:04")
}

func (b *briefing) standing() {
	fires := fmt.Sprintf("%d of %d alerts fire", b.Firing, b.Alerts)
	switch {
	case b.Phase.Over():
		b.say("%s, over since %s UTC, after %s", b.Phase, b.clock(b.Over()), span(b.Over().Sub(b.Detected)))
	case b.Phase == Monitoring && !b.Mitigated.IsZero():
		b.say("since %s UTC, recovered at %s and watched, %s", b.clock(b.Detected), b.clock(b.Mitigated), fires)
	default:
		b.say("since %s UTC, %s ago, %s, %s", b.clock(b.Detected), span(b.now.Sub(b.Detected)), b.Phase, fires)
	}
}

// span formats a duration in minutes.
func span(d time.Duration) string {
	if d < time.Minute {
		return "less than a minute"
	}
	return Short(d.Truncate(time.Minute))
}

func (b *briefing) about() string {
	text := "class " + b.Class + ", team " + b.Owner
	if b.Service != "" {
		text = "service " + b.Service + ", " + text
	}
	return text
}

// people says who has it, who has which role, and which roles are missing.
func (b *briefing) people() {
	var has, roles, missing []string
	for _, a := range b.Escalation.Acks {
		has = append(has, fmt.Sprintf("%s since %s", a.By, b.clock(a.At)))
	}
	for k := range b.Roles {
		if a := &b.Roles[k]; a.Held() {
			roles = append(roles, fmt.Sprintf("%s %s", a.Role, a.Person))
		}
	}
	for _, role := range b.Vacant {
		missing = append(missing, string(role))
	}
	switch {
	case len(has) > 0:
		b.say("acknowledged by %s", strings.Join(has, ", "))
	case b.Escalation.Status == escalate.Done:
	default:
		b.say("acknowledged by nobody, %d were reached", len(b.Told))
	}
	if len(roles) > 0 {
		b.say("roles: %s", strings.Join(roles, ", "))
	}
	if len(missing) > 0 {
		b.say("nobody is %s", strings.Join(missing, ", "))
	}
	for _, o := range b.Offers[:min(1, len(b.Offers))] {
		b.say("%s offers the role %s to %s until %s", o.From, o.Role, o.To, b.clock(o.Until))
	}
}

// decisions says what was decided, the latest first, and what is not.
func (b *briefing) decisions() {
	var made, open []Decision
	for _, d := range slices.Backward(b.Decisions) {
		if d.Option > 0 {
			made = append(made, d)
		} else {
			open = append(open, d)
		}
	}
	some(b, made, briefDecided, "decisions", func(d *Decision) string {
		return fmt.Sprintf("decided at %s by %s: %s → %s, %s", b.clock(d.Decided), d.Said.By, event.Shorten(d.Text, 80), d.chosen(), d.Said.Text)
	})
	some(b, open, briefAsked, "open decisions", func(d *Decision) string {
		who := "anybody"
		if !d.All && len(d.Asked) > 0 {
			who = string(d.Asked[len(d.Asked)-1])
		}
		if !d.Until.IsZero() {
			who += " until " + b.clock(d.Until)
		}
		return fmt.Sprintf("to be decided by %s: %s (%s)", who, event.Shorten(d.Text, 120), strings.Join(d.Options, ", "))
	})
}

// chosen returns the option that was chosen, by its number if it has been erased.
func (d *Decision) chosen() string {
	if d.Option > len(d.Options) {
		return fmt.Sprintf("option %d", d.Option)
	}
	return d.Options[d.Option-1]
}

func (b *briefing) todos() {
	open := slices.DeleteFunc(slices.Clone(b.Todos), func(d Todo) bool { return !d.Done.IsZero() })
	some(b, open, briefTodos, "to-dos", func(d *Todo) string {
		whose := string(d.Owner)
		switch {
		case d.Due.IsZero():
		case d.Due.After(b.now):
			whose += ", due " + b.clock(d.Due)
		default:
			whose += ", was due " + b.clock(d.Due)
		}
		return fmt.Sprintf("to do by %s: %s", whose, d.Said.Text)
	})
}

func (b *briefing) runs() {
	var names []string
	for k := range b.Runs {
		if r := &b.Runs[k]; r.State == automate.Running || r.State == automate.Proposed {
			names = append(names, r.Runbook+" is "+string(r.State))
		}
	}
	if len(names) > 0 {
		b.say("runbooks: %s", strings.Join(names, ", "))
	}
}

// told says what customers heard last.
func (b *briefing) told() {
	if b.Comms == nil {
		return
	}
	for _, u := range slices.Backward(b.Comms.Updates) {
		if u.State.Went() && !u.Inside && len(u.Texts) > 0 {
			b.say("customers heard at %s: %s", b.clock(u.Sent.At), u.Texts[len(u.Texts)-1].Text)
			return
		}
	}
}

// notes says what people said last, the latest first, and what is pinned before the others. What was corrected is not repeated.
func (b *briefing) notes(timeline []Entry) {
	var pinned, others []Entry
	corrected := make(map[string]bool)
	for _, e := range slices.Backward(timeline) {
		switch wrong := corrected[strconv.FormatUint(e.Seq, 10)]; {
		case e.Word == WordCorrects:
			corrected[e.Of] = true
			if !wrong {
				others = append(others, e)
			}
		case wrong:
		case e.Word == WordPinned:
			pinned = append(pinned, e)
		case e.Word == WordNote:
			others = append(others, e)
		}
	}
	for _, e := range slices.Concat(pinned, others)[:min(briefNotes, len(pinned)+len(others))] {
		at := e.At
		if !e.When.IsZero() {
			at = e.When
		}
		b.say("%s at %s: %s", e.Said.By, b.clock(at), e.Said.Text)
	}
}

func (b *briefing) next() {
	e := &b.Escalation
	switch {
	case !e.Next.IsZero() && e.Status == escalate.Paused:
		b.say("next: at %s the acknowledgement ends without activity", b.clock(e.Next))
	case !e.Next.IsZero() && e.Level == 0:
		b.say("next: at %s level 1 is asked", b.clock(e.Next))
	case !e.Next.IsZero():
		b.say("next: at %s the escalation goes on from level %d, unless somebody acknowledges", b.clock(e.Next), e.Level)
	case b.Phase == Monitoring:
		b.say("next: it is over when it has been quiet for long enough, and a person may have to say so")
	case b.Phase.Open():
		b.say("next: nothing happens by itself")
	default:
		b.say("next: nothing, it is %s", b.Phase)
	}
}
