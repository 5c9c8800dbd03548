package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/severity"
)

// Comms is a communication plan: who outside hears what, and when. This version keeps and shows it,
// and sends no update by it.
type Comms struct {
	Audiences []string
	First     map[severity.Priority]time.Duration // from the opening to the first update
	Every     map[severity.Priority]time.Duration // from one update to the next
	Approve   string                              // the role that lets an update go
	Messages  map[string]string                   // text by step, such as investigating or resolved
}

func commsForm() field[document] {
	spans := keyed[map[severity.Priority]time.Duration]("Spans", "a mapping of P1 to P5 to durations", true, "Of incidents of %v.", durationForm(),
		severity.P1, severity.P2, severity.P3, severity.P4, severity.P5)
	return key("comms", "The communication plans that plans name: who outside hears what, and when.",
		func(d *document) *map[string]Comms { return &d.Comms }, named[string]("communication plan", mapping("Comms", "a communication plan", false,
			key("audiences", "Who hears.",
				func(c *Comms) *[]string { return &c.Audiences }, list("", "a list of audiences", ref[string]("an audience"))),
			key("first", "How long until the first update, by priority.",
				func(c *Comms) *map[severity.Priority]time.Duration { return &c.First }, spans),
			key("every", "How long from one update to the next, by priority.",
				func(c *Comms) *map[severity.Priority]time.Duration { return &c.Every }, spans),
			key("approve", "The role that lets an update go.", func(c *Comms) *string { return &c.Approve }, ref[string]("a role")),
			key("messages", "The texts, by step: investigating, resolved and so on.",
				func(c *Comms) *map[string]string { return &c.Messages }, named[string]("step", free[string]("a text"))),
		)))
}

func checkComms(c *checker) {
	for at, plan := range entries("comms", "communication plan", c.Comms) {
		c.spans(at, "first", plan.First)
		c.spans(at, "every", plan.Every)
	}
}

func (c *checker) spans(at spot, field string, by map[severity.Priority]time.Duration) {
	for _, p := range slices.Sorted(maps.Keys(by)) {
		if !p.Valid() || by[p] <= 0 {
			c.add(at.in(field, p), "%s %v: %v, expected a positive duration for P1 to P5", field, p, by[p])
		}
	}
}

func documentComms(d *markdown) {
	var items []string
	for _, id := range sorted(d.source.Comms) {
		c := d.source.Comms[id]
		text := fmt.Sprintf("**%s** tells %s: first after %s, then every %s.",
			plain(id), plains(c.Audiences, "nobody"), spans(c.First), spans(c.Every))
		if c.Approve != "" {
			text += fmt.Sprintf(" Approved by %s.", plain(c.Approve))
		}
		items = append(items, text)
	}
	d.list("Communication plans (kept, and not carried out by this version)", items)
}

func spans(by map[severity.Priority]time.Duration) string {
	var all []string
	for _, p := range slices.Sorted(maps.Keys(by)) {
		all = append(all, fmt.Sprintf("%s (%v)", printDuration(by[p]), p))
	}
	return cmp.Or(strings.Join(all, ", "), "nothing said")
}

func vetComms(v *vet) {
	v.notCarriedOut("comms", "communication plan", "", sorted(v.source.Comms), "nobody outside hears by it")
}
