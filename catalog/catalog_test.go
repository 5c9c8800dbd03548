package catalog

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
)

// onCall is a schedule on which one person always is.
type onCall escalate.PersonID

func (p onCall) OnCall(time.Time) []escalate.PersonID {
	return []escalate.PersonID{escalate.PersonID(p)}
}

// whole is a valid catalog with something of everything.
func whole() *Catalog {
	return &Catalog{
		Defaults: Defaults{Owner: "platform", Plan: "standard"},
		People: map[escalate.PersonID]Person{
			"ana": {Contacts: []escalate.Contact{"sms:ana"}}, "ben": {Contacts: []escalate.Contact{"mail:ben"}},
		},
		Teams: map[string]Team{
			"platform": {Schedule: "nights", Lead: "ana"}, "shop": {Members: []escalate.PersonID{"ana", "ben"}},
		},
		Schedules: map[string]escalate.Schedule{"nights": onCall("ben")},
		Services: map[string]Service{
			"checkout": {Owner: "shop", Tier: 1, Needs: []string{"api"}, Tags: []string{"pci"}},
			"api":      {Tier: 3, Needs: []string{"db"}},
			"db":       {},
			"wiki":     {Tier: 3},
			"batch":    {},
		},
		Capabilities: map[string]Capability{"buying": {Title: "Buying in the shop", Services: []string{"checkout"}, Owner: "shop"}, "search": {Services: []string{"wiki", "api"}}},
		Classes:      []event.Class{{Name: "shop.slow", Service: "checkout"}, {Name: "db.down", Service: "db", Plan: "quick"}},
		Impact:       []ImpactRule{{When: `label("env") == "test"`, Impact: severity.Low, Because: "only a test"}},
		Routes: []Route{
			{ID: "pci", When: `"pci" in service.tags`, Also: []escalate.Target{"channel:chat:#pci"}, Continue: true},
			{ID: "night", When: `label("env") == "night"`, Owner: "platform", Plan: "quick", Also: []escalate.Target{"person:ana"}},
		},
		Plans: map[string]Plan{"standard": {Policy: "all"}, "quick": {Policy: "all", GroupWait: new(time.Duration)}},
		Policies: map[string]escalate.Policy{
			"all": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}, {Page: []escalate.Target{"owner.lead", "schedule:nights"}}}},
		},
	}
}

func TestBrokenCatalogs(t *testing.T) {
	minus := -time.Second
	policy := func(c *Catalog, targets ...escalate.Target) {
		c.Policies["all"] = escalate.Policy{Levels: []escalate.Level{{Page: targets}}}
	}
	plan := func(c *Catalog, p Plan) { p.Policy = "all"; c.Plans["quick"] = p }
	for name, c := range map[string]struct {
		damage func(*Catalog)
		want   string // the whole error, or with … its beginning
	}{
		"default owner missing": {
			func(c *Catalog) { c.Defaults.Owner = "" },
			"catalog: defaults: owner is missing, expected the team that owns what nobody else does",
		},
		"default plan missing": {
			func(c *Catalog) { c.Defaults.Plan = "" },
			"catalog: defaults: plan is missing, expected the plan for what names none",
		},
		"default owner": {
			func(c *Catalog) { c.Defaults.Owner = "x" },
			`catalog: defaults: team "x" does not exist, expected one of platform, shop`,
		},
		"default plan": {
			func(c *Catalog) { c.Defaults.Plan = "x" },
			`catalog: defaults: plan "x" does not exist, expected one of quick, standard`,
		},
		"person without contacts": {
			func(c *Catalog) { c.People["ben"] = Person{} },
			`catalog: person "ben": no contacts, expected at least one CHANNEL:ADDRESS`,
		},
		"contact": {
			func(c *Catalog) { c.People["ben"] = Person{Contacts: []escalate.Contact{":ben"}} },
			`catalog: person "ben": contact ":ben", expected CHANNEL:ADDRESS`,
		},
		"team schedule": {
			func(c *Catalog) { c.Teams["shop"] = Team{Schedule: "x"} },
			`catalog: team "shop": schedule "x" does not exist, expected one of nights`,
		},
		"team lead": {
			func(c *Catalog) { c.Teams["shop"] = Team{Lead: "x"} },
			`catalog: team "shop": lead "x" does not exist, expected one of ana, ben`,
		},
		"team member": {
			func(c *Catalog) { c.Teams["shop"] = Team{Members: []escalate.PersonID{"ana", "x"}} },
			`catalog: team "shop": member "x" does not exist, expected one of ana, ben`,
		},
		"nil schedule": {func(c *Catalog) { c.Schedules["nights"] = nil }, `catalog: schedule "nights": is nil, expected a schedule`},
		"service owner": {
			func(c *Catalog) { c.Services["db"] = Service{Owner: "x"} },
			`catalog: service "db": owner "x" does not exist, expected one of platform, shop`,
		},
		"service need": {
			func(c *Catalog) { c.Services["wiki"] = Service{Needs: []string{"x"}} },
			`catalog: service "wiki": needed service "x" does not exist, expected one of api, batch, checkout, db, wiki`,
		},
		"tier": {
			func(c *Catalog) { c.Services["wiki"] = Service{Tier: 4} },
			`catalog: service "wiki": tier 4, expected 1 to 3, or 0 for unknown`,
		},
		"capability without services": {
			func(c *Catalog) { c.Capabilities["buying"] = Capability{} },
			`catalog: capability "buying": no services, expected one of api, batch, checkout, db, wiki`,
		},
		"capability service": {
			func(c *Catalog) {
				c.Capabilities["buying"] = Capability{Services: []string{"checkout", "", "x", "checkout"}}
			},
			`catalog: capability "buying": service 2 has no name, expected one of api, batch, checkout, db, wiki
catalog: capability "buying": service "x" does not exist, expected one of api, batch, checkout, db, wiki
catalog: capability "buying": service "checkout" stands twice, expected each once`,
		},
		"capability with a long name": {
			func(c *Catalog) { c.Capabilities[strings.Repeat("x", 256)] = c.Capabilities["buying"] },
			`catalog: capability "x…x": a name of 256 bytes, expected at most 255`,
		},
		"capability owner": {
			func(c *Catalog) { c.Capabilities["buying"] = Capability{Services: []string{"db"}, Owner: "x"} },
			`catalog: capability "buying": owner "x" does not exist, expected one of platform, shop`,
		},
		"class service": {
			func(c *Catalog) { c.Classes[0].Service = "x" },
			`catalog: class "shop.slow": service "x" does not exist, expected one of api, batch, checkout, db, wiki`,
		},
		"class owner": {
			func(c *Catalog) { c.Classes[0].Owner = "x" },
			`catalog: class "shop.slow": owner "x" does not exist, expected one of platform, shop`,
		},
		"class plan": {
			func(c *Catalog) { c.Classes[0].Plan = "x" },
			`catalog: class "shop.slow": plan "x" does not exist, expected one of quick, standard`,
		},
		"class twice": {func(c *Catalog) { c.Classes[1].Name = "shop.slow" }, "catalog: …shop.slow…"},
		"impact that says nothing": {
			func(c *Catalog) { c.Impact[0].Impact = 0 },
			"catalog: impact rule 1: says neither impact nor urgency, expected low, medium or high on one axis at least",
		},
		"impact without because": {
			func(c *Catalog) { c.Impact[0].Because = "" },
			"catalog: impact rule 1: because is missing, expected the reason that responders read",
		},
		"impact expression": {
			func(c *Catalog) { c.Impact[0].When = "nobody" },
			`catalog: impact: rule "impact 1", line 1, column 1: …undeclared reference…`,
		},
		"route expression": {
			func(c *Catalog) { c.Routes[1].When = "service.nope == 1" },
			`catalog: routes: rule "night", line 1, column 8: …undefined field 'nope'…`,
		},
		"route id": {func(c *Catalog) { c.Routes[1].ID = "" }, `catalog: routes: rule "#2": has no id`},
		"route owner": {
			func(c *Catalog) { c.Routes[1].Owner = "x" },
			`catalog: route "night": owner "x" does not exist, expected one of platform, shop`,
		},
		"route plan": {
			func(c *Catalog) { c.Routes[1].Plan = "x" },
			`catalog: route "night": plan "x" does not exist, expected one of quick, standard`,
		},
		"route person": {
			func(c *Catalog) { c.Routes[1].Also = []escalate.Target{"person:x"} },
			`catalog: route "night": person "x" does not exist, expected one of ana, ben`,
		},
		"route target": {
			func(c *Catalog) { c.Routes[1].Also = []escalate.Target{"x"} },
			`catalog: route "night": target "x", expected owner, …`,
		},
		"route that continues and decides": {
			func(c *Catalog) { c.Routes[0].Owner = "shop" },
			`catalog: route "pci": continues and names a service, owner or plan, expected only also…`,
		},
		"plan without policy": {func(c *Catalog) { c.Plans["quick"] = Plan{} }, `catalog: plan "quick": policy is missing, expected one of all`},
		"plan policy": {
			func(c *Catalog) { c.Plans["quick"] = Plan{Policy: "x"} },
			`catalog: plan "quick": policy "x" does not exist, expected one of all`,
		},
		"resolve on": {
			func(c *Catalog) { plan(c, Plan{ResolveOn: "x"}) },
			`catalog: plan "quick": resolve on "x", expected all, last or never`,
		},
		"recovered": {
			func(c *Catalog) { plan(c, Plan{Recovered: "active"}) },
			`catalog: plan "quick": recovered "active", expected monitoring or resolved`,
		},
		"group wait": {
			func(c *Catalog) { plan(c, Plan{GroupWait: &minus}) },
			`catalog: plan "quick": group wait -1s, expected no negative duration`,
		},
		"soak": {
			func(c *Catalog) { plan(c, Plan{Soak: &minus}) },
			`catalog: plan "quick": soak -1s, expected no negative duration`,
		},
		"reopen": {
			func(c *Catalog) { plan(c, Plan{Reopen: &minus}) },
			`catalog: plan "quick": reopen -1s, expected no negative duration`,
		},
		"policy without levels": {
			func(c *Catalog) { c.Policies["all"] = escalate.Policy{} },
			`catalog: policy "all": no levels, expected at least one`,
		},
		"policy person": {
			func(c *Catalog) { policy(c, "person:x") },
			`catalog: policy "all": level 1: person "x" does not exist, expected one of ana, ben`,
		},
		"policy schedule": {
			func(c *Catalog) { policy(c, "schedule:x") },
			`catalog: policy "all": level 1: schedule "x" does not exist, expected one of nights`,
		},
		"policy team": {
			func(c *Catalog) { policy(c, "team:shp") },
			`catalog: policy "all": level 1: team "shp" does not exist, expected one of platform, shop, did you mean "shop"?`,
		},
		"policy target": {
			func(c *Catalog) { policy(c, "x") },
			`catalog: policy "all": level 1: target "x", expected owner, owner.lead, person:NAME, team:NAME, schedule:NAME, channel:NAME or channel:NAME:ROOM`,
		},
		"impact out of range": {
			func(c *Catalog) { c.Impact[0].Impact = 9 },
			"catalog: impact rule 1: impact Grade(9), urgency , expected low, medium or high",
		},
		"level strategy": {
			func(c *Catalog) { c.Policies["all"].Levels[1].Strategy = "nxt" },
			`catalog: policy "all": level 2: strategy "nxt" does not exist, expected one of all, round-robin, next, least-loaded, did you mean "next"?`,
		},
		"strategy with the name of a built-in one": {
			func(c *Catalog) {
				c.Strategies = map[string]escalate.Strategy{"all": escalate.BuiltinStrategy("next"), "mine": nil}
			},
			`catalog: strategy "all": has the name of a built-in one, expected another than all, round-robin, next or least-loaded
catalog: strategy "mine": is nil, expected a strategy`,
		},
		"schedule without rotations": {
			func(c *Catalog) { c.Schedules["nights"] = &oncall.Schedule{} },
			`catalog: schedule "nights": no rotations, expected at least one`,
		},
		"schedule person": {
			func(c *Catalog) { c.Schedules["nights"] = weekly(time.Unix(0, 0), "ana", "", "bob") },
			`catalog: schedule "nights": rotation 1: person "bob" does not exist, expected one of ana, ben`,
		},
		"rates": {
			func(c *Catalog) {
				c.Channels = map[string]Channel{"sms": {Rates: []automate.Rate{{Count: 60}}, Person: []automate.Rate{{Count: -1, Per: time.Minute}}}}
			},
			`catalog: channel "sms": rate 60/0s, expected so many in a span, both above zero
catalog: channel "sms": rate -1/1m, expected so many in a span, both above zero`,
		},
		"communication plan": {
			func(c *Catalog) {
				c.Comms = map[string]Comms{"a": {First: map[severity.Priority]time.Duration{9: time.Minute, severity.P1: -1}}}
			},
			`catalog: communication plan "a": first P1: -1ns, expected a positive duration for P1 to P5
catalog: communication plan "a": first Priority(9): 1m0s, expected a positive duration for P1 to P5
catalog: communication plan "a": has no message of the stage investigating, expected a template
catalog: communication plan "a": has no message of the stage resolved, expected a template`,
		},
		"messages of a communication plan": {
			func(c *Catalog) {
				c.Comms = map[string]Comms{"a": {
					Require: []string{"Afected"}, Valid: -1, Messages: map[comms.Stage]string{
						"investigating": "We look.\nIt is {{.Title}}.", "resolved": "Next: {{.NextUpdate}}", "identified": "{{.ResolvedAt}}", "over": "x",
					},
					Words:    map[string]map[comms.Stage]string{"mail": {"resolved": "{{.Since"}},
					Variants: []Variant{{When: "true", Use: "b"}, {When: "true"}, {When: "true", Use: "a"}},
				}}
				c.Audiences = map[string]Audience{"mail": {Kind: "x", Channels: []escalate.Contact{""}}}
				c.Channels = map[string]Channel{"sms": {Needs: []string{"nothing"}}}
			},
			`catalog: channel "sms": needed service "nothing" does not exist, expected one of api, batch, checkout, db, wiki
catalog: audience "mail": kind "x", expected outside, inside or sandbox
catalog: audience "mail": contact "", expected CHANNEL:ADDRESS
catalog: communication plan "a": valid -1ns, expected no negative duration
catalog: communication plan "a": required placeholder "Afected" is unknown, expected one of Service, Impaired, Affected, Doing, Workaround, Expected, Since, NextUpdate, ResolvedAt, did you mean "Affected"?
catalog: communication plan "a": message of the stage identified names when it was resolved, expected that at the stage resolved only
catalog: communication plan "a": message of the stage investigating: line 2, column 7: placeholder "{{.Title}}" is unknown, expected {{.NAME}} with one of Service, Impaired, Affected, Doing, Workaround, Expected, Since, NextUpdate, ResolvedAt
catalog: communication plan "a": stage "over" does not exist, expected investigating, identified, monitoring or resolved
catalog: communication plan "a": message of the stage resolved names the next update, expected none since it is the last
catalog: communication plan "a": audience "mail": is no audience of the plan, expected none, since it has none
catalog: communication plan "a": audience "mail": message of the stage resolved: line 1, column 1: placeholder "{{.Since" is unknown, expected {{.NAME}} with one of Service, Impaired, Affected, Doing, Workaround, Expected, Since, NextUpdate, ResolvedAt
catalog: communication plan "a": variant 1: communication plan "b" does not exist, expected one of a
catalog: communication plan "a": variant 2: use is missing, expected one of a
catalog: communication plan "a": variant 3: uses "a", which has variants itself, expected a plan without`,
		},
		"plan comms": {
			func(c *Catalog) { plan(c, Plan{Comms: "x"}) },
			`catalog: plan "quick": communication plan "x" does not exist, expected none, since there are none`,
		},
		"class": {
			func(c *Catalog) { c.Classes[0].StaleAfter, c.Classes[0].Kind = -1, "x" },
			`catalog: class "shop.slow": kind "x" is none of alert, change, info
catalog: class "shop.slow": stale after -1ns, expected no negative duration`,
		},
		"message": {
			func(c *Catalog) { c.Messages = map[notify.Kind]notify.Template{"x": {}} },
			"catalog: messages: …kind \"x\"…",
		},
		"runbook owner missing": {
			func(c *Catalog) {
				c.Runbooks = map[string]automate.Runbook{"a": {When: "true", Steps: []automate.Step{{Ask: "?"}}}}
			},
			`catalog: runbook "a": owner is missing, expected the team that is responsible`,
		},
		"runbook": {
			func(c *Catalog) {
				c.Runbooks = map[string]automate.Runbook{"a": {Owner: "shop", When: "tru", Limit: automate.Limit{Cooldown: -1}}}
			},
			"catalog: runbook \"a\": limit: cooldown -1ns, expected no negative duration\ncatalog: runbook \"a\": steps: 0, expected 1 to 50\n" +
				`catalog: runbooks: rule "a", line 1, column 1: …`,
		},
		"matrix": {func(c *Catalog) { c.Matrix[0][0] = severity.P1 }, "…matrix…"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := whole()
			c.damage(broken)
			err := broken.Validate()
			require.Error(t, err)
			rest := err.Error()
			if !strings.Contains(c.want, "…") {
				assert.Equal(t, c.want, rest)
			}
			for part := range strings.SplitSeq(c.want, "…") {
				_, after, ok := strings.Cut(rest, part)
				require.True(t, ok, "%q lacks %q", rest, part)
				rest = after
			}
		})
	}
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	c := whole()
	c.Defaults.Plan, c.Impact[0].When, c.Routes[0].When = "x", "nobody", "nothing"
	err := c.Validate()
	for _, want := range []string{`plan "x"`, "nobody", "nothing"} {
		assert.ErrorContains(t, err, want)
	}
	_, compileErr := c.Compile()
	assert.EqualError(t, compileErr, err.Error())
}

func TestManyChoicesAreCutShort(t *testing.T) {
	c := whole()
	for _, n := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		c.Teams[n] = Team{}
	}
	c.Defaults.Owner = "x"
	assert.EqualError(t, c.Validate(), `catalog: defaults: team "x" does not exist, expected one of a, b, c, d, e, f, g, h, … (2 more)`)
	assert.EqualError(t, (&Catalog{
		Defaults: Defaults{Owner: "x", Plan: "p"}, Plans: map[string]Plan{"p": {Policy: "q"}},
		Policies: map[string]escalate.Policy{"q": {Levels: []escalate.Level{{}}}},
	}).Validate(),
		`catalog: defaults: team "x" does not exist, expected none, since there are none`)
}

// TestBelongs: members, the lead and who is on call are of a team; without people everybody is.
func TestBelongs(t *testing.T) {
	day := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	c := compiled(t, &Catalog{
		Defaults: Defaults{Owner: "shop", Plan: "p"}, Plans: map[string]Plan{"p": {Policy: "p"}},
		Policies: map[string]escalate.Policy{"p": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}}}}},
		People: map[escalate.PersonID]Person{
			"ana": {Contacts: []escalate.Contact{"sms:1"}}, "ben": {Contacts: []escalate.Contact{"sms:2"}},
			"cho": {Contacts: []escalate.Contact{"sms:3"}}, "dee": {Contacts: []escalate.Contact{"sms:4"}},
		},
		Teams:     map[string]Team{"shop": {Members: []escalate.PersonID{"ana"}, Lead: "ben", Schedule: "days"}},
		Schedules: map[string]escalate.Schedule{"days": onCallAt{day, "cho"}},
	})
	for person, want := range map[escalate.PersonID]bool{"ana": true, "ben": true, "cho": true, "dee": false, "": false} {
		assert.Equal(t, want, c.Belongs(person, "shop", day), person)
		assert.False(t, c.Belongs(person, "other", day), person)
	}
	assert.False(t, c.Belongs("cho", "shop", day.Add(time.Hour)), "off call")
	nobody := compiled(t, Builtin(nil))
	assert.True(t, nobody.Belongs("zoe", "default", day))
	assert.False(t, nobody.Belongs("", "default", day))
}

// onCallAt has a person on call at one instant.
type onCallAt struct {
	at     time.Time
	person escalate.PersonID
}

func (s onCallAt) OnCall(at time.Time) []escalate.PersonID {
	if at.Equal(s.at) {
		return []escalate.PersonID{s.person}
	}
	return nil
}

func compiled(t *testing.T, c *Catalog) *Compiled {
	out, err := c.Compile()
	require.NoError(t, err)
	return out
}

func TestImpact(t *testing.T) {
	c := whole()
	c.Impact = []ImpactRule{
		{When: `event.data.missing > 1`, Impact: severity.High, Because: "errs"},
		{When: `label("env") == "test"`, Impact: severity.Low, Because: "only a test"},
		{When: `label("env") == "test"`, Impact: severity.High, Urgency: severity.High, Because: "late for impact"},
	}
	cat := compiled(t, c)
	for name, tt := range map[string]struct {
		service, env string
		level        severity.Level
		why          string
		priority     severity.Priority
	}{
		"own tier":              {"checkout", "", severity.Critical, "impact high (checkout, tier 1) × urgency high (critical)", severity.P1},
		"needed by tier 1":      {"api", "", severity.Critical, "impact high (api, needed by checkout, tier 1) × urgency high (critical)", severity.P1},
		"needed through others": {"db", "", severity.Critical, "impact high (db, needed by checkout, tier 1) × urgency high (critical)", severity.P1},
		"tier 3":                {"wiki", "", severity.Warning, "impact low (wiki, tier 3) × urgency low (warning)", severity.P5},
		"tier unknown":          {"batch", "", severity.Error, "impact medium (batch, tier unknown) × urgency medium (error)", severity.P3},
		"no service":            {"", "", severity.Error, "impact medium (no service named) × urgency medium (error)", severity.P3},
		"a rule per axis": {
			"checkout", "test", severity.Warning,
			"impact low (only a test) × urgency high (late for impact)", severity.P3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &event.Event{Type: "x", Labels: map[string]string{"env": tt.env}}
			a := cat.impactOf(cat.Facts(e, tt.service, "shop"), tt.level)
			assert.Equal(t, tt.why, a.why)
			assert.Equal(t, tt.priority, a.priority)
			assert.Contains(t, a.errors, "impact 1")
		})
	}
}

func TestServicesThatNeedEachOtherShareTheBestTier(t *testing.T) {
	c := whole()
	c.Services["db"] = Service{Needs: []string{"batch"}}
	c.Services["batch"] = Service{Needs: []string{"db"}}
	tiers := compiled(t, c).tiers
	assert.Equal(t, tier{1, "checkout"}, tiers["batch"])
	assert.Equal(t, tier{3, "wiki"}, tiers["wiki"])
}

func TestOwner(t *testing.T) {
	cat := compiled(t, whole())
	label := map[string]string{"owner": "shop"}
	assert.Equal(t, "platform", cat.ownerOf(&event.Class{Owner: "platform", Service: "checkout"}, "checkout", label), "the class's")
	assert.Equal(t, "shop", cat.ownerOf(&event.Class{Service: "checkout"}, "checkout", nil), "the service's")
	assert.Equal(t, "shop", cat.ownerOf(&event.Class{Service: "db"}, "db", label), "the label's")
	assert.Equal(t, "platform", cat.ownerOf(&event.Class{}, "", map[string]string{"owner": "x"}), "the catch-all")
}

func TestRoutes(t *testing.T) {
	cat := compiled(t, whole())
	facts := func(service, env string) decided {
		e := &event.Event{Labels: map[string]string{"env": env}}
		return cat.decide(cat.Facts(e, service, "shop"))
	}
	assert.Equal(t, decided{}, facts("db", ""))
	assert.Equal(t, decided{also: []escalate.Target{"channel:chat:#pci"}}, facts("checkout", ""), "continue adds and decides nothing")
	assert.Equal(t, decided{
		rule: "night", owner: "platform", plan: "quick", also: []escalate.Target{"channel:chat:#pci", "person:ana"},
	}, facts("checkout", "night"))
}

func TestReach(t *testing.T) {
	c := whole()
	c.Teams["empty"] = Team{}
	cat := compiled(t, c)
	ana := escalate.Recipient{Person: "ana", Contacts: []escalate.Contact{"sms:ana"}}
	ben := escalate.Recipient{Person: "ben", Contacts: []escalate.Contact{"mail:ben"}}
	room := escalate.Recipient{Contacts: []escalate.Contact{"chat:#a"}}
	for name, tt := range map[string]struct {
		owner   string
		targets []escalate.Target
		want    []escalate.Recipient
	}{
		"members":          {"shop", []escalate.Target{"owner"}, []escalate.Recipient{ana, ben}},
		"schedule of team": {"platform", []escalate.Target{"owner"}, []escalate.Recipient{ben}},
		"lead":             {"platform", []escalate.Target{"owner.lead"}, []escalate.Recipient{ana}},
		"no lead":          {"shop", []escalate.Target{"owner.lead"}, nil},
		"nobody twice":     {"shop", []escalate.Target{"person:ben", "owner", "schedule:nights"}, []escalate.Recipient{ben, ana}},
		"no room twice":    {"shop", []escalate.Target{"channel:chat:#a", "channel:chat:#a"}, []escalate.Recipient{room}},
		"who left":         {"gone", []escalate.Target{"owner", "person:x", "schedule:x", "x"}, nil},
		"empty team":       {"empty", []escalate.Target{"owner"}, nil},
		"teams by name":    {"empty", []escalate.Target{"team:platform", "team:shop", "team:x"}, []escalate.Recipient{ben, ana}},
	} {
		t.Run(name, func(t *testing.T) {
			got, failed := cat.Reach(tt.targets, tt.owner, time.Time{})
			assert.Equal(t, tt.want, got)
			assert.Empty(t, failed)
		})
	}
	assert.Equal(t, []string{"chat", "mail", "sms"}, cat.Channels())
}

func TestReachOne(t *testing.T) {
	c := whole()
	c.Teams["empty"] = Team{}
	c.Schedules["broken"] = outOfTurn{}
	c.Policies["all"].Levels[0].Page = []escalate.Target{"channel:chat:#pci"}
	cat := compiled(t, c)
	for name, tt := range map[string]struct {
		target escalate.Target
		want   string // the people and rooms, else the error
	}{
		"person":            {"person:ana", "ana"},
		"team":              {"team:shop", "ana ben"},
		"owner":             {"owner", "ana ben"},
		"room":              {"channel:chat:#pci", "chat:#pci"},
		"unknown person":    {"person:anna", `person "anna" does not exist, expected one of ana, ben, did you mean "ana"?`},
		"unknown team":      {"team:x", `team "x" does not exist, expected one of empty, platform, shop`},
		"unknown schedule":  {"schedule:x", `schedule "x" does not exist, expected one of broken, nights`},
		"unknown room":      {"channel:chat:#pc", `room "chat:#pc" does not exist, expected one of chat:#pci, did you mean "chat:#pci"?`},
		"somebody's number": {"channel:sms:+491", `room "sms:+491" does not exist, expected one of chat:#pci`},
		"no lead":           {"owner.lead", "owner.lead reaches nobody: team shop has no lead"},
		"nobody on call":    {"team:empty", "team:empty reaches nobody: nobody is on call"},
		"a schedule fails":  {"schedule:broken", "schedule:broken reaches nobody: schedule broken: it panicked: no rotation"},
		"no target":         {"ana", `target "ana", expected owner, owner.lead, person:NAME, team:NAME, schedule:NAME, channel:NAME or channel:NAME:ROOM`},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			who, err := cat.ReachOne(tt.target, "shop", time.Time{})
			for _, r := range who {
				got = append(got, cmp.Or(string(r.Person), string(r.Contacts[0])))
			}
			if err != nil {
				got = []string{err.Error()}
			}
			assert.Equal(t, tt.want, strings.Join(got, " "))
		})
	}
}

// outOfTurn is a schedule that panics.
type outOfTurn struct{}

func (outOfTurn) OnCall(time.Time) []escalate.PersonID { panic("no rotation") }

func TestPlans(t *testing.T) {
	cat := compiled(t, whole())
	assert.Equal(t, "quick", cat.planOf(&event.Class{Plan: "quick"}, severity.P1))
	assert.Equal(t, "standard", cat.planOf(&event.Class{}, severity.P1))
	assert.Zero(t, cat.Pin("quick").GroupWait(severity.P3))
	assert.Equal(t, 30*time.Second, cat.Pin("standard").GroupWait(severity.P3))
	assert.Zero(t, cat.Pin("standard").GroupWait(severity.P1))
	r := cat.Pin("standard").Recovery(severity.P1)
	assert.Equal(t, []time.Duration{15 * time.Minute, time.Hour}, []time.Duration{r.Soak, r.Reopen})
	assert.Equal(t, "standard", cat.Pin("gone").Name, "the default plan")
}

func TestTheBuiltinCatalogCompiles(t *testing.T) {
	classes := []event.Class{{Name: "a.b", Owner: "shop", Service: "checkout"}}
	cat := compiled(t, Builtin(classes))
	assert.Equal(t, []string{escalate.DefaultChannel}, cat.Channels())
	assert.True(t, cat.Pin("default").Policy.Inform)
	for typ, want := range map[string]severity.Level{
		"tocsin." + event.FindingExhausted: severity.Critical, "tocsin." + event.FindingUnrouted: severity.Warning, "panic": severity.Critical,
	} {
		class, ok := cat.Class(typ)
		assert.True(t, ok, typ)
		assert.Equal(t, want, class.Severity, typ)
	}
	own := compiled(t, Builtin([]event.Class{{Name: "panic", Severity: severity.Warning}}))
	class, _ := own.Class("panic")
	assert.Equal(t, severity.Warning, class.Severity, "an own class takes the place of the built-in one")
	compiled(t, Builtin(nil))
}
