package oncall_test

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/escalate/oncall"
)

// Summer time ends on 25 October. The shift of that week is an hour longer, and the handoff stays at nine.
func ExampleSchedule() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	payments := &oncall.Schedule{
		Zone: berlin,
		Rotations: []oncall.Rotation{{
			Start:  time.Date(2026, 1, 5, 9, 0, 0, 0, berlin),
			People: []escalate.PersonID{"ana", "ben"},
		}},
	}

	fmt.Println(payments.OnCall(time.Date(2026, 10, 20, 3, 0, 0, 0, time.UTC)))
	for _, s := range payments.Shifts(time.Date(2026, 10, 20, 0, 0, 0, 0, berlin), time.Date(2026, 11, 1, 0, 0, 0, 0, berlin)) {
		fmt.Println(s.Person, s.Start.Format("Mon 2 Jan 15:04 MST"), s.End.Sub(s.Start))
	}
	next, _ := payments.Next(time.Date(2026, 10, 20, 0, 0, 0, 0, berlin))
	fmt.Println("next handoff", next.Format(time.RFC3339))
	// Output:
	// [ben]
	// ben Mon 19 Oct 09:00 CEST 169h0m0s
	// ana Mon 26 Oct 09:00 CET 168h0m0s
	// next handoff 2026-10-26T09:00:00+01:00
}
