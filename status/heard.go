package status

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
)

const intakesMost = 12 // intakes that a page names

// heard returns what the engine has heard and sent. Instants of what is as usual are whole minutes, so that viewers are told of a change
// once a minute. Messages about incidents tell of what other processes have sent, and this one before it began.
func (b *board) heard() tocsin.Heard {
	h := b.engine.Heard(b.tenant)
	for k := range h.Intakes {
		if i := &h.Intakes[k]; !i.Silent {
			i.Last = i.Last.Truncate(time.Minute)
		}
	}
	if b.slow.sent.After(h.Delivered) {
		h.Delivered = b.slow.sent
	}
	for _, i := range b.open {
		h.Delivered = lastTold(&i, h.Delivered)
	}
	h.Delivered = h.Delivered.Truncate(time.Minute)
	return h
}

// lastTold returns the later of an instant and of when a message about an incident last reached somebody.
func lastTold(i *incident.Incident, last time.Time) time.Time {
	for _, t := range i.Told {
		if t.Last.After(last) {
			last = t.Last
		}
	}
	return last
}

// hears says what proves that the engine hears: when each intake last spoke, and when a message and a test message last left.
func hears(s *Snapshot) (all []fact) {
	h, now := &s.Heard, s.Now
	began := clock(h.Since, now) + ", when this process began"
	if len(h.Intakes) == 0 {
		all = append(all, fact{Name: "Events", Text: "none since " + began})
	}
	intakes := slices.Clone(h.Intakes)
	slices.SortStableFunc(intakes, func(a, b tocsin.Intake) int { // the silent first
		return cmp.Compare(fmt.Sprint(!a.Silent), fmt.Sprint(!b.Silent))
	})
	for k := range intakes[:min(intakesMost, len(intakes))] {
		i := &intakes[k]
		f := fact{Name: clip(i.Name, 60), Text: "spoke at " + clock(i.Last, now)}
		switch {
		case i.Silent:
			f.Text = fmt.Sprintf("has said nothing for %s; %s is the longest that is usual", ago(now.Sub(i.Last)), ago(i.Usual))
		case i.Usual > 0:
			f.Text += fmt.Sprintf("; it is silent for %s at most", ago(i.Usual))
		}
		all = append(all, f)
	}
	switch n := len(intakes) - intakesMost; {
	case h.Further:
		all = append(all, fact{Name: "Other intakes", Text: "too many have spoken to keep all of them"})
	case n > 0:
		all = append(all, fact{Name: "Other intakes", Text: strconv.Itoa(n) + " more have spoken"})
	}
	return append(all, fact{Name: "Last message", Text: lastly(h.Delivered, began, now)}, fact{Name: "Last test", Text: lastly(h.Tested, began, now)})
}

// lastly says when something last happened.
func lastly(at time.Time, began string, now time.Time) string {
	if at.IsZero() {
		return "none since " + began
	}
	return "delivered at " + clock(at, now)
}
