package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
)

// Channel says how fast messages leave over a channel, and what it depends on. No span of a rate's length holds more messages than its count. Only pages of P1
// are never held back; they count all the same. A page that a rate holds longer than it may wait goes to the next contact at once.
type Channel struct {
	Rates  []automate.Rate // of the whole channel; none: no bound
	Person []automate.Rate // to one address; none: no bound
	Needs  []string        // the services that it cannot do without
}

func channelsForm() field[document] {
	rates := list("", "a list of rates", rateForm())
	return key("channels", "How fast messages leave over a channel, and what it needs.",
		func(d *document) *map[string]Channel { return &d.Channels }, named[string]("channel", mapping("Channel", "a channel", true,
			key("rates", "How many messages it takes in any such span, such as 60/1m. Pages of P1 are never held back, but count.", func(c *Channel) *[]automate.Rate { return &c.Rates }, rates),
			key("person", "How many go to one address in any such span.", func(c *Channel) *[]automate.Rate { return &c.Person }, rates),
			key("needs", "The services that it cannot do without.", func(c *Channel) *[]string { return &c.Needs },
				list("", "a list of services", ref[string]("a service"))),
		)))
}

func checkChannels(c *checker) {
	for at, channel := range entries("channels", "channel", c.Channels) {
		c.rates(at, "rates", channel.Rates)
		c.rates(at, "person", channel.Person)
		for i, need := range channel.Needs {
			refer(c, at.in("needs", i), "needed service", need, "services", c.Services)
		}
	}
}

func (c *checker) rates(at spot, field string, rates []automate.Rate) {
	for i, r := range rates {
		if r.Count <= 0 || r.Per <= 0 {
			c.add(at.in(field, i), "rate %s, expected so many in a span, both above zero", printRate(r))
		}
	}
}

func documentChannels(d *markdown) {
	var items []string
	rates := func(list []automate.Rate) string {
		texts := make([]string, len(list))
		for i, r := range list {
			texts[i] = fmt.Sprintf("%d in %s", r.Count, printDuration(r.Per))
		}
		return cmp.Or(strings.Join(texts, " and "), "as many as come")
	}
	for _, id := range sorted(d.source.Channels) {
		c := d.source.Channels[id]
		items = append(items, fmt.Sprintf("**%s** sends %s; to one address %s.", plain(id), rates(c.Rates), rates(c.Person)))
	}
	d.list("Channels", items)
}

// vetChannels reports rates of channels over which nothing is sent.
func vetChannels(v *vet) {
	used := v.Channels()
	for _, id := range sorted(v.source.Channels) {
		if !slices.Contains(used, id) {
			v.add("unused-channel", entry("channels", "channel", id),
				"no contact and no target names it, expected one of %s%s", strings.Join(used, ", "), suggest(id, used))
		}
	}
}

// Rates returns how fast the channels may send, by name.
func (c *Compiled) Rates() map[string]Channel { return c.source.Channels }
