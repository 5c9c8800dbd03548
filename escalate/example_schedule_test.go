package escalate_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
)

// FollowTheSun is on call where it is day: the first third of the day, by UTC, belongs to the first person, and so on.
type FollowTheSun [3]escalate.PersonID

// OnCall is a pure function of the instant: it looks nowhere else.
func (f FollowTheSun) OnCall(at time.Time) []escalate.PersonID {
	return []escalate.PersonID{f[at.UTC().Hour()/8]}
}

// A schedule of one's own stands in the catalog beside the others.
func Example_schedule() {
	c := catalog.Builtin(nil)
	c.Schedules = map[string]escalate.Schedule{"sun": FollowTheSun{"ana", "ben", "cho"}}
	c.Teams["default"] = catalog.Team{Schedule: "sun"}
	compiled, err := c.Compile()
	fmt.Println(err)
	for _, hour := range []int{7, 8, 23} {
		people, failed := compiled.OnCall("default", time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC))
		fmt.Println(hour, people, failed)
	}
	// Output:
	// <nil>
	// 7 [ana] <nil>
	// 8 [ben] <nil>
	// 23 [cho] <nil>
}
