package catalog_test

import (
	"fmt"
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
	e := &event.Event{Type: "db.down"}
	class, _ := compiled.Class(e.Type)
	owner := compiled.Owner(class, e.Labels)
	impact := compiled.Assess(compiled.Facts(e, class, owner), severity.Critical)
	fmt.Println(impact.Priority, impact.Why)
	fmt.Println(owner, compiled.PlanOf(class))

	policy := compiled.Policy("standard")
	for _, r := range compiled.Reach(policy.Levels[0].Page, "shop", time.Time{}) {
		fmt.Println(r.Person, r.Contacts)
	}
	// Output:
	// P1 impact high (db, needed by checkout, tier 1) × urgency high (critical)
	// platform standard
	// ana [sms:ana mail:ana]
	//  [chat]
}

func ExampleCatalog_Validate() {
	broken := catalog.Builtin(nil)
	broken.Services["checkout"] = catalog.Service{Owner: "shop"}
	fmt.Println(broken.Validate())
	// Output: catalog: service "checkout": owner "shop" does not exist, expected one of default
}
