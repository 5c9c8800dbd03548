package catalog

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// Document writes the catalog for people, as Markdown: who is on call, who owns what, what every class leads to, and what
// each policy does. Of contacts it shows the channels, no addresses. A catalog that Validate refuses is an error.
func (c *Catalog) Document(w io.Writer) error {
	compiled, err := c.Compile()
	if err != nil {
		return err
	}
	d := &markdown{Compiled: compiled}
	d.line("# Who is asked for what, and how")
	d.line("")
	d.line("Team %s owns what nobody else does. What names no plan goes by plan %s.", plain(c.Defaults.Owner), plain(c.Defaults.Plan))
	d.people()
	d.services()
	d.classes()
	d.rules()
	d.plans()
	d.policies()
	d.books()
	d.channels()
	_, err = w.Write(d.Bytes())
	return err
}

// markdown is the text so far.
type markdown struct {
	*Compiled
	bytes.Buffer
}

func (d *markdown) line(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

// table writes rows under a heading, and nothing where there are none. Cells are Markdown already.
func (d *markdown) table(heading string, columns []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	d.line("\n## %s\n", heading)
	d.line("| %s |", strings.Join(columns, " | "))
	d.line("|%s", strings.Repeat(" --- |", len(columns)))
	for _, r := range rows {
		d.line("| %s |", strings.Join(r, " | "))
	}
}

// list writes items under a heading, and nothing where there are none.
func (d *markdown) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	d.line("\n## %s\n", heading)
	for _, i := range items {
		d.line("- %s", i)
	}
}

// plain keeps a text from being read as Markdown or HTML, and on one line.
func plain[T ~string](text T) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(string(text)), " ") {
		if strings.ContainsRune("\\`*_{}[]<>#|&~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plains writes texts one after the other, or what stands for none.
func plains[T ~string](texts []T, none string) string {
	if len(texts) == 0 {
		return none
	}
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = plain(t)
	}
	return strings.Join(all, ", ")
}

func (d *markdown) people() {
	var teams, people, schedules [][]string
	for _, id := range sorted(d.source.Teams) {
		t := d.source.Teams[id]
		onCall := "all members"
		switch {
		case t.Schedule != "":
			onCall = "by schedule " + plain(t.Schedule)
		case len(t.Members) == 0:
			onCall = "nobody"
		}
		teams = append(teams, []string{plain(id), onCall, cmp.Or(plain(t.Lead), "nobody"), plains(t.Members, "nobody")})
	}
	d.table("Teams", []string{"team", "on call", "lead", "members"}, teams)
	for _, id := range sorted(d.source.Schedules) {
		schedules = append(schedules, append([]string{plain(id)}, turns(d.source.Schedules[id])...))
	}
	d.table("Schedules", []string{"schedule", "zone", "on call"}, schedules)
	for _, id := range sorted(d.source.People) {
		var channels []string
		for _, contact := range d.source.People[escalate.PersonID(id)].Contacts {
			channel, _ := contact.Split()
			channels = append(channels, channel)
		}
		people = append(people, []string{plain(id), plains(channels, "")})
	}
	d.table("People", []string{"person", "reached over"}, people)
}

// turns describes a schedule: its zone, and who takes turns.
func turns(s escalate.Schedule) []string {
	ours, ok := s.(*oncall.Schedule)
	if !ok {
		return []string{"", "as the program decides"}
	}
	zone := time.UTC
	if ours.Zone != nil {
		zone = ours.Zone
	}
	var all []string
	for _, r := range ours.Rotations {
		names := make([]string, len(r.People))
		for i, p := range r.People {
			names[i] = cmp.Or(plain(p), "nobody")
		}
		all = append(all, fmt.Sprintf("weekly from %s: %s", r.Start.In(zone).Format("Mon 2006-01-02 15:04"), strings.Join(names, ", ")))
	}
	return []string{plain(zone.String()), strings.Join(all, "; ")}
}

func (d *markdown) services() {
	var rows [][]string
	for _, id := range sorted(d.source.Services) {
		s := d.source.Services[id]
		importance := because(id, d.tiers[id])
		_, tier, _ := strings.Cut(importance, ", ")
		rows = append(rows, []string{
			plain(id), plain(cmp.Or(s.Owner, d.CatchAll())), plain(tier), plains(s.Needs, ""), plains(s.Tags, ""),
		})
	}
	d.table("Services", []string{"service", "owner", "importance", "needs", "tags"}, rows)
}

func (d *markdown) classes() {
	var rows [][]string
	for _, c := range d.source.Classes {
		class, _ := d.Class(c.Name)
		level := cmp.Or(class.Severity, severity.Error)
		tier := d.tiers[class.Service]
		priority := d.matrix.Priority(severity.TierImpact(tier.tier), level.Urgency()).String()
		if level == severity.Info || class.Kind != "" && class.Kind != event.Alert {
			priority = "recorded only"
		}
		rows = append(rows, []string{
			plain(class.Name), level.String(), plain(class.Service), plain(d.ownerOf(class, nil)), plain(d.planOf(class)), priority,
			condition(class), plain(class.Runbook),
		})
	}
	d.table("Classes", []string{"class", "severity", "service", "owner", "plan", "priority", "condition", "runbook"}, rows)
	if len(rows) > 0 {
		d.line("\nThe priority is that of an event of this severity to which no impact rule speaks. This version waits for no condition.")
	}
}

// condition says how long or how often a condition must last or come.
func condition(c *event.Class) string {
	var parts []string
	if c.For > 0 {
		parts = append(parts, "for "+printDuration(c.For))
	}
	if c.Count > 0 {
		parts = append(parts, fmt.Sprintf("%d in %s", c.Count, printDuration(c.Within)))
	}
	return strings.Join(parts, ", ")
}

func (d *markdown) rules() {
	var impact, routes []string
	for _, r := range d.source.Impact {
		var sets []string
		if r.Impact != 0 {
			sets = append(sets, "impact "+r.Impact.String())
		}
		if r.Urgency != 0 {
			sets = append(sets, "urgency "+r.Urgency.String())
		}
		impact = append(impact, fmt.Sprintf("%s: %s. If %s", plain(r.Because), strings.Join(sets, ", "), plain(r.When)))
	}
	d.list("Impact rules: for impact and urgency each, the first that speaks decides", impact)
	for _, r := range d.source.Routes {
		var does []string
		if r.Owner != "" {
			does = append(does, "to team "+plain(r.Owner))
		}
		if r.Plan != "" {
			does = append(does, "by plan "+plain(r.Plan))
		}
		if len(r.Also) > 0 {
			does = append(does, "also asks "+targets(r.Also))
		}
		if r.Continue {
			does = append(does, "and the next routes are tried")
		}
		then := cmp.Or(strings.Join(does, ", "), "as the class says")
		routes = append(routes, fmt.Sprintf("**%s**: %s. If %s", plain(r.ID), then, plain(r.When)))
	}
	d.list("Routes: the first that matches decides", routes)
}
