package escalate_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/sim"
)

// Pairs asks two people at a time, other ones with every round.
type Pairs struct{}

// Pick is a pure function of the choice.
func (Pairs) Pick(c *escalate.Choice) []escalate.Recipient {
	first := 2 * (c.Round - 1)
	return []escalate.Recipient{c.Recipients[first%len(c.Recipients)], c.Recipients[(first+1)%len(c.Recipients)]}
}

func Example_strategy() {
	c := catalog.Builtin([]event.Class{{Name: "disk.full"}})
	c.Strategies = map[string]escalate.Strategy{"pairs": Pairs{}}
	c.Policies["default"] = escalate.Policy{Levels: []escalate.Level{
		{Page: []escalate.Target{"channel:a", "channel:b", "channel:c"}, Strategy: "pairs"},
	}}
	s, err := sim.New(c, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(err, s.Submit(event.Event{Type: "disk.full"}), s.Advance(5*time.Minute))
	for _, e := range s.Entries() {
		if e.Word == incident.WordLevel && e.Of == "1" {
			fmt.Println(e.Text)
		}
	}
	// Output:
	// <nil> <nil> <nil>
	// pages a, b
	// pages a, c  round 2
}
