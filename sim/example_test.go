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

// A forecast says what events would mean and whom they would page, if nobody acts.
func ExampleForesee() {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	diskFull := event.Class{Name: "storage.disk.full"}
	c, err := catalog.Builtin([]event.Class{diskFull}).Compile()
	if err != nil {
		panic(err)
	}
	f, err := sim.Foresee(c, start, diskFull.Trigger("disk of web-1 is full", "host", "web-1"))
	if err != nil {
		panic(err)
	}
	fmt.Print(f.Text)
	fmt.Println(f.Messages[0].Kind, "over", f.Messages[0].Channel)
	// Output:
	// event trigger storage.disk.full: disk of web-1 is full
	//   class storage.disk.full, severity error, service unknown, owner default
	//   alert app/storage.disk.full//
	//   priority P3: impact medium (no service named) × urgency medium (error)
	//   plan default, decided by class storage.disk.full
	//   group default/default/storage.disk.full//
	// alert app/storage.disk.full//
	//   +0s  opened  error "disk of web-1 is full"  by app
	// #1
	//   +0s  opened  P3 = impact medium (no service named) × urgency medium (error)  class storage.disk.full  owner default  "disk of web-1 is full"  by app
	//   +0s  level 1  informs default
	//   +0s  informed  nobody is asked for an answer
	//   +0s  notice  level 1  default
	// nobody else is asked or informed after +0s, if nobody acts and nothing else comes
	// notice over default
}
