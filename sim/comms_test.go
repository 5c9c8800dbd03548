package sim_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/cadencetest"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/sim"
)

// days has ana on call for the first half of each day.
type days struct{}

func (days) OnCall(at time.Time) []escalate.PersonID {
	if at.Hour() < 12 {
		return []escalate.PersonID{"ana"}
	}
	return nil
}

// spoken is the catalog raced with customers, who hear over mail, and an approval by the commander, then by the deputy. For half of each
// day nobody is on call.
func spoken() *catalog.Catalog {
	c := raced()
	c.Schedules = map[string]escalate.Schedule{"days": days{}}
	shop := c.Teams["shop"]
	shop.Schedule = "days"
	c.Teams["shop"] = shop
	c.Teams["platform"] = catalog.Team{Members: []escalate.PersonID{"cho"}}
	c.Defaults.Owner = "platform"
	c.Services["checkout"] = catalog.Service{Owner: "shop", Tier: 1, Name: "Checkout", Impaired: "Some payments fail."}
	c.Plans["loud"] = catalog.Plan{Policy: "two", Soak: new(2 * time.Minute), Comms: "customers"}
	c.Audiences = map[string]catalog.Audience{"email": {Channels: []escalate.Contact{"mail:customers"}}, "support": {Channels: []escalate.Contact{"slack:#support"}}}
	c.Comms = map[string]catalog.Comms{"customers": {
		Audiences: []string{"email", "support"}, Approve: "commander", Then: []string{"deputy"},
		Messages: map[comms.Stage]string{
			comms.Investigating: "{{.Impaired}}", comms.Identified: "We know why.", comms.Monitoring: "We watch.", comms.Resolved: "It works since {{.ResolvedAt}}.",
		},
	}}
	return c
}

// TestCadence lets 200 random incidents, and 1,000 with TOCSIN_LONG=1, be told to customers, or not: priorities change, the incident relapses, nobody approves. Every
// update that is due was sent, or a breach stands with whom it tells, after a notice before it; no promise to customers passes in silence.
func TestCadence(t *testing.T) {
	incidents := uint64(200)
	if long() {
		incidents = 1_000
	}
	var sum cadencetest.Sum
	for seed := range incidents {
		s, err := sim.New(spoken(), t0.Add(time.Duration(seed%24)*time.Hour))
		require.NoError(t, err)
		require.NoError(t, s.Submit(event.Event{Type: "checkout.down", Summary: "Checkout is down"}))
		p := &speaker{Sim: s, rng: rand.New(rand.NewPCG(seed, 16))}
		for range 25 {
			require.NoError(t, s.Advance(time.Duration(p.rng.Int64N(int64(25*time.Minute)))))
			p.act(t)
		}
		require.NoError(t, s.Advance(26*time.Hour))
		all, err := s.Incidents()
		require.NoError(t, err)
		for i := range all {
			if all[i].Comms != nil {
				judged(t, &sum, seed, &all[i], s.Entries())
			}
		}
	}
	t.Logf("%d incidents: %+v", incidents, sum)
	require.Greater(t, sum.Sent, 400)
	require.Greater(t, sum.Breaches, 1000)
	require.Greater(t, sum.Promises, 400)
	require.Greater(t, sum.Relapses, 10)
}

// speaker is people who do something at random.
type speaker struct {
	*sim.Sim
	rng *rand.Rand
}

func (p *speaker) act(t *testing.T) {
	all, err := p.Incidents()
	require.NoError(t, err)
	all = slices.DeleteFunc(all, func(i incident.Incident) bool { return i.Comms == nil })
	inc := &all[p.rng.IntN(len(all))]
	by := []escalate.PersonID{"ana", "ben", "cho"}[p.rng.IntN(3)]
	update := fmt.Sprint("u", 1+p.rng.IntN(1+len(inc.Comms.Updates)))
	broken := p.rng.IntN(3) == 0
	switch p.rng.IntN(12) {
	case 0:
		err = p.Do(respond.Acknowledge{Incident: inc.ID, By: by})
	case 1, 2:
		err = p.Do(respond.Reprioritise{Incident: inc.ID, By: by, Priority: severity.Priority(p.rng.IntN(6)), Because: "x"})
	case 3, 4, 5:
		err = p.Do(respond.SendUpdate{Incident: inc.ID, By: by, BreakGlass: broken, Because: "x"})
	case 6:
		err = p.Do(respond.DraftUpdate{Incident: inc.ID, By: by, Audience: []string{"", "support"}[p.rng.IntN(2)]})
	case 7, 8:
		err = p.Do(respond.ApproveUpdate{Incident: inc.ID, By: by, Update: update})
	case 9:
		err = p.Do(respond.SendUpdate{Incident: inc.ID, By: by, Update: update, BreakGlass: broken, Because: "x"})
	case 10:
		err = p.Do(respond.RetractUpdate{Incident: inc.ID, By: by, Update: update, BreakGlass: broken, Because: "x"})
	default:
		e := event.Event{Type: "checkout.down", Summary: "Checkout is down", Signal: event.Resolve}
		if p.rng.IntN(2) == 0 {
			e.Signal = event.Trigger
		}
		err = p.Submit(e)
	}
	var no *respond.RefusedError
	require.True(t, err == nil || errors.As(err, &no), "%v", err)
}

// judged adds the incident to the sum.
func judged(t *testing.T, sum *cadencetest.Sum, seed uint64, inc *incident.Incident, all []sim.Entry) {
	t.Helper()
	story := cadencetest.Story{
		Updates: inc.Comms.Updates, Opened: inc.Detected, Until: all[len(all)-1].At, Soon: time.Second, First: inc.Computed == severity.P1 && inc.Priority <= severity.P3,
	}
	for i := range all {
		if all[i].About == inc.ID {
			story.Lines = append(story.Lines, all[i].Entry)
		}
	}
	if err := sum.Judge(&story); err != nil {
		for i := range story.Lines {
			t.Log(story.Lines[i].Line(t0))
		}
		t.Fatalf("seed %d: %v", seed, err)
	}
}

// TestUpdateRaces plays approvals by two people and by the one who drafted, refusals, broken glass, sending, and the end of the time to
// approve in 1,000 seeded orders, and 10,000 with TOCSIN_LONG=1, many of them at the very instant. Each command has one outcome, and the update leaves at most once.
func TestUpdateRaces(t *testing.T) {
	orders := uint64(1_000)
	if long() {
		orders = 10_000
	}
	left := map[string]int{}
	for seed := range orders {
		s, err := sim.New(spoken(), t0)
		require.NoError(t, err)
		require.NoError(t, s.Submit(event.Event{Type: "checkout.down", Summary: "Checkout is down"}))
		all, err := s.Incidents()
		require.NoError(t, err)
		id := all[0].ID
		rng := rand.New(rand.NewPCG(seed, 17))
		require.NoError(t, s.Do(respond.DraftUpdate{Incident: id, By: "ana"}))
		if rng.IntN(2) == 0 {
			require.NoError(t, s.Advance(30*time.Minute-time.Nanosecond))
		}
		commands := []respond.Command{
			respond.ApproveUpdate{Incident: id, Update: "u1", By: "ben"},
			respond.ApproveUpdate{Incident: id, Update: "u1", By: "cho"},
			respond.ApproveUpdate{Incident: id, Update: "u1", By: "ana"},
			respond.ApproveUpdate{Incident: id, Update: "u1", By: "slack:@ana"},
			respond.SendUpdate{Incident: id, Update: "u1", By: "ana"},
			respond.SendUpdate{Incident: id, Update: "u1", By: "ana", BreakGlass: true, Because: "x"},
			respond.ApproveUpdate{Incident: id, Update: "u1", By: "ben", Decline: true, Because: "x"},
			nil, nil, // time passes
		}
		rng.Shuffle(len(commands), func(i, j int) { commands[i], commands[j] = commands[j], commands[i] })
		var outcomes []string
		for _, c := range commands[:3+rng.IntN(len(commands)-2)] {
			if c == nil {
				require.NoError(t, s.Advance([]time.Duration{time.Nanosecond, 30 * time.Minute}[rng.IntN(2)]))
				outcomes = append(outcomes, "passes")
				continue
			}
			err := s.Do(c)
			var no *respond.RefusedError
			require.True(t, err == nil || errors.As(err, &no), "seed %d: %v", seed, err)
			outcomes = append(outcomes, fmt.Sprintf("%T %v: %v", c, c, err))
			if a, ok := c.(respond.ApproveUpdate); ok && (a.By == "ana" || a.By == "slack:@ana") {
				require.Error(t, err, "seed %d: who drafted it approved it", seed)
			}
		}
		all, err = s.Incidents()
		require.NoError(t, err)
		i := slices.IndexFunc(all, func(i incident.Incident) bool { return i.ID == id })
		left[oneOutcome(t, seed, &all[i], s.Entries(), outcomes)]++
	}
	t.Logf("%d orders: %v", orders, left)
	require.Len(t, left, 5, "the orders end everywhere: %v", left)
}

// oneOutcome holds that the update has the state that its timeline tells, and returns it.
func oneOutcome(t *testing.T, seed uint64, inc *incident.Incident, lines []sim.Entry, outcomes []string) string {
	t.Helper()
	approved, sent, without, declined, expired, mails, last := 0, 0, 0, 0, 0, 0, ""
	for i := range lines {
		e := &lines[i]
		switch {
		case e.About != inc.ID:
		case e.Word == incident.WordNotice && strings.HasSuffix(e.Text, "mail:customers"):
			mails++
		case e.Word != incident.WordUpdate || e.Of != "u1":
		case strings.HasPrefix(e.Text, "approved"):
			approved, last = approved+1, "approved"
		case strings.Contains(e.Text, "has expired"):
			expired, last = expired+1, "draft"
		case strings.HasPrefix(e.Text, "declined"):
			declined, last = declined+1, "declined"
		case strings.Contains(e.Text, "sent to"):
			sent, last = sent+1, "sent"
			if strings.Contains(e.Text, "without approval") {
				without++
			} else if approved <= expired {
				t.Fatalf("seed %d: it left without approval\n%s", seed, strings.Join(outcomes, "\n"))
			}
		}
	}
	u := &inc.Comms.Updates[0]
	if last == "" {
		last = "draft"
	}
	if string(u.State) != last || sent > 1 || sent != mails || declined > 1 || sent+declined > 1 || approved > expired+1 || u.Approved.By == "ana" ||
		u.Sent.Glass != (without == 1) {
		t.Fatalf("seed %d: state %s, the timeline tells %s: %d approved, %d expired, %d sent, %d mails, %d declined\n%s", seed, u.State, last,
			approved, expired, sent, mails, declined, strings.Join(outcomes, "\n"))
	}
	if without == 1 {
		last = "sent without approval"
	}
	return last
}
