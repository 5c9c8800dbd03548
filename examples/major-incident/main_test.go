package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
)

var update = flag.Bool("update", false, "write the golden file")

// TestStory: the story is the same on every store, word for word.
func TestStory(t *testing.T) {
	golden := filepath.Join("testdata", "story.txt")
	for _, kept := range []string{"memory", "sqlite"} {
		t.Run(kept, func(t *testing.T) {
			var out bytes.Buffer
			synctest.Test(t, func(t *testing.T) { require.NoError(t, run(&options{store: kept}, nil, &out)) })
			if *update && kept == "memory" {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
		})
	}
}

// played plays the story in virtual time, and looks at what it came to.
func played(t *testing.T, look func(t *testing.T, s *shop, i *incident.Incident)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open("memory", io.Discard)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.close()) }()
		require.NoError(t, s.play(func() error { return nil }))
		i, err := s.incident()
		require.NoError(t, err)
		look(t, s, &i)
	})
}

// TestWhoWasTold: each moment has its message. Who was paged, and who was asked or told what, is counted, at the instant.
func TestWhoWasTold(t *testing.T) {
	played(t, func(t *testing.T, s *shop, _ *incident.Incident) {
		told := func(kind notify.Kind, occasion notify.Occasion, part string) (all []string) {
			for i := range s.heard.all {
				if m := &s.heard.all[i]; m.Kind == kind && m.Occasion == occasion && m.Part == part && m.Class == "shop.checkout.errors" {
					all = append(all, m.At.UTC().Format("15:04 ")+m.Person)
				}
			}
			slices.Sort(all)
			return all
		}
		everybody := func(at string, who ...string) (all []string) {
			for _, w := range who {
				all = append(all, at+" "+w)
			}
			return all
		}
		for _, tt := range []struct {
			name     string
			kind     notify.Kind
			occasion notify.Occasion
			part     string
			want     []string
		}{
			{"paged by a level", notify.Page, notify.OccasionOpened, "escalation", []string{"03:00 ana", "03:37 ben"}},
			{"paged by a person", notify.Page, notify.OccasionAsked, "escalation", []string{"03:05 cho"}},
			{"paged for a role", notify.Page, notify.OccasionYours, "roles", []string{"03:05 dee", "03:08 eli"}},
			{"paged since it is back, and ben had it before", notify.Page, notify.OccasionBack, "escalation", []string{"04:01 ana", "04:01 ben"}},
			{"offered a role, and told of the answer", notify.Notice, notify.OccasionYours, "roles", []string{"03:08 cho", "03:09 ana"}},
			{"asked to decide, and told of the answer", notify.Notice, notify.OccasionYours, "decisions", []string{
				"03:14 cho", "03:15 ana", "03:23 fay", "03:30 cho", "03:38 eli",
			}},
			{"asked to approve a run", notify.Notice, notify.OccasionApproval, "runs", []string{"03:00 ana"}},
			{"asked to approve an update", notify.Notice, notify.OccasionApproval, "comms", []string{
				"03:12 cho", "03:39 cho", "03:41 fay", "03:48 cho", "04:04 cho", "04:14 cho", "04:25 cho",
			}},
			{"told of a to-do", notify.Notice, notify.OccasionYours, "todos", []string{"04:08 ben"}},
			{"told that it has recovered", notify.Notice, notify.OccasionRecovered, "escalation", slices.Concat(
				everybody("03:46", "ana", "ben", "cho", "dee", "eli", "fay"), everybody("04:12", "ana", "ben", "cho", "dee", "eli", "fay"))},
			{"told that it is over", notify.AllClear, notify.OccasionOver, "escalation", everybody("04:23", "ana", "ben", "cho", "dee", "eli", "fay")},
		} {
			assert.Equal(t, tt.want, told(tt.kind, tt.occasion, tt.part), tt.name)
		}
	})
}

// TestCustomersHearInTime: six updates reach customers, each before it was due, and none of them is a breach.
func TestCustomersHearInTime(t *testing.T) {
	played(t, func(t *testing.T, s *shop, i *incident.Incident) {
		assert.Empty(t, i.Comms.Breaches)
		assert.Zero(t, i.Comms.Late)
		var stages []comms.Stage
		var spare []time.Duration
		due := i.Detected.Add(15 * time.Minute)
		for _, u := range i.Comms.Updates {
			require.Equal(t, comms.Sent, u.State, u.ID)
			stages, spare = append(stages, u.Stage), append(spare, due.Sub(u.Sent.At))
			due = u.Next
		}
		assert.Equal(t, []comms.Stage{comms.Investigating, comms.Identified, comms.Monitoring, comms.Investigating, comms.Monitoring, comms.Resolved}, stages)
		assert.Equal(t, []time.Duration{2 * time.Minute, time.Minute, 23 * time.Minute, 14 * time.Minute, 20 * time.Minute, 19 * time.Minute}, spare)
		heard := make(map[string]int)
		for _, m := range s.heard.all {
			if m.Audience {
				heard[m.Channel+":"+m.To]++
			}
		}
		assert.Equal(t, map[string]int{"mail:customers": 6, "chat:#support": 6}, heard)
	})
}

// TestRollBackSurvives: the tool for deploys was asked twice under one key, and rolled back once.
func TestRollBackSurvives(t *testing.T) {
	played(t, func(t *testing.T, s *shop, i *incident.Incident) {
		assert.Equal(t, 2, s.heard.asked)
		assert.Len(t, s.heard.changes, 1)
		require.Len(t, i.Runs, 1)
		assert.Equal(t, "done", string(i.Runs[0].State))
		assert.Equal(t, "03:20", i.Runs[0].Ended.UTC().Format("15:04"))
	})
}

// TestDecisions: one decision was taken by who was asked, one by whom it escalated to.
func TestDecisions(t *testing.T) {
	played(t, func(t *testing.T, _ *shop, i *incident.Incident) {
		require.Len(t, i.Decisions, 2)
		assert.Equal(t, "cho", string(i.Decisions[0].Said.By))
		assert.False(t, i.Decisions[0].All)
		assert.Equal(t, "ben", string(i.Decisions[1].Said.By))
		assert.True(t, i.Decisions[1].All, "it went to the next level")
	})
}

func TestRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.EqualError(t, run(&options{store: "paper"}, strings.NewReader(""), io.Discard), "-store paper: expected memory or sqlite")
	})
}

// TestCatalog: the catalog has no findings for four weeks.
func TestCatalog(t *testing.T) {
	c, err := catalog.Load(os.DirFS("."))
	require.NoError(t, err)
	assert.Empty(t, c.Vet(night, night.AddDate(0, 0, 28)))
}
