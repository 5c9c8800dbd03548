package sim_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/sim"
)

// A simulation shows what a catalog makes of events, without waiting and without sending.
func Example() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	diskFull := event.Class{Name: "storage.disk.full", StaleAfter: time.Hour}
	s, err := sim.New(catalog.Builtin([]event.Class{diskFull}), start)
	if err != nil {
		panic(err)
	}
	if err := s.Submit(diskFull.Trigger("disk of web-1 is full", "host", "web-1")); err != nil {
		panic(err)
	}
	if err := s.Advance(2 * time.Hour); err != nil {
		panic(err)
	}
	incidents, err := s.Incidents()
	if err != nil {
		panic(err)
	}
	for _, e := range s.Entries() {
		if e.About == incidents[0].ID {
			fmt.Println(e.Line(start))
		}
	}
	// Output:
	// +0s  opened  P3 = impact medium (no service named) × urgency medium (error)  class storage.disk.full  owner default  "disk of web-1 is full"  by app
	// +0s  level 1  informs default
	// +0s  informed  nobody is asked for an answer
	// +0s  notice  level 1  default
	// +1h  alert resolved  app/storage.disk.full//  quiet  0 of 1 fire
	// +1h  incident resolved  nothing was heard of its alerts
}
