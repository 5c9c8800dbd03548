package route_test

import (
	"fmt"
	"strings"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
	"github.com/tocsin-dev/tocsin/severity"
)

func Example() {
	table, err := route.Compile([]route.Rule[string]{
		{ID: "big", When: `event.data.rows > 1000`, Then: "team storage"},
		{ID: "test", When: `event.severity >= error && label("env") == "test"`, Then: "nobody"},
		{ID: "shop", When: `event.type.startsWith("shop.")`, Then: "team shop"},
		{ID: "rest", When: `true`, Then: "team default"},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	facts := &route.Facts{Event: &event.Event{Type: "shop.cart.slow", Severity: severity.Error}}

	result := table.First(facts)
	for match := range result.Matches() {
		fmt.Println(match.ID, "sends it to", match.Then)
	}
	for step := range table.Explain(facts) {
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s: %s %s", step.Rule, step.Outcome, step.Detail)))
	}
	// Output:
	// shop sends it to team shop
	// big: erred no such key: rows
	// test: failed label("env") == "test" (label("env") is "")
	// shop: matched
	// rest: not reached
}
