package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

var (
	march = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday
	later = march.AddDate(0, 0, 30)
)

// sound is a catalog with which Vet finds nothing wrong.
func sound() *Catalog {
	c := whole()
	for i := range c.Classes {
		c.Classes[i].Runbook = "https://wiki/" + c.Classes[i].Name
	}
	c.Teams["shop"] = Team{Members: []escalate.PersonID{"ana"}, Lead: "ben"}
	return c
}

func weekly(start time.Time, people ...escalate.PersonID) *oncall.Schedule {
	return &oncall.Schedule{Rotations: []oncall.Rotation{{Start: start, People: people}}}
}

// noon is a schedule with somebody on call at noon only.
type noon struct{}

func (noon) OnCall(at time.Time) []escalate.PersonID {
	if at.Hour() == 12 {
		return []escalate.PersonID{"ana"}
	}
	return nil
}

func TestVet(t *testing.T) {
	inform := func(c *Catalog, classes ...event.Class) {
		c.Policies["tell"] = escalate.Policy{Inform: true, Levels: []escalate.Level{{Page: []escalate.Target{"channel:chat"}}}}
		c.Plans["tell"] = Plan{Policy: "tell"}
		c.Classes = classes
	}
	level := func(c *Catalog, targets ...escalate.Target) {
		c.Policies["all"] = escalate.Policy{Levels: []escalate.Level{{Page: targets}}}
	}
	onCallAtNoon := func(c *Catalog) { // and updates that somebody must approve at any time
		c.Comms = map[string]Comms{"customers": {
			Audiences: []string{"status-page"}, Approve: "commander", Then: []string{"deputy"},
			Messages: map[comms.Stage]string{"investigating": "We look.", "resolved": "It works."},
		}}
		for name, p := range c.Plans {
			p.Comms = "customers"
			c.Plans[name] = p
		}
		for name, team := range c.Teams {
			team.Lead, team.Schedule = "", "noon"
			c.Teams[name] = team
		}
		c.Schedules["noon"] = noon{}
	}
	for name, tt := range map[string]struct {
		change func(*Catalog)
		want   []string
	}{
		"nothing": {func(*Catalog) {}, nil},
		"invalid": {
			func(c *Catalog) { c.Defaults.Plan = "x"; c.Classes[0].Runbook = "" },
			[]string{`defaults: plan "x" does not exist, expected one of quick, standard (invalid)`},
		},

		"a service of tier 1 that counts for no capability": {
			func(c *Catalog) {
				c.Services["login"], c.Services["db"] = Service{Tier: 1}, Service{Tier: 1} // checkout needs db through api
			},
			[]string{`service "login": has tier 1, and no capability has or needs it, expected it in one of buying, search (no-capability)`},
		},
		"a service of tier 1 without capabilities": {
			func(c *Catalog) { c.Services["login"], c.Capabilities = Service{Tier: 1}, nil }, nil,
		},
		"a route behind another": {
			func(c *Catalog) {
				c.Routes = []Route{
					{ID: "eu", When: `label("region") == "eu"`, Plan: "quick"},
					{ID: "eu-checkout", When: `label("region") == "eu" && label("app") == "checkout"`, Plan: "quick"},
					{ID: "odd", When: `label("app") == "a" && label("app") == "b"`, Plan: "quick"},
				}
			},
			[]string{
				`route "eu-checkout": both demand event.labels.?region.orValue("") == "eu"; see eu (rule-shadowed)`,
				`route "odd": nothing satisfies event.labels.?app.orValue("") == "a" && event.labels.?app.orValue("") == "b" (rule-never-true)`,
			},
		},
		"classes that no route can mean": {
			func(c *Catalog) {
				book := "https://wiki/x"
				c.Classes = []event.Class{
					{Name: "a.routed", Runbook: book},
					{Name: "a.labelled", Runbook: book},
					{Name: "a.planned", Runbook: book, Plan: "quick"},
					{Name: "a.missed", Runbook: book},
					{Name: "a.owned", Runbook: book, Owner: "shop"},
					{Name: "a.change", Kind: event.Changes},
				}
				c.Routes = []Route{
					{ID: "type", When: `event.type == "a.routed" && label("region") == "eu"`, Plan: "quick"},
					{ID: "label", When: `event.type != "a.missed" && team.name == "platform"`, Plan: "quick"},
					{ID: "shard", When: `event.data.shard % 2 == 1 && event.type == "a.routed"`, Plan: "quick"},
					{ID: "id", When: `event.id == "x" && event.type == "a.routed"`, Plan: "quick"},
				}
			},
			[]string{
				`route "shard": a number in data is a double, so event.data.shard % 2 fails: write int(event.data.shard) % 2 (rule-int-arithmetic)`,
				`route "id": event.id differs in every event (rule-unfolded)`,
				`class "a.missed": no route matches any event of it, and it names no plan, expected a plan, or a route (uncovered-class)`,
				`class "a.owned": no route matches any event of it, and it names no plan, expected a plan, or a route (uncovered-class)`,
			},
		},
		"impact rules may follow each other": {
			func(c *Catalog) {
				c.Impact = []ImpactRule{
					{When: `label("region") == "eu"`, Impact: severity.High, Because: "eu"},
					{When: `label("region") == "eu" && label("app") == "x"`, Urgency: severity.High, Because: "x"},
					{When: `label("app") == "a" && label("app") == "b"`, Impact: severity.High, Because: "never"},
				}
			},
			[]string{`rule "impact 3": nothing satisfies event.labels.?app.orValue("") == "a" && event.labels.?app.orValue("") == "b" (rule-never-true)`},
		},
		"catch-all without people": {
			func(c *Catalog) { c.Defaults.Owner = "nobody"; c.Teams["nobody"] = Team{Lead: "ana"} },
			[]string{
				`team "nobody": reaches nobody: it has neither members nor somebody on call, expected one of them, since it owns what nobody else does (no-catch-all-owner)`,
				`policy "all": level 1: its targets reach nobody for incidents of nobody, expected somebody for every owner (empty-level)`,
			},
		},
		"catch-all whose schedule has ended up empty": {
			func(c *Catalog) { c.Schedules["nights"] = weekly(march, "") },
			[]string{
				`team "platform": reaches nobody: it has neither members nor somebody on call, expected one of them, since it owns what nobody else does (no-catch-all-owner)`,
				`schedule "nights": nobody is on call from Mon 2026-03-02 00:00 UTC to Wed 2026-04-01 00:00 UTC (gap)`,
				`policy "all": level 1: its targets reach nobody for incidents of platform, expected somebody for every owner (empty-level)`,
			},
		},
		"owner of a service without people": {
			func(c *Catalog) { c.Teams["shop"] = Team{Lead: "ana"} },
			[]string{
				`team "shop": reaches nobody: it has neither members nor somebody on call, expected one of them (unreachable-owner)`,
				`policy "all": level 1: its targets reach nobody for incidents of shop, expected somebody for every owner (empty-level)`,
			},
		},
		"team without people that owns nothing": {func(c *Catalog) { c.Teams["idle"] = Team{} }, nil},

		"no runbook": {
			func(c *Catalog) { c.Classes[0].Runbook = "" },
			[]string{`class "shop.slow": pages by plan "standard" and names no runbook, expected where it says what to do (no-runbook)`},
		},
		"runbook from above": {
			func(c *Catalog) {
				c.Classes[0].Runbook = ""
				c.Classes = append(c.Classes, event.Class{Name: "shop.*", Runbook: "https://wiki/shop"})
			}, nil,
		},
		"no runbook, and nothing that pages": {
			func(c *Catalog) {
				inform(
					c, event.Class{Name: "a", Kind: event.Changes}, event.Class{Name: "b", Severity: severity.Info},
					event.Class{Name: "c", Plan: "tell"}, event.Class{Name: "d.*"},
				)
			}, nil,
		},

		"inform and tier 1": {
			func(c *Catalog) { inform(c, event.Class{Name: "a", Plan: "tell", Service: "checkout"}) },
			[]string{
				`class "a": an event of severity critical is P1, impact high (checkout, tier 1) × urgency high (critical), and policy "tell" of plan "tell" only informs, expected one that pages (inform-p1)`,
			},
		},
		"inform and needed by tier 1, from above": {
			func(c *Catalog) {
				inform(c, event.Class{Name: "a.*", Plan: "tell", Service: "db"}, event.Class{Name: "a.b", Kind: event.Infos})
			},
			[]string{
				`class "a.*": an event of severity critical is P1, impact high (db, needed by checkout, tier 1) × urgency high (critical), and policy "tell" of plan "tell" only informs, expected one that pages (inform-p1)`,
			},
		},
		"inform and an impact rule": {
			func(c *Catalog) {
				inform(c, event.Class{Name: "a", Plan: "tell"})
				c.Impact = []ImpactRule{{When: `event.type == "a"`, Impact: severity.High, Urgency: severity.High, Because: "a"}}
			},
			[]string{
				`class "a": an event of severity error is P1, impact high (a) × urgency high (a), and policy "tell" of plan "tell" only informs, expected one that pages (inform-p1)`,
			},
		},
		"inform, and a rule that lowers it": {
			func(c *Catalog) {
				inform(c, event.Class{Name: "a", Plan: "tell", Service: "checkout"})
				c.Impact = []ImpactRule{{When: `true`, Impact: severity.Low, Because: "a game"}}
			}, nil,
		},
		"inform, and a route to those who page": {
			func(c *Catalog) {
				inform(c, event.Class{Name: "a", Plan: "tell", Service: "checkout"})
				c.Routes = []Route{{ID: "all", When: `true`, Plan: "standard"}}
			}, nil,
		},
		"inform and no tier": {func(c *Catalog) { inform(c, event.Class{Name: "a", Plan: "tell"}) }, nil},

		"no target": {
			func(c *Catalog) { level(c) }, []string{`policy "all": level 1: has no target, expected one at least (empty-level)`},
		},
		"no lead": {
			func(c *Catalog) { level(c, "owner.lead"); c.Teams["shop"] = Team{Members: []escalate.PersonID{"ana"}} },
			[]string{`policy "all": level 1: its targets reach nobody for incidents of shop, expected somebody for every owner (empty-level)`},
		},
		"a schedule on which nobody is": {
			func(c *Catalog) { c.Schedules["days"] = weekly(later, "ana"); level(c, "schedule:days") },
			[]string{
				`schedule "days": nobody is on call from Mon 2026-03-02 00:00 UTC to Wed 2026-04-01 00:00 UTC (gap)`,
				`policy "all": level 1: its targets reach nobody for incidents of platform, shop, expected somebody for every owner (empty-level)`,
			},
		},
		"no lead, and somebody else": {
			func(c *Catalog) {
				level(c, "owner.lead", "person:ana")
				c.Teams["shop"] = Team{Members: []escalate.PersonID{"ana"}}
			}, nil,
		},

		"gap before the first handoff": {
			func(c *Catalog) { c.Schedules["nights"] = weekly(march.Add(9*time.Hour), "ana", "ben") },
			[]string{`schedule "nights": nobody is on call from Mon 2026-03-02 00:00 UTC to Mon 2026-03-02 09:00 UTC (gap)`},
		},
		"gap in the zone of the schedule": {
			func(c *Catalog) {
				s := weekly(march.Add(9*time.Hour), "ana")
				s.Zone = time.FixedZone("XST", 3600)
				c.Schedules["nights"] = s
			},
			[]string{`schedule "nights": nobody is on call from Mon 2026-03-02 01:00 XST to Mon 2026-03-02 10:00 XST (gap)`},
		},
		"gap of a schedule that only a route names": {
			func(c *Catalog) {
				c.Schedules["days"] = weekly(later.Add(-time.Hour), "ana")
				c.Routes[1].Also = []escalate.Target{"schedule:days"}
			},
			[]string{`schedule "days": nobody is on call from Mon 2026-03-02 00:00 UTC to Tue 2026-03-31 23:00 UTC (gap)`},
		},
		"gaps of an empty slot": {
			func(c *Catalog) { c.Schedules["nights"] = weekly(march, "ana", "") },
			[]string{`schedule "nights": nobody is on call from Mon 2026-03-09 00:00 UTC to Mon 2026-03-16 00:00 UTC, the first of 2 gaps (gap)`},
		},
		"empty slot that another rotation covers": {
			func(c *Catalog) {
				s := weekly(march, "ana", "")
				s.Rotations = append(s.Rotations, oncall.Rotation{Start: march, People: []escalate.PersonID{"", "ben"}})
				c.Schedules["nights"] = s
			}, nil,
		},
		"gap of a schedule that nobody uses": {
			func(c *Catalog) { c.Schedules["days"] = weekly(march, "") }, nil,
		},
		"gap of a schedule of one's own": {
			func(c *Catalog) { c.Schedules["nights"] = noon{} },
			[]string{
				`schedule "nights": nobody is on call from Mon 2026-03-02 00:00 UTC to Mon 2026-03-02 12:00 UTC, the first of 31 gaps, looked at every hour (gap)`,
			},
		},

		"channel that nobody uses": {
			func(c *Catalog) { c.Channels = map[string]Channel{"smss": {}, "sms": {}} },
			[]string{`channel "smss": no contact and no target names it, expected one of chat, mail, sms, did you mean "sms"? (unused-channel)`},
		},

		"runbook without a limit": {
			func(c *Catalog) {
				steps := []automate.Step{{Do: "restart"}}
				c.Runbooks = map[string]automate.Runbook{
					"b": {Owner: "shop", When: "true", Mode: automate.Auto, Steps: steps},
					"a": {Owner: "shop", When: "true", Mode: automate.Auto, Steps: steps, Limit: automate.Limit{Concurrent: 1}},
					"c": {Owner: "shop", When: "true", Steps: steps}, "d": {Owner: "shop", Mode: automate.Manual, Steps: steps},
				}
			},
			[]string{
				`runbook "b": begins by itself and has no limit of its own, expected how often it may, such as {subject: 2/30m, fleet: 5/1h} (unlimited-runbook)`,
			},
		},
		"runbook whose owner is nobody": {
			func(c *Catalog) {
				c.Teams["idle"] = Team{}
				c.Runbooks = map[string]automate.Runbook{"a": {Owner: "idle", When: "true", Steps: []automate.Step{{Ask: "?"}}}}
			},
			[]string{`team "idle": reaches nobody: it has neither members nor somebody on call, expected one of them (unreachable-owner)`},
		},

		"a role that no plan requires": {
			func(c *Catalog) {
				c.Roles = map[incident.Role]Role{"scribe": {Page: []escalate.Target{"owner"}}, "expert": {After: time.Minute}}
			},
			[]string{`role "scribe": no plan requires it, so nobody is ever paged for it (unused-role)`},
		},
		"customers who are told nothing": {
			func(c *Catalog) {
				for name, s := range c.Services {
					s.Name = "The shop"
					c.Services[name] = s
				}
			},
			[]string{
				`class "db.down": is about The shop, which customers know, and plan "quick" has no communication plan, expected one (no-comms)`,
				`class "shop.slow": is about The shop, which customers know, and plan "standard" has no communication plan, expected one (no-comms)`,
			},
		},
		"what the page does not do yet": {
			func(c *Catalog) {
				c.Page = Page{Name: "Shop", Since: "2026-03-02", Follow: map[string]Follow{"api": {Alerts: true}}, Groups: []PageGroup{{Components: []string{"api"}}}}
			},
			[]string{
				`page: group 1: api has no name for customers, expected one in the section services: the page leaves it out (unnamed-component)`,
				`page: the days of the past are not kept yet, so since has no effect (not-carried-out)`,
				`page: a component follows what customers were told, and nothing else yet, so follow has no effect (not-carried-out)`,
			},
		},
		"updates that a role on call approves": {
			func(c *Catalog) {
				onCallAtNoon(c)
				c.Roles = map[incident.Role]Role{"deputy": {Page: []escalate.Target{"channel:chat:#ops", "person:ana"}}}
			},
			[]string{`schedule "noon": nobody is on call from Mon 2026-03-02 00:00 UTC to Mon 2026-03-02 12:00 UTC, the first of 31 gaps, looked at every hour (gap)`},
		},
		"updates that a role with gaps approves": {
			func(c *Catalog) {
				onCallAtNoon(c)
				c.Roles = map[incident.Role]Role{"commander": {Page: []escalate.Target{"schedule:noon", "channel:chat:#ops"}}}
			},
			[]string{
				`schedule "noon": nobody is on call from Mon 2026-03-02 00:00 UTC to Mon 2026-03-02 12:00 UTC, the first of 31 gaps, looked at every hour (gap)`,
				`communication plan "customers": nobody can approve its updates at every instant for incidents of platform, expected somebody on call without a gap, a lead, or a role that pages such people (no-approver)`,
				`communication plan "customers": nobody can approve its updates at every instant for incidents of shop, expected somebody on call without a gap, a lead, or a role that pages such people (no-approver)`,
			},
		},
		"updates that nobody approves or hears": {
			func(c *Catalog) {
				c.Comms = map[string]Comms{"customers": {
					Audiences: []string{"status-page", "male", "mail"}, Approve: "commander",
					Messages: map[comms.Stage]string{"investigating": "We look.", "resolved": "It works."},
				}}
				c.Audiences = map[string]Audience{"mail": {Channels: []escalate.Contact{"sms:bulk"}}}
				c.Channels = map[string]Channel{"sms": {Needs: []string{"db"}}}
				for name, p := range c.Plans {
					p.Comms = "customers"
					c.Plans[name] = p
				}
				for name, team := range c.Teams {
					team.Lead, team.Schedule = "", "noon"
					c.Teams[name] = team
				}
				c.Schedules["noon"] = noon{}
			},
			[]string{
				`schedule "noon": nobody is on call from Mon 2026-03-02 00:00 UTC to Mon 2026-03-02 12:00 UTC, the first of 31 gaps, looked at every hour (gap)`,
				`communication plan "customers": nobody can approve its updates at every instant for incidents of platform, expected somebody on call without a gap, a lead, or a role that pages such people (no-approver)`,
				`communication plan "customers": nobody can approve its updates at every instant for incidents of shop, expected somebody on call without a gap, a lead, or a role that pages such people (no-approver)`,
				`communication plan "customers": audience 2: male has no channels, expected an audience of the section audiences (unreached-audience)`,
				`audience "mail": channel sms needs db, and there is no fallback, expected one that does not (dependent-channel)`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := sound()
			tt.change(c)
			var got []string
			for _, f := range c.Vet(march, later) {
				got = append(got, f.String())
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestFindingsHavePlaces(t *testing.T) {
	var got []string
	for _, f := range loaded(t, "testdata/valid/two-teams.yaml").Vet(march, later) {
		got = append(got, f.String())
	}
	assert.Equal(t, []string{
		`catalog.yaml:45:30: communication plan "customers": audience 2: email has no channels, expected an audience of the section audiences (unreached-audience)`,
	}, got)
}

func TestVetOfTheBuiltinCatalog(t *testing.T) {
	var kinds []string
	for _, f := range Builtin([]event.Class{{Name: "a"}}).Vet(march, later) {
		kinds = append(kinds, f.Kind)
	}
	assert.Equal(t, "no-catch-all-owner", strings.Join(kinds, " "))
}
