package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

// TestPlanByPriority: checkout is of tier 1, so critical is P1, error P2 and warning P3.
func TestPlanByPriority(t *testing.T) {
	c := whole()
	for _, name := range []string{"loud", "quiet"} {
		c.Plans[name] = Plan{Policy: "all"}
	}
	byPriority := map[severity.Priority]string{severity.P1: "loud"}
	c.Classes = []event.Class{
		{Name: "both", Service: "checkout", Plan: "quiet", Plans: byPriority},
		{Name: "one", Service: "checkout", Plans: byPriority},
		{Name: "plain", Service: "checkout", Plan: "quick"},
	}
	c.Routes = []Route{
		{ID: "canary", When: `label("env") == "canary"`, Plan: "quiet", Plans: byPriority},
		{ID: "night", When: `label("env") == "night"`, Owner: "platform", Plans: byPriority},
	}
	cat := compiled(t, c)
	for _, tt := range []struct {
		name, class, env string
		level            severity.Level
		plan, owner      string
	}{
		{"the class's plan of the priority", "both", "", severity.Critical, "loud", "shop"},
		{"the class's plan of the others", "both", "", severity.Error, "quiet", "shop"},
		{"without others, the default", "one", "", severity.Error, "standard", "shop"},
		{"the route's plan of the priority", "plain", "canary", severity.Critical, "loud", "shop"},
		{"the route's plan of the others", "plain", "canary", severity.Warning, "quiet", "shop"},
		{"a route without others leaves the class's plan", "plain", "night", severity.Warning, "quick", "platform"},
		{"an impact rule changes the priority, and so the plan", "both", "test", severity.Critical, "quiet", "shop"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := cat.Assess(&event.Event{Type: tt.class, Severity: tt.level, Labels: map[string]string{"env": tt.env}})
			assert.Equal(t, []string{tt.plan, tt.owner}, []string{a.Plan, a.Owner}, "%v", a.Priority)
		})
	}
	a := cat.Assess(&event.Event{Type: "one", Severity: severity.Error})
	assert.True(t, cat.Unrouted(a), "neither a route nor the class names a plan for P2")
	assert.False(t, cat.Unrouted(cat.Assess(&event.Event{Type: "one", Severity: severity.Critical})))
}

func TestBrokenPlansByPriority(t *testing.T) {
	for name, tt := range map[string]struct {
		plans map[severity.Priority]string
		want  string
	}{
		"unknown priority": {map[severity.Priority]string{9: "quick"}, `catalog: class "shop.slow": plan "quick" for Priority(9), expected P1 to P5`},
		"empty plan":       {map[severity.Priority]string{severity.P1: ""}, `catalog: class "shop.slow": plan for P1 is empty, expected one of quick, standard`},
		"unknown plan":     {map[severity.Priority]string{severity.P1: "quik"}, `catalog: class "shop.slow": plan for P1 "quik" does not exist, expected one of quick, standard, did you mean "quick"?`},
	} {
		t.Run(name, func(t *testing.T) {
			c := whole()
			c.Classes[0].Plans = tt.plans
			assert.EqualError(t, c.Validate(), tt.want)
		})
	}
}

func TestMissingFields(t *testing.T) {
	c := whole()
	c.Classes = append(c.Classes, event.Class{Name: "pay.*", Require: []string{"labels.merchant", "data.amount"}})
	cat := compiled(t, c)
	merchant := map[string]string{"merchant": "m-42"}
	for _, tt := range []struct {
		name string
		e    event.Event
		want []string
	}{
		{"nothing is missing", event.Event{Type: "pay.stuck", Labels: merchant, Data: map[string]any{"amount": 3.0}}, nil},
		{"one is missing", event.Event{Type: "pay.stuck", Labels: merchant}, []string{"data.amount"}},
		{"an empty one is missing", event.Event{Type: "pay.stuck", Labels: map[string]string{"merchant": ""}}, []string{"labels.merchant", "data.amount"}},
		{"a class that requires nothing", event.Event{Type: "shop.slow"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := cat.Assess(&tt.e)
			assert.Equal(t, tt.want, a.Missing)
			assert.True(t, a.Known && a.Promote, "it counts as its class all the same")
		})
	}
}

func TestSeverityOf(t *testing.T) {
	c := whole()
	c.Severities = map[string]map[string]severity.Level{"prod": {"Page": severity.Critical, "sev3": severity.Warning}}
	cat := compiled(t, c)
	for _, tt := range []struct {
		name, intake, word string
		want               severity.Level
		known              bool
	}{
		{"a word", "prod", "sev3", severity.Warning, true},
		{"in other capitals", "prod", " PAGE ", severity.Critical, true},
		{"another word", "prod", "ticket", 0, false},
		{"another intake", "test", "page", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, known := cat.SeverityOf(tt.intake, tt.word)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.known, known)
		})
	}
	c.Severities["prod"]["sev9"] = 9
	assert.EqualError(t, c.Validate(), `catalog: intake "prod": word "sev9": severity Level(9), expected info, warning, error or critical`)
}

func TestNames(t *testing.T) {
	c := whole()
	c.Classes = append(c.Classes, event.Class{Name: "pay.*"})
	cat := compiled(t, c)
	for _, typ := range []string{"shop.slow", "pay.stuck", "pay.*", "log.error", "panic", event.Unclassified} {
		require.NoError(t, cat.Names(typ), typ)
	}
	assert.EqualError(t, cat.Names("shop.slwo"),
		`class "shop.slwo" is not in the catalog, expected a class of this name or one above it, did you mean "shop.slow"?`)
}

// TestGroupsOfPlansAndOwners: alerts whose plan or owner differs are in different incidents.
func TestGroupsOfPlansAndOwners(t *testing.T) {
	for _, by := range [][]string{nil, {"class", "service"}} {
		c := whole()
		for _, name := range []string{"loud", "quiet", "quick", "standard"} {
			c.Plans[name] = Plan{Policy: "all", Group: Grouping{By: by}}
		}
		c.Classes = []event.Class{{Name: "slow", Service: "checkout", Plan: "quiet", Plans: map[severity.Priority]string{severity.P1: "loud"}}, {Name: "lone"}}
		c.Routes = []Route{
			{ID: "staging", When: `label("env") == "staging"`, Plan: "quick"},
			{ID: "night", When: `label("env") == "night"`, Owner: "platform"},
		}
		cat := compiled(t, c)
		groups := map[string]string{}
		group := func(typ string, level severity.Level, labels map[string]string) string {
			return cat.Assess(&event.Event{Type: typ, Severity: level, Labels: labels}).Group
		}
		for name, key := range map[string]string{
			"as the class says":        group("slow", severity.Error, nil),
			"plan by priority":         group("slow", severity.Critical, nil),
			"plan by route":            group("slow", severity.Error, map[string]string{"env": "staging"}),
			"owner by route":           group("slow", severity.Error, map[string]string{"env": "night"}),
			"another class":            group("lone", severity.Error, nil),
			"owner by label":           group("lone", severity.Error, map[string]string{"owner": "shop"}),
			"plan and owner elsewhere": group("lone", severity.Error, map[string]string{"owner": "shop", "env": "staging"}),
		} {
			assert.Empty(t, groups[key], "by %v: shares the group %s with %s", by, key, name)
			groups[key] = name
		}
		assert.Equal(t, group("slow", severity.Error, nil), group("slow", severity.Warning, nil), "one plan, one owner: one group")
	}
}
