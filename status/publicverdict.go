package status

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

// staleAfter is how old a page may be before it says so.
const staleAfter = time.Minute

// publicVerdict says for customers how things stand.
type publicVerdict struct {
	Lead  string // what does not work, or that everything does
	Rest  string // what else
	Next  string // when they hear next
	Worst string // impact of the worst: none, minor, major or critical
	Stale bool
}

func (v publicVerdict) String() string {
	return strings.Join(slices.DeleteFunc([]string{v.Lead, v.Rest, v.Next}, func(s string) bool { return s == "" }), " ")
}

// impacts are the impacts of Statuspage, the least first.
var impacts = []string{"none", "minor", "major", "critical"}

// impactOf returns the impact of a component that works so.
func impactOf(c comms.Condition) string {
	switch c {
	case comms.Operational, comms.UnderMaintenance:
		return "none"
	case comms.PartialOutage:
		return "major"
	case comms.MajorOutage:
		return "critical"
	}
	return "minor"
}

// impactOfPost returns the impact of an incident: its own, or that of the worst of its components now.
func (p *publicScene) impactOfPost(post *comms.Post) string {
	if slices.Contains(impacts, post.Impact) {
		return post.Impact
	}
	worst := "minor"
	for _, c := range p.components {
		if slices.Contains(post.Components, c.ID) {
			worst = worse(worst, impactOf(c.State))
		}
	}
	return worst
}

func worse(a, b string) string {
	return slices.MaxFunc([]string{a, b}, func(a, b string) int { return cmp.Compare(slices.Index(impacts, a), slices.Index(impacts, b)) })
}

// publicScene is what the verdict is about.
type publicScene struct {
	page       *comms.Page
	now        time.Time
	components []*comms.Component
	failing    []*comms.Post      // open, the worst first
	watched    []*comms.Post      // recovered, and not over
	troubled   []*comms.Component // that do not work and that no failing incident is about, the worst first
	paused     []*comms.Component // on which planned work is under way
	working    int                // components of which nothing bad is said
	unknown    int
}

func newPublicScene(page *comms.Page, now time.Time) *publicScene {
	p := &publicScene{page: page, now: now}
	for i := range page.Groups {
		for k := range page.Groups[i].Components {
			p.components = append(p.components, &page.Groups[i].Components[k])
		}
	}
	told := make(map[string]bool)
	for i := range page.Posts {
		switch post := &page.Posts[i]; {
		case post.Stage == comms.Resolved:
		case post.Stage == comms.Monitoring:
			p.watched = append(p.watched, post)
		default:
			p.failing = append(p.failing, post)
			for _, id := range post.Components {
				told[id] = true
			}
		}
	}
	rank := func(post *comms.Post) int { return slices.Index(impacts, p.impactOfPost(post)) }
	slices.SortStableFunc(p.failing, func(a, b *comms.Post) int { return cmp.Compare(rank(b), rank(a)) })
	for _, c := range p.components {
		switch {
		case told[c.ID]:
		case c.State == comms.Operational:
			p.working++
		case c.State == "":
			p.unknown++
		case c.State == comms.UnderMaintenance:
			p.paused = append(p.paused, c)
		default:
			p.troubled = append(p.troubled, c)
		}
	}
	slices.SortStableFunc(p.troubled, func(a, b *comms.Component) int {
		return slices.Index(comms.Conditions(), b.State) - slices.Index(comms.Conditions(), a.State)
	})
	return p
}

// publicVerdictOf says how things stand on a page at an instant.
func publicVerdictOf(page *comms.Page, now time.Time) publicVerdict {
	p := newPublicScene(page, now)
	v := p.verdict()
	age := now.Sub(page.AsOf)
	if age <= staleAfter {
		return v
	}
	return publicVerdict{
		Lead: "This page is " + ago(age) + " old. We cannot say how things stand now.", Worst: v.Worst, Stale: true,
		Rest: "At " + utc(page.AsOf, now) + ": " + strings.TrimSpace(v.Lead+" "+v.Rest),
	}
}

func (p *publicScene) verdict() publicVerdict {
	said := p.said()
	v := publicVerdict{Lead: said[0], Next: p.next(), Worst: "none"}
	rest := said[1:]
	if len(rest) > 2 {
		rest = []string{capital(count(len(rest))) + " other things are wrong, listed below."}
	}
	if len(p.paused) > 0 && len(p.failing)+len(p.troubled)+len(p.watched) > 0 {
		rest = append(rest, "Planned work is under way.")
	}
	if len(p.failing)+len(p.troubled)+len(p.paused) > 0 && p.working > 0 && p.unknown == 0 {
		rest = append(rest, "Everything else works.")
	}
	v.Rest = strings.Join(rest, " ")
	for _, post := range p.failing {
		v.Worst = worse(v.Worst, p.impactOfPost(post))
	}
	for _, c := range p.components {
		v.Worst = worse(v.Worst, impactOf(c.State))
	}
	return v
}

// said returns what is to be said, a sentence each, the worst first.
func (p *publicScene) said() (all []string) {
	for _, post := range p.failing {
		all = append(all, sentence(heading(post)))
	}
	for _, c := range p.troubled {
		all = append(all, troubleOf(c))
	}
	if len(p.failing) == 0 {
		for _, post := range p.watched {
			all = append(all, capital(cmp.Or(post.Service, "what failed"))+" works again, and we are watching it.")
		}
	}
	switch {
	case len(all) > 0:
	case len(p.paused) == 1:
		all = append(all, "Planned work on "+p.paused[0].Name+" is under way.")
	case len(p.paused) > 1:
		all = append(all, "Planned work on "+plural(len(p.paused), "part")+" is under way.")
	case p.unknown > 0:
		all = append(all, "We do not know how everything works at the moment.")
	case p.working > 0:
		all = append(all, "Everything works.")
	default:
		all = append(all, "We know of no trouble.")
	}
	return all
}

// troubleOf says how a component does not work.
func troubleOf(c *comms.Component) string {
	switch {
	case c.Says != "":
		return sentence(c.Says)
	case c.State == comms.Degraded:
		return c.Name + " does not work as well as it should."
	case c.State == comms.PartialOutage:
		return c.Name + " does not work for some."
	}
	return c.Name + " does not work."
}

// next says when customers hear next.
func (p *publicScene) next() string {
	var next time.Time
	for _, post := range slices.Concat(p.failing, p.watched) {
		if at := nextNews(post); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	switch {
	case next.IsZero():
		return ""
	case next.Before(p.now):
		return "News was due by " + utc(next, p.now) + " and is late."
	}
	return "You hear next by " + utc(next, p.now) + "."
}

// nextNews returns when the next update of an incident comes; zero: nobody said.
func nextNews(post *comms.Post) time.Time {
	if len(post.Entries) == 0 || post.Stage == comms.Resolved {
		return time.Time{}
	}
	return post.Entries[0].Next
}

// heading names an incident.
func heading(post *comms.Post) string {
	if post.Title == "" && post.Service != "" {
		return post.Service + " does not work as it should"
	}
	return cmp.Or(strings.TrimSuffix(post.Title, "."), "Something does not work as it should")
}

// sentence returns a text as a sentence.
func sentence(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	if text = capital(text); strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// utc formats an instant near now: "14:30 UTC".
func utc(at, now time.Time) string { return clock(at, now.UTC()) + " UTC" }
