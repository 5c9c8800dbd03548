package status_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/status"
)

// shown is when the pages of these tests are made.
var shown = time.Date(2026, 8, 19, 14, 17, 0, 0, time.UTC)

// part is a component of a page.
func part(name string, state comms.Condition, says string) comms.Component {
	return comms.Component{ID: "c-" + name, Name: name, State: state, Says: says}
}

// posted is an incident of a page whose latest update has a stage, and says when the next one comes.
func posted(title string, stage comms.Stage, impact string, next time.Time, parts ...string) comms.Post {
	p := comms.Post{ID: "p1", Service: "Checkout", Title: title, Impact: impact, Stage: stage, Since: shown.Add(-16 * time.Minute)}
	p.Entries = []comms.Entry{{Stage: stage, At: shown.Add(-3 * time.Minute), Text: "We are on it.", Next: next, State: comms.Sent}}
	for _, name := range parts {
		p.Components = append(p.Components, "c-"+name)
	}
	return p
}

// TestPublicVerdict: every sentence in which customers are told how things stand.
func TestPublicVerdict(t *testing.T) {
	half := shown.Add(13 * time.Minute)
	good := func(names ...string) (all []comms.Component) {
		for _, name := range names {
			all = append(all, part(name, comms.Operational, ""))
		}
		return all
	}
	tests := map[string]struct {
		parts []comms.Component
		posts []comms.Post
		age   time.Duration
		want  string
	}{
		"nothing is known":      {want: "We know of no trouble."},
		"all works":             {parts: good("Cart", "Search"), want: "Everything works."},
		"over":                  {parts: good("Cart"), posts: []comms.Post{posted("Cards fail", comms.Resolved, "major", half)}, want: "Everything works."},
		"one fails":             {parts: append(good("Cart"), part("Pay", comms.MajorOutage, "")), posts: []comms.Post{posted("Card payments fail in Europe.", comms.Identified, "critical", half, "Pay")}, want: "Card payments fail in Europe. Everything else works. You hear next by 14:30 UTC."},
		"no component":          {posts: []comms.Post{posted("Card payments fail in Europe", comms.Investigating, "", half)}, want: "Card payments fail in Europe. You hear next by 14:30 UTC."},
		"all fail":              {parts: []comms.Component{part("Pay", comms.MajorOutage, "")}, posts: []comms.Post{posted("card payments fail", comms.Investigating, "", half, "Pay")}, want: "Card payments fail. You hear next by 14:30 UTC."},
		"another is slow":       {parts: append(good("Cart"), part("Search", comms.Degraded, "Search is slow.")), posts: []comms.Post{posted("Card payments fail in Europe.", comms.Identified, "", half)}, want: "Card payments fail in Europe. Search is slow. Everything else works. You hear next by 14:30 UTC."},
		"the worst first":       {posts: []comms.Post{posted("Search is slow.", comms.Identified, "minor", time.Time{}), posted("Card payments fail.", comms.Identified, "critical", half)}, want: "Card payments fail. Search is slow. You hear next by 14:30 UTC."},
		"many":                  {parts: []comms.Component{part("A", comms.Degraded, ""), part("B", comms.PartialOutage, ""), part("C", comms.MajorOutage, ""), part("D", comms.Degraded, "")}, want: "C does not work. Three other things are wrong, listed below."},
		"two alone":             {parts: append(good("Cart"), part("A", comms.Degraded, ""), part("B", comms.PartialOutage, "")), want: "B does not work for some. A does not work as well as it should. Everything else works."},
		"planned work":          {parts: append(good("Cart"), part("Search", comms.UnderMaintenance, "")), want: "Planned work on Search is under way. Everything else works."},
		"planned work beside":   {parts: append(good("Cart"), part("Search", comms.UnderMaintenance, ""), part("Pay", comms.MajorOutage, "")), want: "Pay does not work. Planned work is under way. Everything else works."},
		"recovered":             {parts: good("Cart"), posts: []comms.Post{posted("Card payments fail.", comms.Monitoring, "critical", half)}, want: "Checkout works again, and we are watching it. You hear next by 14:30 UTC."},
		"unknown":               {parts: append(good("Cart"), part("Search", "", "")), want: "We do not know how everything works at the moment."},
		"unknown beside a fail": {parts: append(good("Cart"), part("Search", "", "")), posts: []comms.Post{posted("Cards fail", comms.Identified, "", half)}, want: "Cards fail. You hear next by 14:30 UTC."},
		"no title":              {posts: []comms.Post{posted("", comms.Identified, "", time.Time{})}, want: "Checkout does not work as it should."},
		"late":                  {posts: []comms.Post{posted("Cards fail", comms.Identified, "", shown.Add(-time.Minute))}, want: "Cards fail. News was due by 14:16 UTC and is late."},
		"another day":           {posts: []comms.Post{posted("Cards fail", comms.Identified, "", shown.Add(24*time.Hour))}, want: "Cards fail. You hear next by Thu 14:17 UTC."},
		"a minute old":          {parts: good("Cart"), age: time.Minute, want: "Everything works."},
		"older":                 {parts: good("Cart"), age: 61 * time.Second, want: "This page is 61 s old. We cannot say how things stand now. At 14:17 UTC: Everything works."},
		"old and failing":       {parts: good("Cart"), posts: []comms.Post{posted("Cards fail", comms.Identified, "", half)}, age: 4 * time.Hour, want: "This page is 4 h old. We cannot say how things stand now. At 14:17 UTC: Cards fail. Everything else works."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			page := comms.Page{AsOf: shown, Posts: tt.posts}
			if tt.parts != nil {
				page.Groups = []comms.Group{{Name: "Shop", Components: tt.parts}}
			}
			assert.Equal(t, tt.want, status.PublicVerdict(&page, shown.Add(tt.age)))
		})
	}
}
