package route_test

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/route"
)

func ExampleTable_Vet() {
	table, err := route.Compile([]route.Rule[string]{
		{ID: "databases", When: `event.type.startsWith("db.")`, Then: "storage"},
		{ID: "slow", When: `event.type == "db.slow" && event.severity >= error`, Then: "on-call"},
		{ID: "core", When: `event.labels.team == "core"`, Then: "core"},
		{ID: "both", When: `label("env") == "prod" && label("env") == "test"`, Then: "nobody"},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range table.Vet() {
		fmt.Printf("%s is %s %q: %s\n", f.Rule, f.Kind, f.Others, f.Text)
	}
	for _, f := range table.Overlaps("core") {
		fmt.Printf("%s %s %q, as for type %q\n", f.Rule, f.Kind, f.Others, f.Witness.Event.Type)
	}
	// Output:
	// slow is shadowed ["databases"]: event.type == "db.slow" implies event.type.startsWith("db.")
	// both is never-true []: nothing satisfies event.labels.?env.orValue("") == "prod" && event.labels.?env.orValue("") == "test"
	// core is unguarded []: for events without event.labels.team it errs
	// core overlaps ["databases"], as for type "db."
	// core overlaps ["slow"], as for type "db.slow"
}
