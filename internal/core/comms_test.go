package core

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// canary marks whatever is internal: every name, contact, text and id.
const canary = "zqx"

// marked is a catalog with a canary in all that customers do not read.
func marked(monday time.Time) *catalog.Catalog {
	template := map[comms.Stage]string{
		comms.Investigating: "{{.Service}}: {{.Impaired}} {{.Affected}} since {{.Since}}, until {{.Expected}}. {{.NextUpdate}}",
		comms.Identified:    "We know why. {{.Impaired}}", comms.Monitoring: "{{.Service}} is watched.", comms.Resolved: "{{.Service}} works since {{.ResolvedAt}}.",
	}
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "zqxteam", Plan: "zqxplan", ServiceLabel: "zqxlabel"},
		People: map[escalate.PersonID]catalog.Person{
			"zqxana": {Contacts: []escalate.Contact{"zqxchat:@ana"}, Aka: []string{"zqxa"}}, "zqxben": {Contacts: []escalate.Contact{"zqxchat:@ben"}},
		},
		Teams: map[string]catalog.Team{"zqxteam": {Members: []escalate.PersonID{"zqxana"}, Schedule: "zqxdays", Lead: "zqxben"}},
		Schedules: map[string]escalate.Schedule{"zqxdays": &oncall.Schedule{
			Rotations: []oncall.Rotation{{Start: monday, People: []escalate.PersonID{"zqxana"}}},
		}},
		Services: map[string]catalog.Service{
			"zqxshop": {Owner: "zqxteam", Tier: 1, Needs: []string{"zqxdb"}, Tags: []string{"zqxtag"}, Name: "Checkout", Impaired: "Some payments fail."}, "zqxdb": {},
		},
		Classes: []event.Class{{
			Name: "zqx.down", Service: "zqxshop", Owner: "zqxteam", Plan: "zqxplan", Plans: map[severity.Priority]string{severity.P5: "zqxplan"},
			Runbook: "https://zqx", Dedup: []string{"labels.zqx"}, Require: []string{"labels.zqx"}, Severity: severity.Critical,
		}, {Name: "zqx.slow", Count: 2, Within: time.Minute, CountOf: "labels.zqx"}},
		Severities: map[string]map[string]severity.Level{"zqxintake": {"zqxword": severity.Error}},
		Impact:     []catalog.ImpactRule{{When: `label("zqx") == "zqxno"`, Impact: severity.Low, Because: "zqx because"}},
		Routes: []catalog.Route{{
			ID: "zqxroute", When: `label("zqx") != ""`, Owner: "zqxteam", Service: "zqxshop", Plan: "zqxplan",
			Plans: map[severity.Priority]string{severity.P5: "zqxplan"}, Also: []escalate.Target{"channel:zqxchat:#room"},
		}},
		Plans: map[string]catalog.Plan{"zqxplan": {
			Policy: "zqxpolicy", Comms: "zqxcomms", Roles: []incident.Role{"zqxrole"}, Group: catalog.Grouping{By: []string{"labels.zqx"}},
		}},
		Roles: map[incident.Role]catalog.Role{"zqxrole": {Page: []escalate.Target{"person:zqxben"}}, "zqxdeputy": {Page: []escalate.Target{"person:zqxana"}}},
		Policies: map[string]escalate.Policy{"zqxpolicy": {Levels: []escalate.Level{
			{Page: []escalate.Target{"owner", "person:zqxben"}, Strategy: "all"},
		}}},
		Runbooks: map[string]automate.Runbook{"zqxbook": {
			Owner: "zqxteam", When: `label("zqx") == "zqxno"`, Mode: automate.Manual, On: "labels.zqx",
			Steps: []automate.Step{{Do: "zqxdo", Args: map[string]string{"zqxarg": "zqx"}}, {Check: "zqxcheck"}, {Ask: "zqx?"}},
		}},
		Channels: map[string]catalog.Channel{"zqxmail": {Needs: []string{"zqxdb"}}},
		Audiences: map[string]catalog.Audience{
			"zqxcustomers": {Kind: catalog.Outside, Channels: []escalate.Contact{"zqxmail:all"}, Fallback: []escalate.Contact{"zqxsms:all"}, When: `label("zqx") != "zqxno"`},
			"zqxinside":    {Kind: catalog.Inside, Channels: []escalate.Contact{"zqxchat:#in"}},
		},
		Comms: map[string]catalog.Comms{"zqxcomms": {
			Audiences: []string{"zqxcustomers", "zqxinside"}, Approve: "zqxrole", Then: []string{"zqxdeputy"}, Require: []string{"Affected"},
			Affected: "Everybody", Messages: template, Words: map[string]map[comms.Stage]string{"zqxinside": template},
			Variants: []catalog.Variant{{When: `label("zqx") == "zqxno"`, Use: "zqxother"}},
		}, "zqxother": {Messages: template}},
		Messages: map[notify.Kind]notify.Template{notify.Notice: {Title: "zqx {{.Summary}}", Text: "zqx {{.Why}}"}},
	}
}

// openFields are the fields that customers read, and those that hold one of a few words.
var openFields = []string{
	"Page.Name", "Page.Support", "Page.Logo", "Page.Colour", "Page.Since", "Page.Audience", // of the public page, in which package status looks for canaries
	"Service.Name", "Service.Impaired", "Comms.Affected", "Comms.Messages", "Comms.Words", "Comms.Require", // what customers read, or its names
	"Audience.Kind", "Class.Kind", "Plan.ResolveOn", "Plan.Recovered", "Grouping.OnJoin", "Runbook.Mode", "Level.Strategy", "Runbook.Name", "Policy.Levels", "Catalog.Messages",
}

// TestAcceptingBeginsNoNewWait: an incident in triage waits for its first update as an active one does.
func TestAcceptingBeginsNoNewWait(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	b := newBench(t, New(), func(c *catalog.Catalog, p *catalog.Plan) {
		c.Comms = map[string]catalog.Comms{"customers": {
			Audiences: []string{"status-page"}, First: map[severity.Priority]time.Duration{severity.P3: 20 * time.Minute},
			Messages: map[comms.Stage]string{comms.Investigating: "We look.", comms.Resolved: "It works."},
		}}
		p.Comms, p.Triage = "customers", true
	})
	id := b.open(start)
	require.Equal(t, incident.Triage, b.incident(id).Phases.Phase)
	assert.Equal(t, start.Add(20*time.Minute), b.incident(id).Comms.Due)
	later := start.Add(5 * time.Minute)
	require.NoError(t, b.decide(later, Do{At: later, Command: respond.Accept{Incident: id, By: "ana"}}).Refused[0])
	require.Equal(t, incident.Active, b.incident(id).Phases.Phase)
	assert.Equal(t, start.Add(20*time.Minute), b.incident(id).Comms.Due)
}

// TestNothingInternalLeaves puts a canary into every text of every record, every event and every section of the catalog, and lets updates
// of every stage and kind leave. No text of a message, of the facts, or of what a public page shows has one.
func TestNothingInternalLeaves(t *testing.T) {
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	source := marked(start.Add(-7 * 24 * time.Hour))
	unmarked := map[string]bool{}
	holders(reflect.ValueOf(*source), "", unmarked)
	for path, has := range unmarked {
		assert.True(t, has || slices.Contains(openFields, path), "no %s of the catalog holds a canary, expected one, or the field in openFields", path)
	}
	cat, err := source.Compile()
	require.NoError(t, err)

	b := &bench{t, New(), cat, memory.New()}
	b.decide(start, Events{Assess(cat, &event.Event{
		ID: "zqx1", Source: "zqxsource", Intake: "zqxintake", Type: "zqx.down", Subject: "zqxhost", Summary: "zqx is down", DedupKey: "zqxkey",
		Labels: map[string]string{"zqx": "zqx", "host": "zqx-db-07"}, Data: map[string]any{"zqx": "zqx"}, Links: []event.Link{{Text: "zqx", URL: "https://zqx"}},
		Received: start,
	})})
	id := b.only(KindIncident).Key.ID
	require.Greater(t, b.mark(start), 10, "texts of records")
	texts := 0
	send := func(c respond.Command) {
		t.Helper()
		b.mark(start) // before each command, so that whatever was decided is marked too
		d := b.decide(start, Do{At: start, Command: c})
		require.NoError(t, d.Refused[0], "%T", c)
		for _, task := range d.Tasks {
			p, err := payloadOf(task.Payload)
			require.NoError(t, err)
			if m := p.(*notify.Message); m.Audience {
				texts++
				m.Key, m.Channel, m.To, m.Incident = "", "", "", ""
				doc, err := json.Marshal(m)
				require.NoError(t, err)
				assert.NotContains(t, string(doc), canary)
				assert.NotContains(t, string(doc), id)
			}
		}
	}
	for _, stage := range comms.Stages() {
		send(respond.SendUpdate{Incident: id, By: "zqxana", Stage: stage, BreakGlass: true, Because: "zqx because", Confirm: true})
	}
	send(respond.CorrectUpdate{Incident: id, By: "zqxana", Update: "u1", Text: "All payments fail.", BreakGlass: true, Because: "zqx because"})
	send(respond.RetractUpdate{Incident: id, By: "zqxana", Update: "u2", BreakGlass: true, Because: "zqx because"})
	assert.Equal(t, 12, texts, "two audiences, six updates")
	updates := b.incident(id).Comms.Updates
	require.Len(t, updates, 6)
	for i := range updates {
		doc, err := json.Marshal(updates[i].Facts)
		require.NoError(t, err)
		assert.NotContains(t, string(doc), canary)
	}
	for _, audience := range []string{"zqxcustomers", "zqxinside"} {
		post, ok := comms.Publish(audience, updates)
		require.True(t, ok)
		require.Len(t, post.Entries, 6)
		doc, err := json.Marshal(post)
		require.NoError(t, err)
		assert.NotContains(t, string(doc), canary)
		assert.NotContains(t, string(doc), id)
	}
}

// holders notes of every text field of a struct, by its type and name, whether an instance holds a canary.
func holders(v reflect.Value, field string, found map[string]bool) {
	switch v.Kind() {
	case reflect.String:
		found[field] = found[field] || strings.Contains(v.String(), canary)
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			holders(v.Elem(), field, found)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			holders(v.Index(i), field, found)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if k.Kind() == reflect.String {
				found[field] = found[field] || strings.Contains(k.String(), canary)
			}
			holders(v.MapIndex(k), field, found)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name := v.Type().Name() + "." + f.Name
				if _, known := found[name]; f.Type.Kind() == reflect.String && !known {
					found[name] = false
				}
				holders(v.Field(i), name, found)
			}
		}
	}
}

// only returns the one record of a kind.
func (b *bench) only(kind string) store.Snapshot {
	b.t.Helper()
	rows := b.all(kind)
	require.Len(b.t, rows, 1)
	return rows[0]
}

// mark puts a canary into every empty text of the records, but for the updates themselves, and returns how many there were.
func (b *bench) mark(now time.Time) (marks int) {
	b.t.Helper()
	for _, kind := range []string{KindIncident, KindAlert} {
		row := b.only(kind)
		doc, err := b.core.Encode(kind, Schema, row.Rec)
		require.NoError(b.t, err)
		rec, err := b.core.Decode(kind, Schema, doc)
		require.NoError(b.t, err)
		if inc, ok := rec.(*Incident); ok {
			own := inc.Comms
			inc.Comms = nil
			marks += fillEmpty(reflect.ValueOf(rec).Elem())
			inc.Comms = own
		} else {
			marks += fillEmpty(reflect.ValueOf(rec).Elem())
		}
		keys := []store.Key{row.Key}
		require.NoError(b.t, b.kept.Update(context.Background(), store.Scope{Write: keys}, func(v store.View) (store.Batch, store.Need, error) {
			return store.Batch{Now: now, Put: []store.Change{{Key: row.Key, Version: v.Records[row.Key].Version, Rec: rec, Refs: refsOf(kind, rec)}}}, store.Need{}, nil
		}))
	}
	return marks
}

// refsOf are the names by which the record is found.
func refsOf(kind string, rec any) []store.Ref {
	if inc, ok := rec.(*Incident); ok {
		return []store.Ref{{Kind: refID, Name: inc.ID}}
	}
	return []store.Ref{MembersRef("", rec.(*Alert).Incident)}
}

// fillEmpty puts a canary into every empty text, and returns how many there were.
func fillEmpty(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.String:
		if v.String() == "" && v.Type() == reflect.TypeFor[string]() {
			v.SetString(fmt.Sprint(canary, " filled"))
			return 1
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += fillEmpty(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Tenant" && f.Name != "Group" && f.Name != "Previous" && f.Type != reflect.TypeFor[time.Time]() {
				n += fillEmpty(v.Field(i))
			}
		}
	}
	return n
}
