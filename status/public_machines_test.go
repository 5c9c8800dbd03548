package status_test

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/comms"
)

// object is an object of JSON.
type object = map[string]any

// listed returns a list of objects in an object.
func listed(t *testing.T, o object, name string) (all []object) {
	t.Helper()
	list, ok := o[name].([]any)
	require.True(t, ok, "%s is no list", name)
	for _, one := range list {
		all = append(all, one.(object))
	}
	return all
}

// TestPublicAPI: every path answers with the names of Statuspage, no more and no fewer, and words of its sets.
func TestPublicAPI(t *testing.T) {
	names := map[string]string{
		"page":      "id name time_zone updated_at url",
		"status":    "description indicator",
		"component": "created_at description group group_id id name only_show_if_degraded page_id position showcase start_date status updated_at",
		"incident":  "components created_at id impact incident_updates monitoring_at name page_id resolved_at shortlink started_at status updated_at",
		"update":    "affected_components body created_at custom_tweet deliver_notifications display_at id incident_id status tweet_id updated_at",
	}
	has := func(o object, what string, more ...string) {
		t.Helper()
		assert.Equal(t, slices.Sorted(slices.Values(append(strings.Fields(names[what]), more...))), slices.Sorted(maps.Keys(o)), what)
		for name, v := range o {
			if at, ok := v.(string); ok && strings.HasSuffix(name, "_at") {
				_, err := time.Parse("2006-01-02T15:04:05.000Z07:00", at)
				assert.NoError(t, err, name)
			}
		}
	}
	all := files(t, larkfield(), shown, "https://status.example/")
	seen := map[string][]string{}
	incident := func(o object, more ...string) {
		has(o, "incident", more...)
		for _, u := range listed(t, o, "incident_updates") {
			has(u, "update")
		}
		for _, c := range listed(t, o, "components") {
			has(c, "component")
		}
		assert.Contains(t, []any{"none", "minor", "major", "critical"}, o["impact"])
	}
	for path, text := range all {
		if !strings.HasSuffix(path, ".json") {
			continue
		}
		var o object
		require.NoError(t, json.Unmarshal([]byte(text), &o))
		has(o["page"].(object), "page")
		for name := range o {
			seen[path] = append(seen[path], name)
			switch name {
			case "status":
				has(o[name].(object), "status")
			case "components":
				for _, c := range listed(t, o, name) {
					more := []string{}
					if c["group"] == true {
						more = append(more, "components")
					}
					has(c, "component", more...)
				}
			case "incidents":
				for _, i := range listed(t, o, name) {
					incident(i)
					assert.Contains(t, []any{"investigating", "identified", "monitoring", "resolved"}, i["status"])
				}
			case "scheduled_maintenances":
				for _, w := range listed(t, o, name) {
					incident(w, "scheduled_for", "scheduled_until")
					assert.Contains(t, []any{"scheduled", "in_progress", "verifying", "completed"}, w["status"])
				}
			}
		}
		slices.Sort(seen[path])
	}
	assert.Equal(t, map[string][]string{
		"api/v2/summary.json":                         {"components", "incidents", "page", "scheduled_maintenances", "status"},
		"api/v2/status.json":                          {"page", "status"},
		"api/v2/components.json":                      {"components", "page"},
		"api/v2/incidents.json":                       {"incidents", "page"},
		"api/v2/incidents/unresolved.json":            {"incidents", "page"},
		"api/v2/scheduled-maintenances.json":          {"page", "scheduled_maintenances"},
		"api/v2/scheduled-maintenances/upcoming.json": {"page", "scheduled_maintenances"},
		"api/v2/scheduled-maintenances/active.json":   {"page", "scheduled_maintenances"},
	}, seen)
}

// TestPublicAPIWords: what the API says of states and times.
func TestPublicAPIWords(t *testing.T) {
	page := larkfield()
	back := posted("Mail is late", comms.Resolved, "", time.Time{})
	back.ID = "p3"
	back.Entries = []comms.Entry{
		{Stage: comms.Resolved, At: shown.Add(-time.Minute)},
		{Stage: comms.Monitoring, At: shown.Add(-2 * time.Minute)},
		{Stage: comms.Identified, At: shown.Add(-3 * time.Minute)},
		{Stage: comms.Monitoring, At: shown.Add(-4 * time.Minute)},
	}
	again := posted("Mail is late again", comms.Identified, "", time.Time{})
	again.ID = "p4"
	again.Entries = append(again.Entries, comms.Entry{Stage: comms.Monitoring, At: shown.Add(-5 * time.Minute)})
	page.Posts = append(page.Posts, back, again)
	page.Work = append(page.Work,
		comms.Work{ID: "w3", Title: "A", State: comms.CalledOff, From: shown, Until: shown}, comms.Work{ID: "w4", Title: "B", State: comms.Verifying, From: shown, Until: shown})
	all := files(t, page, shown, "https://status.example/")
	get := func(path, list string, n int) object {
		var o object
		require.NoError(t, json.Unmarshal([]byte(all["api/v2/"+path]), &o))
		if list == "status" || list == "page" {
			return o[list].(object)
		}
		return listed(t, o, list)[n]
	}
	tests := map[string]struct {
		of   object
		name string
		want any
	}{
		"monitored no more":   {get("incidents/unresolved.json", "incidents", 1), "monitoring_at", nil},
		"indicator":           {get("status.json", "status", 0), "indicator", "critical"},
		"description":         {get("status.json", "status", 0), "description", "Card payments fail in Europe. Three other things are wrong, listed below. Planned work is under way. Everything else works. You hear next by 14:30 UTC."},
		"address":             {get("status.json", "page", 0), "url", "https://status.example/"},
		"page updated":        {get("status.json", "page", 0), "updated_at", "2026-08-19T14:17:00.000Z"},
		"group is its worst":  {get("components.json", "components", 0), "status", "major_outage"},
		"component":           {get("components.json", "components", 4), "status", "under_maintenance"},
		"open":                {get("summary.json", "incidents", 0), "status", "identified"},
		"started":             {get("summary.json", "incidents", 0), "started_at", "2026-08-19T14:01:00.000Z"},
		"created":             {get("summary.json", "incidents", 0), "created_at", "2026-08-19T14:07:00.000Z"},
		"updated":             {get("summary.json", "incidents", 0), "updated_at", "2026-08-19T14:14:00.000Z"},
		"link":                {get("summary.json", "incidents", 0), "shortlink", "https://status.example/incidents/p1/"},
		"the latest first":    {get("incidents.json", "incidents", 0), "id", "p3"},
		"resolved at":         {get("incidents.json", "incidents", 0), "resolved_at", "2026-08-19T14:16:00.000Z"},
		"monitored again":     {get("incidents.json", "incidents", 0), "monitoring_at", "2026-08-19T14:15:00.000Z"},
		"impact of its own":   {get("incidents.json", "incidents", 2), "impact", "critical"},
		"work active":         {get("scheduled-maintenances/active.json", "scheduled_maintenances", 0), "id", "w4"},
		"work upcoming":       {get("scheduled-maintenances/upcoming.json", "scheduled_maintenances", 0), "id", "w1"},
		"work until":          {get("summary.json", "scheduled_maintenances", 1), "scheduled_until", "2026-08-22T07:17:00.000Z"},
		"work called off":     {get("scheduled-maintenances.json", "scheduled_maintenances", 2), "status", "completed"},
		"work called off, so": {get("scheduled-maintenances.json", "scheduled_maintenances", 2), "name", "Called off: A"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.of[tt.name]) })
	}
}

// TestPublicFeed holds the feed to what RFC 4287 requires of one: an id, a title and an instant for the feed and for each entry, ids that are
// addresses and differ, an author, a link to itself, and content or a link.
func TestPublicFeed(t *testing.T) {
	type entry struct {
		ID      []string `xml:"http://www.w3.org/2005/Atom id"`
		Title   []string `xml:"http://www.w3.org/2005/Atom title"`
		Updated []string `xml:"http://www.w3.org/2005/Atom updated"`
		Author  []string `xml:"http://www.w3.org/2005/Atom author>name"`
		Content []string `xml:"http://www.w3.org/2005/Atom content"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"http://www.w3.org/2005/Atom link"`
	}
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		entry
		Entries []entry `xml:"http://www.w3.org/2005/Atom entry"`
	}
	text := files(t, larkfield(), shown, "https://status.example/")["feed.atom"]
	require.NoError(t, xml.Unmarshal([]byte(text), &feed))
	ids := map[string]bool{}
	for _, e := range append(feed.Entries, feed.entry) {
		require.Len(t, e.ID, 1)
		id, err := url.Parse(e.ID[0])
		require.NoError(t, err)
		assert.True(t, id.IsAbs() && !ids[e.ID[0]], "the id %s is an address, and the only one of its kind", e.ID[0])
		ids[e.ID[0]] = true
		require.Len(t, e.Title, 1)
		require.Len(t, e.Updated, 1)
		_, err = time.Parse(time.RFC3339, e.Updated[0])
		assert.NoError(t, err)
	}
	assert.Equal(t, []string{"Larkfield"}, feed.Author)
	assert.Equal(t, "self https://status.example/feed.atom", feed.Links[0].Rel+" "+feed.Links[0].Href)
	require.Len(t, feed.Entries, 4)
	assert.Equal(t, []string{"Identified: Card payments fail in Europe"}, feed.Entries[0].Title)
	assert.Equal(t, "https://status.example/incidents/p1/", feed.Entries[0].Links[0].Href)
	assert.Contains(t, feed.Entries[3].Content[0], "We have taken this back.")

	later := larkfield()
	later.AsOf = shown.Add(20 * time.Second)
	assert.Equal(t, text, files(t, later, later.AsOf, "https://status.example/")["feed.atom"], "the feed does not change if nothing has happened")
	assert.Contains(t, files(t, &comms.Page{AsOf: shown}, shown, "")["feed.atom"], "<updated>2026-08-19T00:00:00Z</updated>", "also without an entry")
}
