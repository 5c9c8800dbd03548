package tocsin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestAlerts lists alerts by every filter, in pages of every size, and why nobody was paged for those without an incident.
func TestAlerts(t *testing.T) {
	c := twoTeams()
	c.Classes = append(c.Classes, event.Class{Name: "pay.slow", Service: "checkout", For: time.Hour}, event.Class{Name: "pay.rare", Service: "checkout", Count: 3, Within: time.Hour})
	synctest.Test(t, func(t *testing.T) {
		h := start(t, c, "slack", "sms")
		defer h.stop()
		for _, e := range []event.Event{
			{Type: "pay.x", Subject: "a", Severity: severity.Critical, Summary: "Payout waits"},
			{Type: "pay.x", Subject: "b", Severity: severity.Critical, Summary: "refund waits"},
			{Type: "hub.x", Subject: "c", Severity: severity.Critical, Summary: "lag grows"},
			{Type: "pay.slow", Subject: "d", Severity: severity.Critical, Summary: "slow"},
			{Type: "pay.rare", Subject: "e", Severity: severity.Critical, Summary: "rare"},
			{Type: "pay.y", Subject: "f", Severity: severity.Info, Summary: "payout done"},
			{Type: "pay.slow", Subject: "g", Severity: severity.Error, Summary: "slow"},
			{Type: "pay.slow", Subject: "g", Signal: event.Resolve},
			{Type: "pay.x", Subject: "b", Signal: event.Resolve},
		} {
			require.NoError(t, h.Submit(t.Context(), e))
		}
		settle(time.Second)
		opened := inc("pay.x/checkout#1")
		for name, tt := range map[string]struct {
			query tocsin.AlertQuery
			want  string // subjects, sorted
		}{
			"all":                   {tocsin.AlertQuery{}, "abcdefg"},
			"firing":                {tocsin.AlertQuery{State: "firing"}, "acf"},
			"pending":               {tocsin.AlertQuery{State: "pending"}, "de"},
			"quiet":                 {tocsin.AlertQuery{State: "quiet"}, ""},
			"resolved":              {tocsin.AlertQuery{State: "resolved"}, "bg"},
			"a service":             {tocsin.AlertQuery{Service: "lag"}, "c"},
			"an incident":           {tocsin.AlertQuery{Incident: opened}, "ab"},
			"firing of an incident": {tocsin.AlertQuery{Incident: opened, State: "firing"}, "a"},
			"promoted":              {tocsin.AlertQuery{Promoted: new(true)}, "abc"},
			"never promoted":        {tocsin.AlertQuery{Promoted: new(false)}, "defg"},
			"never, and firing":     {tocsin.AlertQuery{Promoted: new(false), State: "firing"}, "f"},
			"text":                  {tocsin.AlertQuery{Text: "PAYOUT"}, "af"},
			"text of a class":       {tocsin.AlertQuery{Text: "hub.X"}, "c"},
			"text of an id":         {tocsin.AlertQuery{Text: "slow/d"}, "d"},
			"another tenant":        {tocsin.AlertQuery{Tenant: "shop"}, ""},
		} {
			whole := alertPages(t, h.Engine, tt.query)
			sorted := strings.Split(whole, "")
			slices.Sort(sorted)
			assert.Equal(t, tt.want, strings.Join(sorted, ""), name)
			for limit := 1; limit <= 3; limit++ {
				tt.query.Limit = limit
				assert.Equal(t, whole, alertPages(t, h.Engine, tt.query), "%s, pages of %d", name, limit)
			}
		}

		list, err := h.Alerts(t.Context(), tocsin.AlertQuery{})
		require.NoError(t, err)
		why := make(map[string]string)
		for _, al := range list {
			why[subject(al.ID)] = al.Unpaged
		}
		assert.Equal(t, map[string]string{
			"a": "", "b": "", "c": "",
			"d": "it is pending, and fires at 2000-01-01T01:00:00Z unless it resolves",
			"e": "it is pending, and lapses at 2000-01-01T01:00:00Z unless it comes more often",
			"f": "its severity is info, which opens no incident by itself",
			"g": "it resolved (signal) before it fired",
		}, why)

		for want, query := range map[string]tocsin.AlertQuery{
			`tocsin: alerts: state "open", expected pending, firing, quiet, resolved, or none for all`: {State: "open"},
			"tocsin: alerts: limit -1, expected none below zero":                                       {Limit: -1},
			"tocsin: alerts: text of 256 bytes, expected at most 255":                                  {Text: strings.Repeat("x", 256)},
			`tocsin: alerts: incident "i" and not promoted, expected one of them`:                      {Incident: "i", Promoted: new(false)},
			`tocsin: not found: "nowhere"`:                                                             {Incident: "nowhere"},
			`tocsin: not found: no incident "` + opened + `"`:                                          {Incident: opened, Tenant: "shop"},
			`tocsin: not found: no incident "` + list[0].ID + `"`:                                      {Incident: list[0].ID},
			`tocsin: not found: "` + opened + `" is an incident, expected an alert`:                    {After: opened},
		} {
			_, err := h.Alerts(t.Context(), query)
			require.EqualError(t, err, want)
		}
		_, err = h.Incidents(t.Context(), tocsin.Query{After: list[0].ID})
		require.EqualError(t, err, `tocsin: not found: "`+list[0].ID+`" is an alert, expected an incident`)
	})
}

// alertPages lists all pages of a query: the subjects.
func alertPages(t *testing.T, e *tocsin.Engine, q tocsin.AlertQuery) (subjects string) {
	for {
		list, err := e.Alerts(t.Context(), q)
		require.NoError(t, err)
		for _, al := range list {
			subjects += subject(al.ID)
			q.After = al.ID
		}
		if len(list) < max(q.Limit, 1) || q.Limit == 0 {
			return subjects
		}
	}
}

// subject returns the subject in the id of an alert: INTAKE/TYPE/SUBJECT/SERVICE.
func subject(id string) string { return strings.Split(id, "/")[2] }

// What fires or waits and pages nobody, and why.
func ExampleEngine_Alerts() {
	bell, err := tocsin.New(&tocsin.Config{
		Service: "payments", Notifier: &inbox{},
		Classes: []event.Class{{Name: "payout.slow", Severity: severity.Critical}, {Name: "payout.done", Severity: severity.Info}},
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := bell.Submit(ctx, event.Event{Type: "payout.done", Summary: "payout 4711 is done"}); err != nil {
		panic(err)
	}
	list, err := bell.Alerts(ctx, tocsin.AlertQuery{Promoted: new(false)})
	if err != nil {
		panic(err)
	}
	for _, al := range list {
		fmt.Println(al.State, al.Latest.Summary)
		fmt.Println("nobody was paged:", al.Unpaged)
	}
	// Output:
	// firing payout 4711 is done
	// nobody was paged: its severity is info, which opens no incident by itself
}
