package catalog_test

import (
	"fmt"
	"os"
	"testing/fstest"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/severity"
)

func Example() {
	decided := catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "platform", Plan: "standard"},
		People:   map[escalate.PersonID]catalog.Person{"ana": {Contacts: []escalate.Contact{"sms:ana", "mail:ana"}}},
		Teams:    map[string]catalog.Team{"platform": {}, "shop": {Members: []escalate.PersonID{"ana"}}},
		Services: map[string]catalog.Service{
			"checkout": {Owner: "shop", Tier: 1, Needs: []string{"db"}},
			"db":       {},
		},
		Classes: []event.Class{{Name: "shop.cart.slow", Service: "checkout"}, {Name: "db.down", Service: "db"}},
		Plans:   map[string]catalog.Plan{"standard": {Policy: "owner first"}},
		Policies: map[string]escalate.Policy{
			"owner first": {Levels: []escalate.Level{{Page: []escalate.Target{"owner", "channel:chat"}}}},
		},
	}
	compiled, err := decided.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	a := compiled.Assess(&event.Event{Type: "db.down", Severity: severity.Critical})
	fmt.Println(a.Priority, a.Why)
	fmt.Println(a.Owner, a.Plan)

	policy := compiled.Pin("standard").Policy
	reached, _ := compiled.Reach(policy.Levels[0].Page, "shop", time.Time{})
	for _, r := range reached {
		fmt.Println(r.Person, r.Contacts)
	}
	// Output:
	// P1 impact high (db, needed by checkout, tier 1) × urgency high (critical)
	// platform standard
	// ana [sms:ana mail:ana]
	//  [chat]
}

// A capability counts what its services cannot do without.
func ExampleCapability() {
	c, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(`version: 1
defaults: {owner: platform, plan: standard}
people:
  ana: {contacts: [slack:@ana]}
teams:
  platform: {members: [ana]}
services:
  checkout: {tier: 1, needs: [payments]}
  payments: {needs: [ledger]}
  ledger: {}
capabilities:
  buying: {title: Buying in the shop, services: [checkout], owner: platform}
plans:
  standard: {policy: owner-first}
policies:
  owner-first:
    levels: [{page: [owner]}]
`)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	buying := c.Capabilities["buying"]
	fmt.Println(buying.Title, buying.Services, c.Closure(buying.Services[0]))
	// Output: Buying in the shop [checkout] [checkout payments ledger]
}

func ExampleCatalog_Validate() {
	broken := catalog.Builtin(nil)
	broken.Services["checkout"] = catalog.Service{Owner: "shop"}
	fmt.Println(broken.Validate())
	// Output: catalog: service "checkout": owner "shop" does not exist, expected one of default
}

// Teams own files; every fault of all of them comes at once, with its place.
func ExampleLoad() {
	_, err := catalog.Load(fstest.MapFS{
		"org.yaml": {Data: []byte(`version: 1
defaults: {owner: platform, plan: standard}
people:
  ana: {contacts: [slack:@ana]}
teams:
  platform: {members: [ana]}
plans:
  standard: {policy: owner-first}
policies:
  owner-first:
    levels: [{page: [owner], wait: 5 minutes}]
`)},
		"teams/shop.yaml": {Data: []byte(`services:
  checkout: {owner: platfrom, tier: 1}
routes:
  - {id: fraud, when: event.typ == "fraud", plan: standard}
`)},
	})
	fmt.Println(err)
	// Output:
	// org.yaml:11:36: policy "owner-first": level 1: wait: found "5 minutes", expected a duration such as 30s, 5m, 1h30m or 7d
	// teams/shop.yaml:2:21: service "checkout": owner "platfrom" does not exist, expected one of platform, did you mean "platform"?
	// teams/shop.yaml:4:28: routes: rule "fraud": undefined field 'typ'
	//  | event.typ == "fraud"
	//  | .....^
}

func ExampleCatalog_Vet() {
	c := catalog.Builtin([]event.Class{{Name: "shop.slow"}})
	from := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, f := range c.Vet(from, from.AddDate(0, 0, 30)) {
		fmt.Println(f.Kind, f.Where)
	}
	// Output: no-catch-all-owner team "default"
}

func ExampleCatalog_WriteYAML() {
	c := catalog.Builtin([]event.Class{{Name: "shop.slow", Severity: severity.Critical}})
	if err := c.WriteYAML(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// version: 1
	// defaults: {owner: default, plan: default}
	// teams:
	//   default: {}
	// classes:
	//   shop.slow: {severity: critical}
	// plans:
	//   default: {policy: default, group_wait: 0s, recovered: resolved}
	// policies:
	//   default:
	//     levels:
	//       - {page: ['channel:default']}
	//     inform: true
}
