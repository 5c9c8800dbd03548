package escalation_test

import (
	"fmt"
	"time"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/internal/machine/escalation"
	"github.com/tocsin-dev/tocsin/severity"
)

func ExampleState() {
	contacts := map[escalate.Target]escalate.Recipient{
		"person:ana": {Person: "ana", Contacts: []escalate.Contact{"sms:ana"}},
		"person:ben": {Person: "ben", Contacts: []escalate.Contact{"sms:ben"}},
	}
	terms := &escalation.Terms{
		Policy: &escalate.Policy{Levels: []escalate.Level{
			{Page: []escalate.Target{"person:ana"}},
			{Page: []escalate.Target{"person:ben"}, Wait: 10 * time.Minute},
		}},
		Priority: severity.P1,
		Reach: func(targets []escalate.Target) (who []escalate.Recipient, _ []escalate.Failed) {
			for _, t := range targets {
				who = append(who, contacts[t])
			}
			return who, nil
		},
		LastResort: func() ([]escalate.Recipient, []escalate.Failed) { return nil, nil },
	}
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	show := func(at time.Time, outputs []escalation.Output) {
		for _, o := range outputs {
			switch o := o.(type) {
			case escalation.Fire:
				fmt.Println(at.Format(time.TimeOnly), o.Position, "pages", o.Recipients[0].Person)
			case escalation.Took:
				fmt.Println(at.Format(time.TimeOnly), o.By, "has it")
			case escalation.Withdraw:
				fmt.Println(at.Format(time.TimeOnly), "cancel what has not left")
			}
		}
	}

	var state escalation.State
	state.Start(noon, terms)
	show(noon, state.Collected(noon, terms))
	due, _ := state.Due()
	show(due, state.Advance(due, terms))
	answered := noon.Add(7 * time.Minute)
	outputs, err := state.Acknowledge(answered, "ben", "sms", terms)
	show(answered, outputs)
	fmt.Println(state.Status, err)
	// Output:
	// 12:00:00 round 1, level 1 pages ana
	// 12:05:00 round 1, level 2 pages ben
	// 12:07:00 ben has it
	// 12:07:00 cancel what has not left
	// paused <nil>
}
