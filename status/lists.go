package status

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/line"
)

// listPage is any page of rows and tables.
type listPage struct {
	frame
	Heading, Says, Path string
	Class               string
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

// dated says from when a page is that shows what is open, if nothing newer is known.
func (m *listPage) dated(q *request, p *projection) {
	now := q.now()
	if m.AsOf = second(p.AsOf, now); q.fault(p, now) != "" {
		m.Blind, m.Icon, m.Class = true, "blind", "blind"
		m.Says = fmt.Sprintf("We cannot say what is open now: %s. What you see is from %s.", q.fault(p, now), m.AsOf.Text)
	}
}

// services lists the services of the catalog, those with open incidents first.
func (q *request) services() error {
	p := q.fresh()
	m := q.list("Services", "Services")
	m.dated(q, p)
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
	m.found(t, "The catalog names no services.")
	m.Tables = append(q.capabilityTables(p), m.Tables...)
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
	p, now := q.fresh(), q.now()
	source := q.engine.Catalog().Source()
	s, known := source.Services[name]
	m := q.list(clip(name, 80), "Services")
	shown, open := q.snapshot(p, now), 0
	for i := range shown.Open {
		if shown.Open[i].Service != name {
			continue
		}
		if open++; len(m.Rows) < rowsMost {
			m.Rows = append(m.Rows, q.row(&shown.Open[i], now, shown.Fault != ""))
		}
	}
	if !known && len(m.Rows) == 0 {
		return fmt.Errorf("%w: service %.40q", tocsin.ErrNotFound, name)
	}
	switch m.Says = plural(open, "incident") + " open."; {
	case open == 0:
		m.Says, m.Empty = "Nothing is open.", "No incident of this service is open."
	case open > len(m.Rows):
		m.Says = fmt.Sprintf("%d incidents open; the first %d are shown.", open, rowsMost)
	}
	m.dated(q, p)
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
	m.Tables = append(q.changeTables(name, now), endedTables(p, name, now)...)
	return q.render(200, "list", m)
}

// changeTables lists what has changed in a service. If that cannot be read, it says so.
func (q *request) changeTables(service string, now time.Time) []table {
	t := table{ID: "changes", Name: "Changes in the last 24 hours"}
	changes, err := q.engine.Changes(q.Context(), q.tenant, service)
	if err != nil {
		t.Lines = []lineView{{First: "unknown", What: "The changes cannot be read now."}}
		return []table{t}
	}
	for _, c := range changes {
		t.Lines = append(t.Lines, lineView{
			At: minute(c.At, now), What: clip(cmp.Or(c.Summary, c.Subject, c.Type), 120), Why: clip(c.Type+", by "+c.Source, 120),
		})
	}
	if t.Count = len(t.Lines); t.Count == 0 {
		return nil
	}
	return []table{t}
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

// history lists incidents that a search finds.
func (q *request) history() error {
	get := q.URL.Query().Get
	m, now := q.list("History", "History"), q.now()
	m.Says = "The worst first."
	source := q.engine.Catalog().Source()
	m.Search = []field{
		{Name: "Words", Field: "text", Value: clip(get("text"), 100), Type: "search"},
		{Name: "Team", Field: "team", Value: get("team"), Options: slices.Sorted(maps.Keys(source.Teams))},
		{Name: "Service", Field: "service", Value: get("service"), Options: slices.Sorted(maps.Keys(source.Services))},
		{Name: "Priority", Field: "priority", Value: get("priority"), Options: []string{"P1", "P2", "P3", "P4", "P5"}},
		{Name: "Phase", Field: "phase", Value: get("phase"), Options: phases()},
		{Name: "Since", Field: "since", Value: clip(get("since"), 10), Type: "date"},
	}
	query := tocsin.Query{Tenant: q.tenant, For: &q.viewer, Limit: rowsMost, After: clip(get("after"), 300), Text: m.Search[0].Value}
	query.Team, query.Service, query.Phase = m.Search[1].chosen(), m.Search[2].chosen(), incident.Phase(m.Search[4].chosen())
	_ = query.Priority.UnmarshalText([]byte(m.Search[3].chosen())) // one of P1 to P5, or empty
	query.From, _ = time.ParseInLocation(time.DateOnly, m.Search[5].Value, q.zone)
	found, err := q.engine.Incidents(q.Context(), query)
	more := ""
	if len(found) == rowsMost {
		more = found[rowsMost-1].ID
	}
	if err := q.further(m, "history", more, err); err != nil {
		return err
	}
	t := table{ID: "found", Name: "Found", Count: len(found)}
	for k := range found {
		i := &found[k]
		why := fmt.Sprintf("%v, open since %s", i.Priority, ago(now.Sub(i.Detected)))
		if i.Phase.Over() {
			why = fmt.Sprintf("%v, %s after %s", i.Priority, i.Phase, ago(i.Over().Sub(i.Detected)))
		}
		t.Lines = append(t.Lines, lineView{At: minute(i.Detected, now), What: clip(i.Title, 140), Path: "incident/" + i.ID, Why: why + " · " + line.Of(i.Owner)})
	}
	m.found(t, "No incident fits. Widen the search.")
	return q.render(200, "list", m)
}

// phases returns the names of all phases.
func phases() []string { return texts(incident.Phases()) }

// chosen returns the value of a field if it is one of its options.
func (f *field) chosen() string {
	if slices.Contains(f.Options, f.Value) {
		return f.Value
	}
	return ""
}

// found shows a table, or says that it has no lines.
func (m *listPage) found(t table, empty string) {
	if m.Tables = []table{t}; t.Count == 0 {
		m.Tables, m.Empty = nil, empty
	}
}

// further offers the next page: after the id, or after what a query that looked through too much has looked at last.
func (q *request) further(m *listPage, path, after string, err error) error {
	var more *tocsin.MoreError
	switch {
	case errors.As(err, &more):
		after = more.After
	case err != nil:
		return err
	}
	if after != "" {
		next := q.URL.Query()
		next.Set("after", after)
		m.Further = q.base + path + "?" + next.Encode()
	}
	return nil
}

// alerts lists alerts, and why nobody was paged for those that belong to no incident.
func (q *request) alerts() error {
	get := q.URL.Query().Get
	m, now := q.list("Alerts", "Alerts"), q.now()
	m.Says = "The worst first."
	m.Search = []field{
		{Name: "Words", Field: "text", Value: clip(get("text"), 100), Type: "search"},
		{Name: "State", Field: "state", Value: get("state"), Options: []string{"pending", "firing", "quiet", "resolved"}},
		{Name: "Service", Field: "service", Value: get("service"), Options: slices.Sorted(maps.Keys(q.engine.Catalog().Source().Services))},
		{Name: "Paged", Field: "paged", Value: get("paged"), Options: []string{"yes", "no"}},
	}
	query := tocsin.AlertQuery{Tenant: q.tenant, For: &q.viewer, Limit: rowsMost, After: clip(get("after"), 300), Text: m.Search[0].Value}
	query.State, query.Service = m.Search[1].chosen(), m.Search[2].chosen()
	if paged := m.Search[3].chosen(); paged != "" {
		yes := paged == "yes"
		query.Promoted = &yes
	}
	found, err := q.engine.Alerts(q.Context(), query)
	more := ""
	if len(found) == rowsMost {
		more = found[rowsMost-1].ID
	}
	if err := q.further(m, "alerts", more, err); err != nil {
		return err
	}
	t := table{ID: "alerts", Name: "Found", Count: len(found)}
	for k := range found {
		t.Lines = append(t.Lines, alertLine(&found[k], now))
	}
	m.found(t, "No alert fits. Widen the search.")
	return q.render(200, "list", m)
}

func alertLine(al *incident.Alert, now time.Time) lineView {
	l := lineView{At: minute(al.Latest.Received, now), What: clip(cmp.Or(al.Latest.Summary, al.Class), 140), Why: al.State}
	if al.Count > 1 {
		l.Why += fmt.Sprintf(", ×%d", al.Count)
	}
	switch {
	case al.Incident != "":
		l.Path = "incident/" + al.Incident
		l.Why += fmt.Sprintf(" · in an incident of %v", al.Priority)
	case al.Unpaged != "":
		l.Why += " · nobody was paged: " + clip(al.Unpaged, 200)
	}
	return l
}

// messages lists the messages that failed for good.
func (q *request) messages() error {
	m, now := q.list("Messages that failed for good", "Messages"), q.now()
	m.Path = "messages"
	t := table{ID: "dead", Name: "Dead letters"}
	hidden, err := q.engine.Hidden(q.Context(), q.viewer, q.tenant)
	if err != nil {
		return err
	}
	for d, err := range q.engine.DeadLetters(q.Context(), q.tenant) {
		switch {
		case d.Key == "" && err != nil:
			return err
		case hidden[d.Incident]:
			continue
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
	m.Side = []side{{Name: "All messages", Facts: []fact{{Name: "Ledger", Text: "What became of each", Path: "ledger"}}}}
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
