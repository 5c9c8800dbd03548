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
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// twoTeams is twoLevels with a team hub, which owns the service lag.
func twoTeams() *catalog.Catalog {
	c := twoLevels()
	c.Teams["hub"] = catalog.Team{Members: []escalate.PersonID{"ben"}}
	c.Services["lag"] = catalog.Service{Owner: "hub", Tier: 3}
	c.Classes = append(c.Classes, event.Class{Name: "hub.*", Service: "lag"})
	return c
}

// TestQuery lists incidents by every filter, in pages of every size. What a filter selects is the same in all of them.
func TestQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoTeams(), "slack", "sms")
		defer h.stop()
		began := time.Now()
		for _, e := range []event.Event{
			{Type: "pay.a", Severity: severity.Critical, Summary: "Payout waits"},
			{Type: "pay.b", Severity: severity.Critical, Summary: "refund waits"},
			{Type: "pay.c", Severity: severity.Warning, Summary: "payout is slow"},
			{Type: "hub.d", Severity: severity.Critical, Summary: "lag grows"},
			{Type: "hub.e", Severity: severity.Critical, Summary: "lag is back"},
		} {
			require.NoError(t, h.Submit(t.Context(), e))
			settle(time.Minute)
		}
		c, d := inc("pay.c/checkout#1"), inc("loud/hub/hub.d/lag#1")
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.b", Signal: event.Resolve}))
		require.NoError(t, h.Do(t.Context(), respond.Resolve{Incident: d, By: "ben", Alerts: true, Override: "a drill"}))
		for name, tt := range map[string]struct {
			query tocsin.Query
			want  string // last letters of the classes, sorted
		}{
			"all":                     {tocsin.Query{}, "abcde"},
			"open":                    {tocsin.Query{Open: true}, "abce"},
			"monitoring":              {tocsin.Query{Phase: incident.Monitoring}, "b"},
			"resolved":                {tocsin.Query{Phase: incident.Resolved}, "d"},
			"a team":                  {tocsin.Query{Team: "hub"}, "de"},
			"another tenant":          {tocsin.Query{Tenant: "shop"}, ""},
			"a team that is not":      {tocsin.Query{Team: "hu"}, ""},
			"a service":               {tocsin.Query{Service: "checkout"}, "abc"},
			"the worst priority":      {tocsin.Query{Priority: severity.P1}, "ab"},
			"another priority":        {tocsin.Query{Priority: severity.P3}, "cde"},
			"text of titles":          {tocsin.Query{Text: "PAYOUT"}, "ac"},
			"text of a class":         {tocsin.Query{Text: "hub.D"}, "d"},
			"text of an id":           {tocsin.Query{Text: c[2:]}, "c"},
			"detected at or after":    {tocsin.Query{From: began.Add(time.Minute)}, "bcde"},
			"detected before":         {tocsin.Query{To: began.Add(time.Minute)}, "a"},
			"detected in two minutes": {tocsin.Query{From: began.Add(time.Minute), To: began.Add(3 * time.Minute)}, "bc"},
			"all that is said holds":  {tocsin.Query{Open: true, Team: "payments", Text: "waits", Priority: severity.P1}, "ab"},
		} {
			whole := pages(t, h.Engine, tt.query)
			letters := strings.Split(whole, "")
			slices.Sort(letters)
			assert.Equal(t, tt.want, strings.Join(letters, ""), name)
			var order string // of all incidents, without those that are left out
			for _, letter := range pages(t, h.Engine, tocsin.Query{}) {
				if strings.ContainsRune(tt.want, letter) {
					order += string(letter)
				}
			}
			assert.Equal(t, order, whole, name)
			for limit := 1; limit <= 3; limit++ {
				tt.query.Limit = limit
				assert.Equal(t, whole, pages(t, h.Engine, tt.query), "%s, pages of %d", name, limit)
			}
		}
	})
}

// pages lists all pages of a query: the last letter of each class.
func pages(t *testing.T, e *tocsin.Engine, q tocsin.Query) (letters string) {
	for {
		list, err := e.Incidents(t.Context(), q)
		require.NoError(t, err)
		for _, i := range list {
			letters += i.Class[len(i.Class)-1:]
			q.After = i.ID
		}
		if len(list) < max(q.Limit, 1) || q.Limit == 0 {
			return letters
		}
	}
}

// TestAQueryEndsAndSaysSo: a query that reads too many rows returns what it has found, and how to go on. Nothing is missing in the end.
func TestAQueryEndsAndSaysSo(t *testing.T) {
	const n = 10_050
	h, err := tocsin.New(&tocsin.Config{Catalog: twoTeams(), Notifiers: map[string]notify.Notifier{"slack": &inbox{}, "sms": &inbox{}}})
	require.NoError(t, err)
	for from := 0; from < n; from += 50 {
		var events []event.Event
		for i := from; i < from+50; i++ {
			events = append(events, event.Event{Type: fmt.Sprint("pay.", i), Severity: severity.Critical, Summary: fmt.Sprint("order ", i%100, ".")})
		}
		require.NoError(t, h.Submit(t.Context(), events...))
	}
	for name, q := range map[string]tocsin.Query{
		"one state":  {Text: "order 7.", Limit: 1000},
		"two states": {Text: "order 7.", Limit: 1000, Open: true},
	} {
		t.Run(name, func(t *testing.T) {
			first, err := h.Incidents(t.Context(), q)
			var more *tocsin.MoreError
			require.ErrorAs(t, err, &more)
			assert.Equal(t, 10_000, more.Read)
			require.EqualError(t, err, fmt.Sprintf("tocsin: 10000 rows were read, and there are more: repeat the query with After %q", more.After))
			q.After = more.After
			rest, err := h.Incidents(t.Context(), q)
			require.NoError(t, err)
			found := make(map[string]bool)
			for _, i := range append(first, rest...) {
				assert.Equal(t, "order 7.", i.Title)
				found[i.ID] = true
			}
			assert.Len(t, found, (n+92)/100)
			assert.Len(t, first, len(found)-len(rest), "none twice")
		})
	}
}

// A page of a list: what is open and belongs to a team, and the page after it.
func ExampleEngine_Incidents() {
	bell, err := tocsin.New(&tocsin.Config{Service: "payments", Notifier: &inbox{}, Classes: []event.Class{{Name: "payout.*", Severity: severity.Critical}}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	for _, bank := range []string{"north", "south"} {
		if err := bell.Submit(ctx, event.Event{Type: "payout." + bank, Summary: "payouts wait for the bank " + bank}); err != nil {
			panic(err)
		}
	}
	q := tocsin.Query{Open: true, Text: "PAYOUT", Limit: 1}
	for {
		page, err := bell.Incidents(ctx, q)
		if err != nil {
			panic(err)
		}
		for _, i := range page {
			fmt.Println(i.Priority, i.Title)
			q.After = i.ID
		}
		if len(page) < q.Limit {
			break
		}
	}
	// Unordered output:
	// P2 payouts wait for the bank north
	// P2 payouts wait for the bank south
}
