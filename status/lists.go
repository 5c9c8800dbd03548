package status

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/severity"
)

// listPage is any page of rows and tables.
type listPage struct {
	frame
	Heading, Says, Path string
	Search              []field
	Rows                []rowView
	Dense               bool
	Tables              []table
	Empty, Further      string
	Document            string
	Side                []side
}

type field struct {
	Name, Field, Value, Type string
	Options                  []string
}

type table struct {
	ID, Name string
	Count    int
	Lines    []lineView
}

type lineView struct {
	At                     *moment
	First, What, Why, Path string
	Resend                 *resend
}

// resend is a dead letter that can be sent once more.
type resend struct{ Incident, Key string }

type side struct {
	Name  string
	Duty  []dutyView
	Facts []fact
}

func (q *request) list(heading, here string) *listPage {
	return &listPage{frame: q.frame(heading, here, q.now(), q.now()), Heading: heading, Path: strings.ToLower(here)}
}

// services lists the services of the catalog, those with open incidents first.
func (q *request) services() error {
	p := q.board(q.tenant).fresh(q.Context())
	m := q.list("Services", "Services")
	all := q.engine.Catalog().Source().Services
	open := make(map[string]int)
	for i := range p.Open {
		open[p.Open[i].Service]++
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(open[b]-open[a], cmp.Compare(cmp.Or(all[a].Tier, 9), cmp.Or(all[b].Tier, 9)), strings.Compare(a, b))
	})
	t := table{ID: "all", Name: "By what is open", Count: len(names)}
	for _, n := range names {
		s := all[n]
		l := lineView{First: tierOf(s.Tier), What: line.Of(n), Path: "service/" + url.PathEscape(n), Why: "nothing open"}
		if open[n] > 0 {
			l.Why = plural(open[n], "incident") + " open"
		}
		if s.Owner != "" {
			l.Why += " · team " + line.Of(s.Owner)
		}
		t.Lines = append(t.Lines, l)
	}
	if m.Tables = []table{t}; len(names) == 0 {
		m.Tables, m.Empty = nil, "The catalog names no services."
	}
	return q.render(200, "list", m)
}

func tierOf(tier int) string {
	if tier == 0 {
		return "tier ?"
	}
	return fmt.Sprintf("tier %d", tier)
}

// service shows who owns a service, what it needs, and what is open.
func (q *request) service() error {
	name := q.PathValue("name")
	p, now := q.board(q.tenant).fresh(q.Context()), q.now()
	source := q.engine.Catalog().Source()
	s, known := source.Services[name]
	m := q.list(clip(name, 80), "Services")
	shown := q.snapshot(p, now)
	for i := range shown.Open {
		if shown.Open[i].Service == name && len(m.Rows) < rowsMost {
			m.Rows = append(m.Rows, q.row(&shown.Open[i], now, shown.Fault != ""))
		}
	}
	if !known && len(m.Rows) == 0 {
		return fmt.Errorf("%w: service %.40q", tocsin.ErrNotFound, name)
	}
	if m.Says = plural(len(m.Rows), "incident") + " open."; len(m.Rows) == 0 {
		m.Says, m.Empty = "Nothing is open.", "No incident of this service is open."
	}
	owner := cmp.Or(s.Owner, source.Defaults.Owner)
	facts := []fact{{Name: "Team", Text: line.Of(owner)}, {Name: "Tier", Text: strings.TrimPrefix(tierOf(s.Tier), "tier ")}}
	for _, n := range s.Needs {
		facts = append(facts, fact{Name: "Needs", Text: line.Of(n), Path: "service/" + url.PathEscape(n)})
	}
	for _, other := range slices.Sorted(maps.Keys(source.Services)) {
		if slices.Contains(source.Services[other].Needs, name) {
			facts = append(facts, fact{Name: "Needed by", Text: line.Of(other), Path: "service/" + url.PathEscape(other)})
		}
	}
	m.Side = []side{{Name: "Facts", Facts: facts}}
	for _, d := range shown.OnCall {
		if d.Team == owner {
			m.Side = append(m.Side, side{Name: "On call now", Duty: dutyViews([]Duty{d}, now)})
		}
	}
	m.Tables = endedTables(p, name, now)
	return q.render(200, "list", m)
}

func endedTables(p *projection, service string, now time.Time) []table {
	t := table{ID: "ended", Name: "Ended in the last 24 hours"}
	for _, e := range p.ended {
		if e.Service == service {
			t.Lines = append(t.Lines, lineView{
				At: minute(e.End, now), What: clip(e.Title, 120), Path: "incident/" + e.ID, Why: fmt.Sprintf("%v, %s", e.Priority, ago(e.End.Sub(e.Since))),
			})
		}
	}
	if t.Count = len(t.Lines); t.Count == 0 {
		return nil
	}
	return []table{t}
}

// historyReads is how many incidents one page of the history looks through.
const historyReads = 2000

// history lists incidents that a search finds.
func (q *request) history() error {
	f := filterOf(q.URL.Query())
	m, now := q.list("History", "History"), q.now()
	m.Says = "The worst first."
	source := q.engine.Catalog().Source()
	m.Search = []field{
		{Name: "Words", Field: "text", Value: f.text, Type: "search"},
		{Name: "Team", Field: "team", Value: f.team, Options: slices.Sorted(maps.Keys(source.Teams))},
		{Name: "Service", Field: "service", Value: f.service, Options: slices.Sorted(maps.Keys(source.Services))},
		{Name: "Priority", Field: "priority", Value: f.priority, Options: []string{"P1", "P2", "P3", "P4", "P5"}},
		{Name: "Phase", Field: "phase", Value: f.phase, Options: []string{"active", "monitoring", "resolved"}},
		{Name: "Since", Field: "since", Value: f.since, Type: "date"},
	}
	found, after, err := q.search(f)
	if err != nil {
		return err
	}
	t := table{ID: "found", Name: "Found", Count: len(found)}
	for k := range found {
		i := &found[k]
		why := fmt.Sprintf("%v, open since %s", i.Priority, ago(now.Sub(i.Detected)))
		if !i.Resolved.IsZero() {
			why = fmt.Sprintf("%v, resolved after %s", i.Priority, ago(i.Resolved.Sub(i.Detected)))
		}
		t.Lines = append(t.Lines, lineView{At: minute(i.Detected, now), What: clip(i.Title, 140), Path: "incident/" + i.ID, Why: why + " · " + line.Of(i.Owner)})
	}
	if m.Tables = []table{t}; len(found) == 0 {
		m.Tables, m.Empty = nil, "No incident fits. Widen the search."
	}
	if after != "" {
		next := q.URL.Query()
		next.Set("after", after)
		m.Further = q.base + "history?" + next.Encode()
	}
	return q.render(200, "list", m)
}

// filter is a search in the history.
type filter struct {
	text, team, service, priority, phase, since, after string
}

func filterOf(v url.Values) filter {
	get := func(name string) string { return clip(v.Get(name), 100) }
	return filter{get("text"), get("team"), get("service"), get("priority"), get("phase"), get("since"), get("after")}
}

// fits reports whether the search finds an incident.
func (f *filter) fits(i *incident.Incident, zone *time.Location) bool {
	if since, err := time.ParseInLocation(time.DateOnly, f.since, zone); err == nil && i.Detected.Before(since) {
		return false
	}
	var p severity.Priority
	if p.UnmarshalText([]byte(f.priority)) == nil && p != 0 && p != i.Priority {
		return false
	}
	words := strings.ToLower(strings.Join([]string{i.ID, i.Title, i.Class, i.Service, i.Owner}, " "))
	return (f.team == "" || i.Owner == f.team) && (f.service == "" || i.Service == f.service) && strings.Contains(words, strings.ToLower(f.text))
}

// search returns at most a page of incidents, and after which one the next page begins; "" if none is left.
func (q *request) search(f filter) (found []incident.Incident, after string, err error) {
	query := tocsin.Query{Tenant: q.tenant, Phase: incident.Phase(f.phase), After: f.after, Limit: 500}
	if !slices.Contains([]incident.Phase{"", incident.Active, incident.Monitoring, incident.Resolved}, query.Phase) {
		query.Phase = ""
	}
	for read := 0; read < historyReads; read += query.Limit {
		page, err := q.engine.Incidents(q.Context(), query)
		if err != nil {
			return nil, "", err
		}
		for k := range page {
			query.After = page[k].ID
			if !f.fits(&page[k], q.zone) {
				continue
			}
			if found = append(found, page[k]); len(found) == rowsMost {
				return found, query.After, nil
			}
		}
		if len(page) < query.Limit {
			return found, "", nil
		}
	}
	return found, query.After, nil
}

// messages lists the messages that failed for good.
func (q *request) messages() error {
	m, now := q.list("Messages that reached nobody", "Messages"), q.now()
	m.Path = "messages"
	t := table{ID: "dead", Name: "Dead letters"}
	for d, err := range q.engine.DeadLetters(q.Context(), q.tenant) {
		if d.Key == "" && err != nil {
			return err
		}
		if t.Count++; err != nil || len(t.Lines) == rowsMost {
			continue
		}
		l := lineView{
			At: minute(d.Died, now), What: clip(d.Title, 160), Why: fmt.Sprintf("to %s over %s: %s", clip(cmp.Or(d.Person, "a room"), 40), clip(d.Channel, 20), clip(d.Why, 200)),
		}
		if d.Incident != "" {
			l.Path = "incident/" + d.Incident
			if q.mayAct() {
				l.Resend = &resend{d.Incident, d.Key}
			}
		}
		t.Lines = append(t.Lines, l)
	}
	if m.Tables = []table{t}; t.Count == 0 {
		m.Tables, m.Says, m.Empty = nil, "None.", "Every message found somebody."
	}
	return q.render(200, "list", m)
}

// catalog shows what the organisation decided, as a document.
func (q *request) catalog() error {
	var b bytes.Buffer
	if err := q.engine.Catalog().Source().Document(&b); err != nil {
		return err
	}
	m := q.list("Catalog", "Catalog")
	m.Says, m.Document = "Who owns what, and who is asked when.", line.Lines(b.String())
	return q.render(200, "list", m)
}
