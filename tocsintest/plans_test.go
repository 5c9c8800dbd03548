package tocsintest_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/tocsintest"
)

// TestNoAlertJoinsASilentIncident: a quiet incident takes in no alert that pages, or that another team owns.
func TestNoAlertJoinsASilentIncident(t *testing.T) {
	const base = `version: 1
defaults: {owner: platform, plan: page}
people: {ana: {contacts: [pager:ana]}, ben: {contacts: [pager:ben]}}
teams: {platform: {members: [ana]}, search: {members: [ben]}}
services: {checkout: {owner: platform, tier: 1}}
classes: {pay.slow: {service: checkout, plan: page}}
plans: {page: {policy: page, group_wait: 0s}, tell: {policy: tell, group_wait: 0s}}
policies:
  page: {levels: [{page: [owner], wait: 5m}]}
  tell: {inform: true, levels: [{page: ["channel:room"]}]}
`
	for _, tt := range []struct {
		name          string
		instead, with string // of a line of the catalog
		first, second event.Event
		sent          []string
	}{
		{
			"staging, then production", "plans:", `routes: [{id: staging, when: 'label("env") == "staging"', plan: tell}]` + "\nplans:",
			event.Event{Severity: severity.Critical, Labels: map[string]string{"env": "staging"}},
			event.Event{Severity: severity.Critical},
			[]string{"+0s  notice  level 1  room", "+1m  page  level 1  ana  pager"},
		},
		{
			"a warning, then something critical", "plan: page}}", "plan: {P1: page, else: tell}}}",
			event.Event{Severity: severity.Warning},
			event.Event{Severity: severity.Critical},
			[]string{"+0s  notice  level 1  room", "+1m  page  level 1  ana  pager"},
		},
		{
			"two owners", "plans:", `routes: [{id: search, when: 'label("team") == "search"', owner: search}]` + "\nplans:",
			event.Event{Severity: severity.Error},
			event.Event{Severity: severity.Error, Labels: map[string]string{"team": "search"}},
			[]string{"+0s  page  level 1  ana  pager", "+1m  page  level 1  ben  pager"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(base, tt.instead, tt.with, 1)
			c, err := catalog.Load(fstest.MapFS{"catalog.yaml": &fstest.MapFile{Data: []byte(text)}})
			require.NoError(t, err)
			w := tocsintest.New(t, c, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
			for _, e := range []event.Event{tt.first, tt.second} {
				e.Type, e.Summary, e.DedupKey = "pay.slow", "slow", "a-"+e.Severity.String()+e.Labels["env"]+e.Labels["team"]
				w.Submit(e)
				w.Advance(time.Minute)
			}
			w.Sent(tt.sent...)
		})
	}
}
