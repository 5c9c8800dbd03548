package incident_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/severity"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// payout is an incident that just opened.
func payout() *incident.Incident {
	return &incident.Incident{
		ID: "k7qf2mab", Title: "payouts wait", Class: "payments.payout.stuck", Service: "checkout", Owner: "payments", Plan: "payments",
		Priority: severity.P1, Computed: severity.P1, Why: "impact high (checkout, tier 1) × urgency high (critical)",
		Phase: incident.Active, Detected: noon, Alerts: 1, Firing: 1,
		Escalation: incident.Escalation{Status: escalate.Running, Position: escalate.Position{Round: 1, Level: 1}, Next: at(5)},
	}
}

// full is an incident in the middle of everything.
func full() (*incident.Incident, []incident.Entry) {
	i := payout()
	i.Alerts, i.Firing = 3, 2
	i.Escalation = incident.Escalation{Status: escalate.Paused, Position: escalate.Position{Round: 1, Level: 2}, Acks: []escalate.Ack{{By: "ana", At: at(6)}}, Next: at(80)}
	i.Roles = []incident.Assignment{
		{Role: incident.Commander, Person: "ana", Assumed: at(7), Renounced: at(30)},
		{Role: incident.Commander, Person: "ben", Assumed: at(30)},
		{Role: incident.Expert, Person: "cho", Assumed: at(9)},
		{Role: incident.Expert, Person: "dee", Assumed: at(10)},
	}
	i.Vacant = []incident.Role{incident.Communications}
	i.Offers = []incident.RoleOffer{{Role: incident.Commander, From: "ben", To: "ana", Until: at(70)}}
	for k := range 5 {
		d := incident.Decision{ID: k + 1, By: "ben", Text: fmt.Sprintf("Question %d?", k+1), Options: []string{"roll back", "wait"}, Asked: []escalate.PersonID{"ana"}, At: at(10 + k)}
		switch {
		case k < 4:
			d.Option, d.Decided, d.Said = 1+k%2, at(20+k), incident.Said{By: "ana", Text: "it is safe"}
		default:
			d.Until = at(75)
		}
		i.Decisions = append(i.Decisions, d)
	}
	i.Todos = []incident.Todo{
		{ID: 1, Said: incident.Said{By: "ben", Text: "call the bank"}, Owner: "cho", Due: at(40)},
		{ID: 2, Said: incident.Said{By: "ben", Text: "look at the queue"}, Owner: "dee", Due: at(90)},
		{ID: 3, Said: incident.Said{By: "ben", Text: "write it down"}, Owner: "ben", Done: at(20)},
		{ID: 4, Said: incident.Said{By: "ben", Text: "tell the shop"}, Owner: "ana"},
	}
	i.Comms = &comms.Situation{Updates: []comms.Update{
		{State: comms.Corrected, Sent: comms.Release{At: at(15)}, Texts: []comms.Text{{Text: "Payouts are late."}}},
		{State: comms.Sent, Sent: comms.Release{At: at(45)}, Texts: []comms.Text{{Text: "for support"}, {Text: "Some payouts are late."}}},
		{State: comms.Sent, Inside: true, Sent: comms.Release{At: at(46)}, Texts: []comms.Text{{Text: "nobody outside hears this"}}},
		{State: comms.Draft, Texts: []comms.Text{{Text: "We know why."}}},
	}}
	i.Runs = []incident.Run{{Runbook: "drain", State: automate.Running}, {Runbook: "restart", State: automate.Done}}
	return i, []incident.Entry{
		{At: at(8), Word: incident.WordNote, Said: incident.Said{By: "ana", Text: "the bank is slow"}},
		{At: at(50), Word: incident.WordNote, Said: incident.Said{By: "cho", Text: "the queue is full\nand grows"}},
		{At: at(51), Word: incident.WordJoined, Text: "an alert"},
		{At: at(55), Word: incident.WordNote, Said: incident.Said{By: "dee", Text: "it drains now"}},
	}
}

// TestBriefing holds the words of briefings to golden texts.
func TestBriefing(t *testing.T) {
	all, timeline := full()
	over := payout()
	over.Phase, over.Mitigated, over.Resolved, over.Firing = incident.Resolved, at(60), at(75), 0
	over.Escalation = incident.Escalation{Status: escalate.Done}
	watched := payout()
	watched.Phase, watched.Mitigated, watched.Firing, watched.Escalation = incident.Monitoring, at(60), 0, incident.Escalation{Status: escalate.Done}
	declined := payout()
	declined.Phase, declined.Closed, declined.Firing, declined.Escalation = incident.Declined, at(4), 0, incident.Escalation{Status: escalate.Done}
	triage := payout()
	triage.Phase, triage.Escalation.Next = incident.Triage, time.Time{}
	said := []incident.Entry{
		{Seq: 1, At: at(1), Word: incident.WordPinned, Said: incident.Said{By: "ana", Text: "call the bank at 4711"}},
		{Seq: 2, At: at(2), Word: incident.WordNote, Said: incident.Said{By: "ben", Text: "the queue is full"}},
		{Seq: 3, At: at(3), Word: incident.WordNote, Said: incident.Said{By: "cho", Text: "it is the bank"}},
		{Seq: 4, At: at(4), Word: incident.WordCorrects, Of: "3", When: at(-9), Said: incident.Said{By: "cho", Text: "it is the network"}},
	}
	for name, tt := range map[string]struct {
		of       *incident.Incident
		timeline []incident.Entry
		now      time.Time
	}{
		"opened":  {payout(), nil, at(0)},
		"full":    {all, timeline, at(62)},
		"watched": {watched, nil, at(65)},
		"over":    {over, nil, noon.AddDate(0, 0, 1)},
		"none":    {declined, nil, at(5)},
		"triage":  {triage, said, at(5)},
	} {
		t.Run(name, func(t *testing.T) {
			got, file := incident.Briefing(tt.of, tt.timeline, tt.now), "testdata/briefing/"+name+".txt"
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
		})
	}
}

// TestBriefingIsShort: whatever an incident holds, a briefing has at most 25 lines of at most 240 bytes.
func TestBriefingIsShort(t *testing.T) {
	most := 0
	rapid.Check(t, func(t *rapid.T) {
		i, timeline := full()
		text := rapid.StringN(0, 400, 4000)
		i.Title, i.Why = text.Draw(t, "title"), text.Draw(t, "why")
		for range rapid.IntRange(0, 40).Draw(t, "n") {
			i.Roles = append(i.Roles, incident.Assignment{Role: incident.Role(text.Draw(t, "role")), Person: "ana"})
			i.Vacant = append(i.Vacant, incident.Role(text.Draw(t, "vacant")))
			i.Decisions, i.Todos = append(i.Decisions, i.Decisions...)[:min(200, 2*len(i.Decisions))], append(i.Todos, incident.Todo{Said: incident.Said{Text: text.Draw(t, "todo")}})
			timeline = append(timeline, incident.Entry{Word: incident.WordNote, Said: incident.Said{Text: text.Draw(t, "note")}})
			i.Runs = append(i.Runs, incident.Run{Runbook: text.Draw(t, "runbook"), State: automate.Running})
		}
		lines := strings.Split(strings.TrimSuffix(incident.Briefing(i, timeline, at(62)), "\n"), "\n")
		most = max(most, len(lines))
		require.LessOrEqual(t, len(lines), 25)
		for _, l := range lines {
			require.LessOrEqual(t, len(l), 240)
		}
	})
	t.Logf("at most %d lines", most)
}
