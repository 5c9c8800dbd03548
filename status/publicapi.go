package status

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

// The public API of Statuspage, version 2: https://metastatuspage.com/api. A null is written where it has one, and a time has milliseconds.
type (
	spPage struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		URL      string `json:"url"`
		TimeZone string `json:"time_zone"`
		Updated  string `json:"updated_at"`
	}
	spStatus struct {
		Indicator   string `json:"indicator"`
		Description string `json:"description"`
	}
	spComponent struct {
		ID           string   `json:"id"`
		Name         string   `json:"name"`
		Status       string   `json:"status"`
		Created      string   `json:"created_at"`
		Updated      string   `json:"updated_at"`
		Position     int      `json:"position"`
		Description  *string  `json:"description"`
		Showcase     bool     `json:"showcase"`
		Start        *string  `json:"start_date"`
		GroupID      *string  `json:"group_id"`
		PageID       string   `json:"page_id"`
		Group        bool     `json:"group"`
		OnlyDegraded bool     `json:"only_show_if_degraded"`
		Components   []string `json:"components,omitempty"` // of a group
	}
	spIncident struct {
		ID         string        `json:"id"`
		Name       string        `json:"name"`
		Status     string        `json:"status"`
		Created    string        `json:"created_at"`
		Updated    string        `json:"updated_at"`
		Monitoring *string       `json:"monitoring_at"`
		Resolved   *string       `json:"resolved_at"`
		Impact     string        `json:"impact"`
		Shortlink  string        `json:"shortlink"`
		Started    string        `json:"started_at"`
		PageID     string        `json:"page_id"`
		Updates    []spUpdate    `json:"incident_updates"`
		Components []spComponent `json:"components"`
	}
	spWork struct {
		spIncident
		For   string `json:"scheduled_for"`
		Until string `json:"scheduled_until"`
	}
	spUpdate struct {
		ID         string    `json:"id"`
		Status     string    `json:"status"`
		Body       string    `json:"body"`
		IncidentID string    `json:"incident_id"`
		Created    string    `json:"created_at"`
		Updated    string    `json:"updated_at"`
		Display    string    `json:"display_at"`
		Affected   *struct{} `json:"affected_components"` // null: what each component was like before is not told
		Deliver    bool      `json:"deliver_notifications"`
		Tweet      *string   `json:"custom_tweet"`
		TweetID    *string   `json:"tweet_id"`
	}
)

const spMost = 50 // incidents in a list

// api returns what each path of the API answers.
func (s *site) api() map[string]any {
	verdict := publicVerdictOf(s.page, s.made)
	page := spPage{digest("page", s.page.Brand.Name), cmp.Or(s.page.Brand.Name, "Status"), s.url, "Etc/UTC", stamp(s.page.AsOf)}
	status := spStatus{verdict.Worst, verdict.String()}
	parts := s.spComponents(page.ID)
	incidents, open := []spIncident{}, []spIncident{}
	for i := range s.page.Posts {
		one := s.spIncident(&s.page.Posts[i], page.ID, parts)
		incidents = append(incidents, one)
		if one.Resolved == nil {
			open = append(open, one)
		}
	}
	work, upcoming, active := []spWork{}, []spWork{}, []spWork{}
	for i := range s.page.Work {
		w := &s.page.Work[i]
		one := s.spWork(w, page.ID, parts)
		work = append(work, one)
		switch w.State {
		case comms.Scheduled:
			upcoming = append(upcoming, one)
		case comms.InProgress, comms.Verifying:
			active = append(active, one)
		}
	}
	slices.SortStableFunc(incidents, func(a, b spIncident) int { return cmp.Compare(b.Created, a.Created) })
	of := func(name string, v any) map[string]any { return map[string]any{"page": page, name: v} }
	return map[string]any{
		"api/v2/summary.json": map[string]any{
			"page": page, "status": status, "components": parts, "incidents": open, "scheduled_maintenances": slices.Concat(active, upcoming),
		},
		"api/v2/status.json":                          of("status", status),
		"api/v2/components.json":                      of("components", parts),
		"api/v2/incidents.json":                       of("incidents", incidents[:min(spMost, len(incidents))]),
		"api/v2/incidents/unresolved.json":            of("incidents", open),
		"api/v2/scheduled-maintenances.json":          of("scheduled_maintenances", work[:min(spMost, len(work))]),
		"api/v2/scheduled-maintenances/upcoming.json": of("scheduled_maintenances", upcoming),
		"api/v2/scheduled-maintenances/active.json":   of("scheduled_maintenances", active),
	}
}

// spComponents returns the components, each group before its own.
func (s *site) spComponents(page string) []spComponent {
	all := []spComponent{}
	for i := range s.page.Groups {
		g := &s.page.Groups[i]
		parts := make([]spComponent, 0, len(g.Components))
		for k := range g.Components {
			parts = append(parts, s.spComponent(&g.Components[k], page, k+1))
		}
		if g.Name != "" && len(parts) > 0 {
			head := spGroup(g.Name, page, i+1, parts)
			for k := range parts {
				parts[k].GroupID = &head.ID
			}
			all = append(all, head)
		}
		all = append(all, parts...)
	}
	return all
}

func (s *site) spComponent(c *comms.Component, page string, position int) spComponent {
	one := spComponent{ID: c.ID, Name: c.Name, Status: string(c.State), Position: position, PageID: page, Showcase: true, Created: stamp(s.page.AsOf)}
	if c.State == "" {
		one.Status = string(comms.Degraded) // there is no word for what is not known
	}
	if len(c.Days) > 0 { // the first day on record
		if first, err := time.Parse(time.DateOnly, c.Days[0].Date); err == nil {
			one.Created = stamp(first)
		}
	}
	if one.Updated = one.Created; !c.Since.IsZero() {
		one.Updated = stamp(c.Since)
	}
	if c.Says != "" {
		one.Description = &c.Says
	}
	return one
}

// spGroup returns a group, which works as the worst of its parts.
func spGroup(name, page string, position int, parts []spComponent) spComponent {
	head := parts[0]
	for _, p := range parts[1:] {
		head.Created, head.Updated = min(head.Created, p.Created), max(head.Updated, p.Updated)
		if slices.Index(comms.Conditions(), comms.Condition(p.Status)) > slices.Index(comms.Conditions(), comms.Condition(head.Status)) {
			head.Status = p.Status
		}
	}
	head.ID, head.Name, head.Position, head.Group, head.Description, head.Showcase = digest(page, "group", name), name, position, true, nil, false
	for _, p := range parts {
		head.Components = append(head.Components, p.ID)
	}
	return head
}

func (s *site) spIncident(post *comms.Post, page string, parts []spComponent) spIncident {
	one := spIncident{
		ID: post.ID, Name: heading(post), Status: string(cmp.Or(post.Stage, comms.Investigating)), Impact: s.scene.impactOfPost(post),
		Shortlink: s.url + postPath(post), Started: stamp(began(post)), PageID: page, Components: spAbout(parts, post.Components),
	}
	one.updates(post.Entries, began(post), func(e *comms.Entry) string { return string(cmp.Or(e.Stage, comms.Investigating)) })
	for _, u := range slices.Backward(one.Updates) {
		switch comms.Stage(u.Status) {
		case comms.Monitoring:
			one.Monitoring = &u.Created
		case comms.Resolved:
		default:
			one.Monitoring = nil // it came back
		}
	}
	if end := ended(post); !end.IsZero() {
		one.Resolved = new(stamp(end))
	}
	return one
}

func (s *site) spWork(w *comms.Work, page string, parts []spComponent) spWork {
	one := spWork{For: stamp(w.From), Until: stamp(w.Until), spIncident: spIncident{
		ID: w.ID, Name: w.Title, Status: string(w.State), Impact: "none", Shortlink: s.url, Started: stamp(w.From), PageID: page,
		Components: spAbout(parts, w.Components),
	}}
	if w.State == comms.CalledOff {
		one.Status, one.Name = string(comms.Completed), "Called off: "+w.Title
	}
	one.updates(notes(w), w.From, func(e *comms.Entry) string {
		if over(comms.WorkState(e.Stage)) {
			return string(comms.Completed)
		}
		return string(e.Stage)
	})
	if len(one.Updates) == 0 && w.Text != "" {
		one.Updates = append(one.Updates, spUpdate{
			ID: digest(w.ID), Status: one.Status, Body: w.Text, IncidentID: w.ID, Created: one.Created, Updated: one.Created, Display: one.Created,
		})
	}
	if over(w.State) {
		one.Resolved = &one.Updated
	}
	return one
}

// updates takes in the entries of an incident that began at an instant, the latest first.
func (one *spIncident) updates(entries []comms.Entry, began time.Time, status func(*comms.Entry) string) {
	one.Created, one.Updates = stamp(began), []spUpdate{}
	for i := range entries {
		e := &entries[i]
		at := stamp(e.At)
		one.Updates = append(one.Updates, spUpdate{
			ID: digest(one.ID, at, strconv.Itoa(len(entries)-i)), Status: status(e), Body: newsText(e), IncidentID: one.ID, Created: at, Updated: at, Display: at,
		})
		one.Created = at
	}
	one.Updated = one.Created
	if len(entries) > 0 {
		one.Updated = one.Updates[0].Created
	}
}

// newsText returns the text of an update, and what became of it.
func newsText(e *comms.Entry) string {
	switch e.State {
	case comms.Retracted:
		return "(We have taken this back.) " + e.Text
	case comms.Corrected:
		return "(We have corrected this since.) " + e.Text
	}
	return e.Text
}

// spAbout returns the components with these ids.
func spAbout(parts []spComponent, ids []string) []spComponent {
	all := []spComponent{}
	for _, p := range parts {
		if slices.Contains(ids, p.ID) {
			all = append(all, p)
		}
	}
	return all
}

// stamp formats an instant as Statuspage does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// digest returns an id that is the same for the same texts.
func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:6])
}
