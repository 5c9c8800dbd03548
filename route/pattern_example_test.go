package route_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/route"
)

func ExampleImportEventPattern() {
	when, err := route.ImportEventPattern([]byte(`{
		"source": ["shop.orders"],
		"detail": {
			"state": ["lost", {"prefix": "late-"}],
			"total": [{"numeric": [">", 100]}],
			"items": {"kind": ["gift"], "weight": [{"exists": false}]}
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(when)
	table, err := route.Compile([]route.Rule[string]{{ID: "orders", When: when, Then: "team shop"}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	result := table.First(&route.Facts{Event: &event.Event{Source: "shop.orders", Data: map[string]any{
		"state": "late-2d", "total": 120.5, "items": []any{
			map[string]any{"kind": "book", "weight": 300},
			map[string]any{"kind": "gift"},
		},
	}}})
	for match := range result.Matches() {
		fmt.Println(match.Then)
	}
	// Output:
	// // {"source":["shop.orders"],"detail":{"state":["lost",{"prefix":"late-"}],"total":[{"numeric":[">",100]}],"items":{"kind":["gift"],"weight":[{"exists":false}]}}}
	// event.source == "shop.orders"
	// && (anyIn(event.data.state, ["lost"]) || anyStartsWith(event.data.state, ["late-"]))
	// && anyNumber(event.data.total, [">", 100])
	// && anyObject(event.data.items, {"kind": ["gift"], "weight": [{"exists": false}]})
	// team shop
}
