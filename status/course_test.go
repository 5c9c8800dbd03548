package status_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
)

// paged returns who was paged for an incident, in order, as its timeline has it.
func (s *stage) paged(id string) (names []string) {
	timeline, err := s.bell.Timeline(s.Context(), id)
	require.NoError(s, err)
	for _, e := range timeline {
		if name, ok := strings.CutPrefix(e.Text, "pages "); ok && e.Word == incident.WordLevel {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
	}
	return names
}

var nextOf = regexp.MustCompile(`<dt>Next</dt><dd>(\w+) is paged at (\d\d:\d\d:\d\d)`)

// TestCourse: while a catalog is replaced, the pages go on to say what the engine then does, by the policy that the incident began with.
func TestCourse(t *testing.T) {
	level := func(target escalate.Target, wait time.Duration) escalate.Level {
		return escalate.Level{Page: []escalate.Target{target}, Wait: wait}
	}
	for _, c := range []struct {
		name   string
		change func(*catalog.Catalog)
		next   []string // whom the engine pages after the change
	}{
		{"the policy has other levels", func(c *catalog.Catalog) {
			c.Policies["levels"] = escalate.Policy{Levels: []escalate.Level{level("person:cho", time.Minute)}}
		}, []string{"ben", "ana", "ben"}},
		{"the plan names another policy", func(c *catalog.Catalog) {
			c.Policies["other"] = escalate.Policy{Levels: []escalate.Level{level("person:cho", time.Minute)}}
			c.Plans["standard"] = catalog.Plan{Policy: "other"}
		}, []string{"ben", "ana", "ben"}},
		{"the team has another lead", func(c *catalog.Catalog) {
			c.Teams["payments"] = catalog.Team{Members: []escalate.PersonID{"ana"}, Lead: "cho"}
		}, []string{"cho", "ana", "cho"}},
		{"nobody is the lead", func(c *catalog.Catalog) {
			c.Teams["payments"] = catalog.Team{Members: []escalate.PersonID{"ana"}}
		}, []string{"ana", "ana"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *stage) {
				s.fires("shop.down", "eu", "Checkout is down")
				pass(2 * time.Second)
				id, other := s.only(), shop()
				c.change(other)
				require.NoError(t, s.bell.Reload(other))
				pass(2 * time.Second)
				for _, want := range c.next {
					page := s.get("ana", "/incident/"+id).Body.String()
					said := nextOf.FindStringSubmatch(page)
					require.NotNil(t, said, page)
					assert.Equal(t, want, said[1])
					assert.Contains(t, page, " of the policy levels asks ", "the policy that it began with")
					assert.Contains(t, s.verdict(), want+" is next in ")
					before := s.paged(id)
					at, err := time.Parse("15:04:05", said[2])
					require.NoError(t, err)
					pass(at.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)) - time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) + time.Second)
					assert.Equal(t, append(before, want), s.paged(id), "the engine does what the page said")
				}
			})
		})
	}
}

// TestCourseShift: who is next is who is on call then.
func TestCourseShift(t *testing.T) {
	c := shop()
	c.Teams["payments"] = catalog.Team{Members: []escalate.PersonID{"ana", "ben"}, Schedule: "days", Lead: "cho"}
	c.Schedules = map[string]escalate.Schedule{"days": handoff{time.Date(2000, 1, 1, 0, 8, 0, 0, time.UTC)}}
	playWith(t, c, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(6 * time.Minute)
		assert.Equal(t, "Checkout is down for 6 min and nobody has it. ana and cho were paged; ben is next in 4 min.", s.verdict())
		pass(5 * time.Minute)
		assert.Equal(t, []string{"ana", "cho", "ben"}, s.paged(s.only()))
	})
}

// handoff is a schedule on which ben follows ana.
type handoff struct{ at time.Time }

func (h handoff) OnCall(at time.Time) []escalate.PersonID {
	if at.Before(h.at) {
		return []escalate.PersonID{"ana"}
	}
	return []escalate.PersonID{"ben"}
}

// TestTwice: the verdict says how often people were paged, and notices are no pages.
func TestTwice(t *testing.T) {
	c := shop()
	c.Policies["levels"] = escalate.Policy{Levels: []escalate.Level{
		{Page: []escalate.Target{"owner"}, Wait: time.Minute},
		{Page: []escalate.Target{"owner"}, Wait: time.Minute},
		{Page: []escalate.Target{"owner.lead"}, Wait: 5 * time.Minute},
	}}
	playWith(t, c, func(s *stage) {
		s.fires("shop.down", "eu", "Checkout is down")
		pass(80 * time.Second)
		assert.Equal(t, "Checkout is down for 80 s and nobody has it. ana was paged twice; ben is next in 40 s.", s.verdict())
		assert.Contains(t, s.get("ana", "/incident/"+s.only()).Body.String(), "ana was paged twice.")
		inc, err := s.bell.Incident(s.Context(), s.only())
		require.NoError(t, err)
		require.Len(t, inc.Told, 1)
		assert.Equal(t, 2, inc.Told[0].Pages)
	})
}
