package phase_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/phase"
)

func ExampleState() {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	plan := phase.Recovery{Soak: 5 * time.Minute, Reopen: time.Hour}

	state := phase.Open(noon, false)
	state.Joined("disk")
	state.Joined("queue")
	fmt.Println(state.Phase, state.AlertResolved("disk", false, noon.Add(time.Minute), plan))
	fmt.Println(state.Resolve(noon.Add(2*time.Minute), plan, incident.Said{}))

	fmt.Println(state.AlertResolved("queue", false, noon.Add(3*time.Minute), plan), state.Phase)
	end, _ := state.Due(plan)
	state.Advance(end, plan)
	fmt.Println(state.Phase, end.Format(time.TimeOnly))
	// Output:
	// active false
	// 1 of 2 alerts still fire
	// true monitoring
	// resolved 12:08:00
}
