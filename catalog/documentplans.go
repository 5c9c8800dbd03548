package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

func (d *markdown) plans() {
	var items []string
	for _, id := range sorted(d.source.Plans) {
		p := d.source.Plans[id]
		text := fmt.Sprintf("**%s**: policy %s.", plain(id), plain(p.Policy))
		wait := "waits " + byPriority(p.GroupWait, escalate.GroupWait)
		if p.GroupWait != nil && *p.GroupWait == 0 {
			wait = "does not wait"
		}
		text += fmt.Sprintf(" The first page %s for more alerts.", wait)
		text += grouping(&p.Group) + " " + recovery(&p)
		if p.Comms != "" {
			text += fmt.Sprintf(" Communication plan %s.", plain(p.Comms))
		}
		if len(p.Roles) > 0 {
			text += fmt.Sprintf(" Roles: %s.", plains(p.Roles, ""))
		}
		items = append(items, text)
	}
	d.list("Plans", items)
}

// grouping says which alerts share an incident, "" where it is as usual.
func grouping(g *Grouping) string {
	var parts []string
	if len(g.By) > 0 {
		word := " and "
		if g.Any {
			word = " or "
		}
		fields := make([]string, len(g.By))
		for i, by := range g.By {
			fields[i] = plain(by)
		}
		parts = append(parts, "with the same "+strings.Join(fields, word))
	}
	if g.Window > 0 {
		parts = append(parts, "until "+printDuration(g.Window)+" after the last one")
	}
	if g.MaxAge > 0 {
		parts = append(parts, "for at most "+printDuration(g.MaxAge))
	}
	switch {
	case g.MaxMembers > 0:
		parts = append(parts, fmt.Sprintf("up to %d", g.MaxMembers))
	case g.MaxMembers < 0:
		parts = append(parts, "any number")
	}
	if g.OnJoin == JoinPage {
		parts = append(parts, "each joining one pages")
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf(" Alerts share an incident: %s.", strings.Join(parts, ", "))
}

// recovery says when an incident of the plan is over.
func recovery(p *Plan) string {
	when := "all its alerts have resolved"
	switch p.ResolveOn {
	case incident.OnNever:
		return "An incident has recovered when a person says so."
	case incident.OnLast:
		when = "its latest alert has resolved"
	}
	end := "a person may end it"
	if p.Recovered == incident.Resolved {
		end = "it ends"
	}
	return fmt.Sprintf("An incident has recovered when %s; after a quiet of %s %s.", when, byPriority(p.Soak, incident.DefaultSoak), end)
}

// byPriority writes a duration, or the defaults where none was decided: "15m for P1 and P2, else 5m".
func byPriority(decided *time.Duration, usual func(severity.Priority) time.Duration) string {
	if decided != nil {
		return printDuration(*decided)
	}
	rest, special := usual(severity.P5), []string{}
	for p := severity.P1; p < severity.P5; p++ {
		if usual(p) != rest {
			special = append(special, p.String())
		}
	}
	if len(special) == 0 {
		return printDuration(rest)
	}
	return fmt.Sprintf("%s for %s, else %s", printDuration(usual(severity.P1)), strings.Join(special, " and "), printDuration(rest))
}

func (d *markdown) policies() {
	var items []string
	for _, id := range sorted(d.source.Policies) {
		p := d.source.Policies[id]
		verb, end := "asks", "from the top until somebody acknowledges for P1, else 3 more times; then the catch-all owner hears that nobody did"
		if p.Repeat != nil {
			end = fmt.Sprintf("from the top %d more times; then the catch-all owner hears that nobody acknowledged", *p.Repeat)
		}
		if p.Inform {
			verb, end = "tells", "and that is all, since nobody can acknowledge"
		}
		var steps []string
		for i, l := range p.Levels {
			step := fmt.Sprintf("%s %s", verb, targets(l.Page))
			if l.Strategy != "" && l.Strategy != escalate.PickAll {
				step += fmt.Sprintf(" (%s)", plain(l.Strategy))
			}
			if i > 0 {
				step = fmt.Sprintf("after %s %s", printDuration(p.WaitOf(i)), step)
			}
			steps = append(steps, step)
		}
		if !p.Inform {
			end = fmt.Sprintf("after %s %s", printDuration(p.WaitOf(len(p.Levels))), end)
		}
		items = append(items, fmt.Sprintf("**%s** %s, %s.", plain(id), strings.Join(steps, ", "), end))
	}
	d.list("Policies", items)
}

// targets says whom targets mean.
func targets(list []escalate.Target) string {
	var all []string
	for _, t := range list {
		switch p, _ := t.Parse(); p.Kind {
		case escalate.ToOwner:
			all = append(all, "whoever is on call for the owner")
		case escalate.ToLead:
			all = append(all, "the owner's lead")
		case escalate.ToPerson:
			all = append(all, plain(p.Name))
		case escalate.ToSchedule:
			all = append(all, "whoever is on call by schedule "+plain(p.Name))
		case escalate.ToChannel:
			all = append(all, "channel "+plain(p.Contact))
		}
	}
	return cmp.Or(strings.Join(all, " and "), "nobody")
}

func (d *markdown) channels() {
	var channels, comms []string
	rates := func(list []automate.Rate) string {
		texts := make([]string, len(list))
		for i, r := range list {
			texts[i] = fmt.Sprintf("%d in %s", r.Count, printDuration(r.Per))
		}
		return cmp.Or(strings.Join(texts, " and "), "as many as come")
	}
	for _, id := range sorted(d.source.Channels) {
		c := d.source.Channels[id]
		channels = append(channels, fmt.Sprintf("**%s** sends %s; to one address %s.", plain(id), rates(c.Rates), rates(c.Person)))
	}
	d.list("Channels", channels)
	for _, id := range sorted(d.source.Comms) {
		c := d.source.Comms[id]
		text := fmt.Sprintf("**%s** tells %s: first after %s, then every %s.",
			plain(id), plains(c.Audiences, "nobody"), spans(c.First), spans(c.Every))
		if c.Approve != "" {
			text += fmt.Sprintf(" Approved by %s.", plain(c.Approve))
		}
		comms = append(comms, text)
	}
	d.list("Communication plans (kept, and not carried out by this version)", comms)
}

func spans(by map[severity.Priority]time.Duration) string {
	var all []string
	for _, p := range slices.Sorted(maps.Keys(by)) {
		all = append(all, fmt.Sprintf("%s (%v)", printDuration(by[p]), p))
	}
	return cmp.Or(strings.Join(all, ", "), "nothing said")
}
