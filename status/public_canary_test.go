package status_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

// canary stands in whatever is internal.
const canary = "kanari"

// canaries is a catalog in which every name is a canary, and every text that is not for customers.
func canaries(t *testing.T) (c *catalog.Catalog, sown int) {
	const ana, team, plan = canary + "-ana", canary + "-team", canary + "-plan"
	c = &catalog.Catalog{
		Defaults:     catalog.Defaults{Owner: team, Plan: plan},
		People:       map[escalate.PersonID]catalog.Person{ana: {Contacts: []escalate.Contact{"pager:" + ana}, Aka: []string{canary + "-aka"}}, canary + "-ben": {Contacts: []escalate.Contact{"pager:" + canary}}},
		Teams:        map[string]catalog.Team{team: {Members: []escalate.PersonID{ana, canary + "-ben"}}},
		Services:     map[string]catalog.Service{canary + "-pay": {Owner: team, Tier: 1, Name: "Checkout", Impaired: "Card payments fail.", Needs: []string{canary + "-db"}}, canary + "-db": {Owner: team, Tier: 1, Tags: []string{canary + "-tag"}}},
		Capabilities: map[string]catalog.Capability{canary + "-buying": {Services: []string{canary + "-pay"}, Owner: team}},
		Classes:      []event.Class{{Name: canary + ".down", Service: canary + "-pay", Severity: severity.Critical}},
		Plans:        map[string]catalog.Plan{plan: {Policy: canary + "-policy", Comms: canary + "-comms"}},
		Policies:     map[string]escalate.Policy{canary + "-policy": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: time.Hour}}}},
		Runbooks: map[string]automate.Runbook{canary + "-runbook": {
			Owner: team, Mode: automate.Manual, Steps: []automate.Step{{Ask: canary + " step"}}, On: "labels." + canary,
		}},
		Audiences: map[string]catalog.Audience{canary + "-audience": {Kind: catalog.Inside, Channels: []escalate.Contact{"pager:" + canary}}},
		Comms: map[string]catalog.Comms{canary + "-comms": {
			Audiences: []string{canary + "-audience", "status-page"},
			Messages:  map[comms.Stage]string{comms.Investigating: "{{.Impaired}}", comms.Identified: "{{.Doing}}", comms.Resolved: "{{.Service}} works again."},
			Words:     map[string]map[comms.Stage]string{canary + "-audience": {comms.Investigating: canary + " {{.Impaired}}"}},
		}},
	}
	require.NoError(t, c.Validate())
	sow(reflect.ValueOf(c).Elem(), "", func() bool { return c.Validate() == nil })
	return c, bytes.Count([]byte(fmt.Sprint(reflect.ValueOf(c).Elem())), []byte(canary))
}

// forThem are the fields of a catalog whose words are for customers.
var forThem = []string{"Service.Name", "Service.Impaired", "Comms.Affected", "Comms.Messages", "Catalog.Page"}

// sow sets each empty text beneath a value to a canary, unless the whole is not valid then, and returns how many it set.
func sow(v reflect.Value, path string, valid func() bool) (n int) {
	switch v.Kind() {
	case reflect.String:
		if old := v.String(); old == "" {
			if v.SetString(canary + " of " + path); valid() {
				return 1
			}
			v.SetString(old)
			_ = valid() // what a map holds is as it was
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !slices.Contains(forThem, v.Type().Name()+"."+f.Name) {
				n += sow(v.Field(i), v.Type().Name()+"."+f.Name, valid)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += sow(v.Index(i), path, valid)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			one := reflect.New(v.Type().Elem()).Elem()
			one.Set(v.MapIndex(key))
			n += sow(one, path, func() bool { v.SetMapIndex(key, one); return valid() })
		}
	}
	return n
}

// said fills the texts of a command that people write, and returns it.
func said(c respond.Command) respond.Command {
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	for i := range v.NumField() {
		f := v.Field(i)
		switch tag := v.Type().Field(i).Tag.Get("erase"); {
		case tag != "said" || !f.IsZero():
		case f.Kind() == reflect.String:
			f.SetString(canary + " of " + v.Type().Name())
		case f.Kind() == reflect.Slice:
			f.Set(reflect.ValueOf([]string{canary + " one", canary + " two"}))
		}
	}
	return v.Interface().(respond.Command)
}

// TestPublicHasNoCanary fills every internal field of a catalog, of an alert and of what people say with a canary, tells customers, and looks for it in
// everything that is served and written, and for the ids of everything inside.
func TestPublicHasNoCanary(t *testing.T) {
	c, sown := canaries(t)
	folder, inside := t.TempDir(), []string{canary}
	ran, refused := 0, map[string]string{}
	var all map[string]string
	publishWith(t, c, status.PublicConfig{Export: folder}, func(p *published) {
		e := event.Event{
			Type: canary + ".down", Subject: canary + " eu", Labels: map[string]string{canary: canary}, Data: map[string]any{canary: canary},
			Links: []event.Link{{URL: "https://" + canary + ".internal/x", Text: canary}},
		}
		sow(reflect.ValueOf(&e).Elem(), "", func() bool { return e.Check() == nil && e.Tenant == "" && e.Intake == "" })
		require.NoError(t, p.bell.Submit(p.Context(), e))
		synctest.Wait()
		of, ana, ben := p.only(), escalate.PersonID(canary+"-ana"), escalate.PersonID(canary+"-ben")
		for _, do := range []respond.Command{
			respond.Acknowledge{Incident: of, By: ana},
			respond.Note{Incident: of, By: ana},
			respond.Assume{Incident: of, By: ana, Role: incident.Commander},
			respond.Offer{Incident: of, By: ana, To: ben, Role: incident.Commander},
			respond.AddTodo{Incident: of, By: ana, Owner: ben},
			respond.AskDecision{Incident: of, By: ana, Decider: ana},
			respond.Decide{Incident: of, By: ana, Decision: 1, Option: 1},
			respond.Reprioritise{Incident: of, By: ana, Priority: severity.P2},
			respond.Amend{Incident: of, By: ana, Moment: incident.ImpactStarted, To: time.Now().Add(-time.Hour)},
			respond.DraftUpdate{Incident: of, By: ana, Confirm: true}, // it is never sent
			respond.DraftUpdate{Incident: of, By: ana, Audience: canary + "-audience", Confirm: true},
			respond.SendUpdate{Incident: of, Update: "u2", By: ana},
			respond.SendUpdate{Incident: of, By: ana, BreakGlass: true},
			respond.SendUpdate{Incident: of, By: ana, Stage: comms.Investigating},
			respond.Mitigate{Incident: of, By: ana},
			respond.Reopen{Incident: of, By: ana},
			respond.SetPrivate{Incident: of, By: ana},
			respond.SetPrivate{Incident: of, By: ana, Off: true},
			respond.Resolve{Incident: of, By: ana, Alerts: true},
			respond.SendUpdate{Incident: of, By: ana, Stage: comms.Resolved, Confirm: true},
			respond.Close{Incident: of, By: ana},
		} {
			if err := p.bell.Do(p.Context(), said(do)); err != nil {
				refused[reflect.TypeOf(do).Name()] = err.Error()
				continue
			}
			ran++
			pass(time.Second)
		}
		pass(30 * time.Second)
		inside = append(append(inside, of), p.inside(of)...)
		all = p.everything(folder)
	})
	assert.Contains(t, all["feed.atom"], "Card payments fail.", "customers were told")
	assert.Greater(t, sown, 30)
	assert.GreaterOrEqual(t, ran, 15, refused)
	for path, text := range all {
		for _, bad := range inside {
			assert.False(t, strings.Contains(strings.ToLower(text), bad), "%q stands in %s", bad, path)
		}
	}
	t.Logf("%d canaries in the catalog, %d commands, %d files, %d words looked for: 0 found; refused: %v", sown, ran, len(all), len(inside), slices.Sorted(maps.Keys(refused)))
}

// inside returns the ids of the alerts of an incident.
func (p *published) inside(of string) (all []string) {
	alerts, err := p.bell.Alerts(p.Context(), tocsin.AlertQuery{Incident: of})
	require.NoError(p, err)
	for _, a := range alerts {
		all = append(all, a.ID)
	}
	require.NotEmpty(p, all)
	return all
}

// everything returns all that is written and served, by where it is.
func (p *published) everything(folder string) map[string]string {
	all := map[string]string{}
	require.NoError(p, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[name] = string(text)
		w := p.read("/" + strings.TrimSuffix(name, "index.html"))
		all["GET "+name] = w.Body.String()
		for header, values := range w.Header() {
			all["GET "+name] += header + strings.Join(values, " ")
		}
		return err
	}))
	return all
}
