package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/comms"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// full is the core as it ships.
var full = core.New()

// inc returns the id of an incident that is named by its group and generation, such as pay.stuck/checkout#1. The plan of the group is
// loud and its owner payments.
func inc(name string) string {
	group, n, _ := strings.Cut(name, "#")
	generation, _ := strconv.Atoi(n)
	return core.IncidentID("", "loud/payments/"+group, generation)
}

// recordOf returns the key of an incident's record.
func recordOf(id string) store.Key { return store.Key{Kind: core.KindIncident, ID: id} }

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// twoTeams is a catalog in which everything that can fall due does: group waits, levels, repeats, expiry, soak, stale.
func twoTeams() *catalog.Catalog {
	return &catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "platform", Plan: "quiet"},
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:@ana", "sms:1"}}, "ben": {Contacts: []escalate.Contact{"slack:@ben"}},
			"cho": {Contacts: []escalate.Contact{"slack:@cho"}},
		},
		Teams: map[string]catalog.Team{
			"payments": {Members: []escalate.PersonID{"ana", "ben"}, Lead: "ben"}, "platform": {Members: []escalate.PersonID{"cho"}},
		},
		Services: map[string]catalog.Service{"checkout": {Owner: "payments", Tier: 1}, "hub": {Owner: "platform", Tier: 3}},
		Classes: []event.Class{
			{Name: "pay.*", Service: "checkout", Plan: "loud", StaleAfter: 40 * time.Minute},
			{Name: "pay.slow", For: 3 * time.Minute},
			{Name: "hub.*", Service: "hub", StaleAfter: 90 * time.Minute},
			{Name: "hub.lag", Count: 3, Within: 20 * time.Minute},
		},
		Plans: map[string]catalog.Plan{
			"loud": {
				Policy: "two", Triage: true, Roles: []incident.Role{incident.Commander, "clerk"}, Reopen: new(20 * time.Minute),
				Group: catalog.Grouping{Window: 10 * time.Minute, MaxMembers: 2, OnJoin: catalog.JoinPage}, Comms: "customers",
			},
			"quiet": {
				Policy: "one", Recovered: incident.Resolved, Soak: new(3 * time.Minute),
				Group: catalog.Grouping{By: []string{"class", "subject"}, Any: true},
			},
		},
		Objectives: map[severity.Priority]severity.Objectives{
			severity.P1: {severity.ToAcknowledge: 2 * time.Minute, severity.ToResolve: 12 * time.Minute},
			severity.P2: {severity.ToAcknowledge: 6 * time.Minute, severity.ToUpdate: 9 * time.Minute},
			severity.P3: {severity.ToEngage: 20 * time.Minute},
		},
		Runbooks: map[string]automate.Runbook{"mend": {
			Owner: "platform", Mode: automate.Auto, When: `event.type == "pay.stuck"`, Deadline: 25 * time.Minute, On: "id", // a subject of its own: what incidents share is not of one group
			Limit: automate.Limit{Subject: automate.Rate{Count: 3, Per: time.Hour}, Fleet: automate.Rate{Count: 1000, Per: time.Hour}, Concurrent: 1000},
			Steps: []automate.Step{
				{Do: "look", BeforePage: true, Deadline: 4 * time.Minute},
				{Do: "fix", Deadline: 20 * time.Minute},
				{Check: "look", Deadline: 20 * time.Minute},
				{Ask: "is it well?", Deadline: 10 * time.Minute},
				{Wait: 2 * time.Minute},
			},
		}},
		Roles: map[incident.Role]catalog.Role{"clerk": {Page: []escalate.Target{"person:cho"}, After: 2 * time.Minute}},
		Comms: map[string]catalog.Comms{"customers": {
			Audiences: []string{"mail", "support"}, Approve: "commander", Then: []string{"deputy"}, Valid: 6 * time.Minute,
			First: map[severity.Priority]time.Duration{severity.P1: 7 * time.Minute, severity.P2: 12 * time.Minute},
			Every: map[severity.Priority]time.Duration{severity.P1: 9 * time.Minute, severity.P2: 20 * time.Minute},
			Messages: map[comms.Stage]string{
				comms.Investigating: "Some payments fail since {{.Since}}.", comms.Monitoring: "They work.", comms.Resolved: "Over since {{.ResolvedAt}}.",
			},
		}},
		Audiences: map[string]catalog.Audience{
			"mail": {Channels: []escalate.Contact{"mail:all"}, Fallback: []escalate.Contact{"sms:2"}}, "support": {Channels: []escalate.Contact{"slack:#support"}},
		},
		Policies: map[string]escalate.Policy{
			"two": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 2 * time.Minute}, {Page: []escalate.Target{"owner.lead"}, Wait: 3 * time.Minute}}},
			"one": {Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 4 * time.Minute}}, Repeat: new(1)},
		},
	}
}

// senders are the kinds of sender that the rules of order tell apart.
var senders = []event.Sender{
	{},
	{Acks: true},
	{Clock: event.ClockBegin, StaleAfter: time.Hour},
	{Clock: event.ClockPeers, Ends: true, StaleAfter: 9 * time.Hour},
	{Clock: event.ClockChange, Ends: true, StaleAfter: event.Never},
}

// step is one input of a history: an event, a command, or the outcome of a message, which may or may not exist.
type step struct {
	at      time.Time
	event   *event.Event
	command respond.Command
	outcome *core.Outcome
	acted   *core.Acted
}

// history draws inputs at random, at instants that mostly grow. Without life nobody declares an incident or moves it from phase to phase,
// takes a role or tells customers, and a seed draws what it drew before people could.
func history(rng *rand.Rand, n int, life bool) []step {
	types := []string{"pay.stuck", "pay.slow", "hub.lag", "unknown"}
	groups := []string{"pay.stuck/checkout", "pay.slow/checkout", "hub.lag/hub", "pay.stuck/checkout/prices"}
	kinds := 26
	if !life {
		kinds, groups = 16, groups[:3]
	}
	at := start
	steps := make([]step, 0, n)
	for i := range n {
		at = at.Add(time.Duration(rng.IntN(240)-20) * time.Second) // clocks step back, too
		s := step{at: at}
		id := inc(fmt.Sprintf("%s#%d", groups[rng.IntN(len(groups))], 1+rng.IntN(2)))
		switch k := rng.IntN(kinds); {
		case k < 6:
			s.event = &event.Event{
				ID: fmt.Sprint(i), Source: "test", Intake: "test", Type: types[rng.IntN(len(types))], Subject: fmt.Sprint(rng.IntN(3)),
				Signal: event.Signal(rng.IntN(3)), Severity: severity.Level(rng.IntN(5)), Time: at.Add(-time.Duration(rng.IntN(90)) * time.Second),
				Received: at, Summary: fmt.Sprint("text ", i), Sender: senders[rng.IntN(len(senders))],
			}
			if rng.IntN(4) == 0 {
				s.event.Source, s.event.Time = "peer", time.Time{}
			}
			if rng.IntN(2) == 0 {
				s.event.Signal = event.Trigger
			}
		case k < 8:
			n := rng.IntN(4) // ana has two contacts
			channel, to := []escalate.Contact{"slack:@ana", "sms:1", "slack:@ben", "slack:@cho"}[n].Split()
			s.outcome = &core.Outcome{
				At: at, Record: recordOf(id), Message: notify.Message{Seq: 1 + rng.Uint64N(6), Contact: n % 2, Kind: notify.Page, Channel: channel, To: to},
				Sent: rng.IntN(3) > 0, Error: "gone", Lost: rng.IntN(5) == 0,
			}
		case k == 12 || k == 14 || k == 15:
			steps = append(steps, acted(rng, at)...)
			continue
		case k > 21:
			s.command = commsCommand(rng, inc(fmt.Sprint(stuck, 1)))
		case k > 19:
			steps = append(steps, roomSteps(rng, at, id)...)
			continue
		case k == 13:
			s.command = runCommand(rng)
		case k > 15:
			s.command = lifeCommand(rng, id, at)
		case k == 8:
			s.command = respond.Acknowledge{Incident: id, By: []escalate.PersonID{"ana", "ben"}[rng.IntN(2)]}
		case k == 9:
			s.command = respond.Unacknowledge{Incident: id, By: "ana"}
		case k == 10:
			s.command = respond.Resolve{Incident: id, By: "ben", Alerts: rng.IntN(2) == 0, Override: []string{"", "by hand"}[rng.IntN(2)]}
		default:
			switch p := rng.IntN(6); p {
			case 4:
				s.command = respond.Note{Incident: id, By: "ana", Text: "test"}
			case 5:
				s.command = respond.Page{Incident: id, By: "ana", Target: "person:cho", Because: "test"}
			default:
				s.command = respond.Reprioritise{Incident: id, By: "ben", Priority: severity.Priority(p), Because: "test"}
			}
		}
		steps = append(steps, s)
	}
	return steps
}

// lifeCommand is a command about the phases of an incident, its times or its impact.
func lifeCommand(rng *rand.Rand, id string, at time.Time) respond.Command {
	earlier := at.Add(-time.Duration(rng.IntN(40)) * time.Minute)
	switch rng.IntN(13) {
	case 0, 1:
		return respond.Declare{Title: "prices", Class: "pay.stuck", Service: "checkout", Priority: severity.Priority(rng.IntN(6)), By: "ana"}
	case 2, 3:
		return respond.Accept{Incident: id, By: "ana"}
	case 4:
		return respond.Decline{Incident: id, By: "ana", Because: "test"}
	case 5:
		return respond.Cancel{Incident: id, By: "ben", Because: "test"}
	case 6:
		return respond.Proceed{Incident: id, By: "ana", Step: []incident.Step{incident.Identified, incident.Mitigating}[rng.IntN(2)]}
	case 7:
		return respond.Mitigate{Incident: id, By: "ana", Because: "test"}
	case 8:
		return respond.Reopen{Incident: id, By: "ben", Because: "test"}
	case 9:
		return respond.Close{Incident: id, By: "ana", Waive: "test"}
	case 10:
		return respond.Amend{Incident: id, By: "ana", Moment: incident.ImpactStarted, To: earlier, Because: "test"}
	case 11:
		return respond.Note{Incident: id, By: "ana", Text: "test", When: earlier, Corrects: rng.Uint64N(3)}
	default:
		return respond.Assess{Incident: id, By: "ana", Impact: severity.Impacts{severity.Dimensions()[rng.IntN(5)]: severity.Grade(1 + rng.IntN(3))}, Because: "test"}
	}
}

// world replays a history over a store, deciding batch inputs at a time and ticking every so often.
type world struct {
	t      *testing.T
	cat    *catalog.Compiled
	store  *memory.Store
	log    map[string][]string // per record: entries and tasks
	sent   []sending           // messages that were put on their way
	bytes  []byte
	record bool
}

func newWorld(t *testing.T) *world {
	cat, err := twoTeams().Compile()
	require.NoError(t, err)
	return &world{t: t, cat: cat, store: memory.New(), log: make(map[string][]string)}
}

func (w *world) decide(now time.Time, inputs ...core.Input) {
	w.t.Helper()
	var d core.Decision
	err := w.store.Update(context.Background(), full.Scope(new(core.Scratch), inputs, nil), func(v store.View) (store.Batch, store.Need, error) {
		var need store.Need
		if d, need = full.Decide(new(core.Scratch), w.cat, v, inputs); !need.Empty() {
			return store.Batch{}, need, nil
		}
		return d.Batch(now, nil, nil), store.Need{}, nil
	})
	require.NoError(w.t, err)
	for _, c := range d.Put {
		for _, e := range c.Entries {
			w.log[c.Key.ID] = append(w.log[c.Key.ID], string(e.Doc))
		}
	}
	for _, task := range d.Tasks {
		var m notify.Message
		if task.Kind == "message" && json.Unmarshal(task.Payload, &m) == nil && m.Kind != notify.Close {
			w.sent = append(w.sent, sending{m.Incident, m.Channel, m.Seq})
		}
	}
	if w.record {
		doc, err := json.Marshal(d)
		require.NoError(w.t, err)
		w.bytes = append(w.bytes, doc...)
	}
	for _, err := range d.Refused {
		var refused *respond.RefusedError
		require.True(w.t, err == nil || errors.As(err, &refused), "%v", err)
	}
}

// tick advances every group that the store says is due, together as the engine does, and returns how many there were.
func (w *world) tick(now time.Time) int {
	claimed, err := w.store.Claim(context.Background(), store.ClaimRequest{Now: now, Owner: "test"})
	require.NoError(w.t, err)
	var inputs []core.Input
	for _, k := range claimed.Due {
		inputs = append(inputs, core.Advance{At: now, Key: k})
	}
	w.decide(now, inputs...)
	return len(inputs)
}

func (w *world) input(s step) core.Input {
	switch {
	case s.event != nil:
		return core.Events{core.Assess(w.cat, s.event)}
	case s.command != nil:
		return core.Do{At: s.at, Command: s.command}
	case s.acted != nil:
		return *s.acted
	default:
		return *s.outcome
	}
}

const stuck = "pay.stuck/checkout#"

// acted is what became of the calls of a run that may have been made, up to some point, at which one may fail.
func acted(rng *rand.Rand, at time.Time) []step {
	incident := inc(fmt.Sprint(stuck, 1+rng.IntN(2)))
	run := fmt.Sprintf("%s-%d", incident, 1+rng.IntN(2))
	calls := []struct {
		step  int
		phase automate.Phase
	}{
		{1, automate.PhaseRun},
		{2, automate.PhasePrecheck},
		{2, automate.PhaseRun},
		{2, automate.PhaseVerify},
		{2, automate.PhaseCompensate},
		{3, automate.PhaseCheck},
	}
	var steps []step
	for _, c := range calls[:1+rng.IntN(len(calls))] {
		a := &core.Acted{At: at, Record: recordOf(incident), Invocation: automate.Invocation{
			Run: run, Runbook: "mend", Step: c.step, Phase: c.phase, Action: "fix",
		}}
		if rng.IntN(6) == 0 {
			a.Error = "it does not"
		}
		steps = append(steps, step{at: at, acted: a})
	}
	return steps
}

func commsCommand(rng *rand.Rand, incident string) respond.Command {
	by, update := []escalate.PersonID{"ana", "ben", "cho"}[rng.IntN(3)], fmt.Sprint("u", 1+rng.IntN(4))
	broken := rng.IntN(3) == 0
	switch rng.IntN(7) {
	case 0:
		return respond.DraftUpdate{Incident: incident, By: by, Text: []string{"", "We look.", "ben looks"}[rng.IntN(3)], Confirm: rng.IntN(2) == 0}
	case 1, 2:
		return respond.ApproveUpdate{Incident: incident, By: by, Update: update, Decline: rng.IntN(4) == 0, Because: "test"}
	case 3:
		return respond.SendUpdate{Incident: incident, By: by, Update: update, BreakGlass: broken, Because: "test"}
	case 4:
		return respond.CorrectUpdate{Incident: incident, By: by, Update: update, Text: "All payments fail.", BreakGlass: broken, Because: "test"}
	case 5:
		return respond.RetractUpdate{Incident: incident, By: by, Update: update, BreakGlass: broken, Because: "test"}
	}
	stages := append(comms.Stages(), "")
	return respond.SendUpdate{
		Incident: incident, By: by, Stage: stages[rng.IntN(len(stages))], BreakGlass: broken, Because: "test", Confirm: rng.IntN(2) == 0,
	}
}

func runCommand(rng *rand.Rand) respond.Command {
	incident := inc(fmt.Sprint(stuck, 1+rng.IntN(2)))
	run := incident + "-1"
	switch rng.IntN(5) {
	case 0:
		return respond.StartRun{Incident: incident, Runbook: "mend", By: "ben", DryRun: rng.IntN(2) == 0}
	case 1:
		return respond.StopRun{Incident: incident, Run: run, By: "ben", Because: "test"}
	case 2:
		return respond.KillSwitch{By: "ben", Because: "test", Off: rng.IntN(3) > 0}
	default:
		return respond.Answer{Incident: incident, Run: run, Step: 4, By: "ana", Failed: rng.IntN(3) == 0}
	}
}

// roomSteps is what people do about who does what: now and then all that it takes to hand a role over.
func roomSteps(rng *rand.Rand, at time.Time, id string) []step {
	people := []escalate.PersonID{"ana", "ben", "cho"}
	role, by, to := []incident.Role{incident.Commander, incident.Expert, "clerk"}[rng.IntN(3)], people[rng.IntN(3)], people[rng.IntN(3)]
	all := []respond.Command{
		respond.Assume{Incident: id, Role: role, By: by, From: append(people, "", "")[rng.IntN(5)]},
		respond.Offer{Incident: id, Role: role, By: by, To: to},
		respond.AcceptRole{Incident: id, Role: role, By: to, Decline: rng.IntN(3) == 0},
		respond.Renounce{Incident: id, Role: role, By: to},
	}
	if rng.IntN(3) == 0 {
		return []step{{at: at, command: noteCommand(rng, at, id, by, to)}}
	}
	first := rng.IntN(2)
	var steps []step
	for _, c := range all[first : 2+rng.IntN(len(all)-1)] {
		steps = append(steps, step{at: at, command: c})
	}
	return steps
}

// noteCommand is a command about what is to be done, or decided.
func noteCommand(rng *rand.Rand, at time.Time, id string, by, to escalate.PersonID) respond.Command {
	switch n := 1 + rng.IntN(2); rng.IntN(7) {
	case 6:
		return respond.SetPrivate{Incident: id, By: by, Because: "test", Off: n == 2}
	case 0, 1:
		return respond.AddTodo{Incident: id, By: by, Text: "test", Owner: to, Due: at.Add(time.Duration(rng.IntN(20)) * time.Minute)}
	case 2:
		return respond.DoneTodo{Incident: id, By: by, Todo: n}
	case 3:
		return respond.AssignTodo{Incident: id, By: by, Todo: n, Owner: to}
	case 4:
		return respond.AskDecision{Incident: id, By: by, Text: "test", Options: []string{"a", "b"}, Decider: to, Deadline: at.Add(5 * time.Minute)}
	default:
		return respond.Decide{Incident: id, By: by, Decision: n, Option: n, Because: "test"}
	}
}

func (w *world) play(steps []step, batch int, tick time.Duration) {
	var inputs []core.Input
	clock, from := start, earliest(steps)
	for i, s := range steps {
		for tick > 0 && len(inputs) == 0 && clock.Add(tick).Before(from[i]) {
			clock = clock.Add(tick)
			w.tick(clock)
		}
		if s.everywhere() && i > 0 {
			w.decide(steps[i-1].at, inputs...)
			inputs = nil
			w.rest(from[i])
		}
		inputs = append(inputs, w.input(s))
		if len(inputs) >= batch || i == len(steps)-1 || s.everywhere() {
			w.decide(s.at, inputs...)
			inputs = nil
		}
	}
	w.rest(steps[len(steps)-1].at.Add(2 * time.Hour))
}

// earliest returns for each step the earliest instant of it and all that follow: nobody looks later than that before the step.
func earliest(steps []step) []time.Time {
	from := make([]time.Time, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		if from[i] = steps[i].at; i+1 < len(steps) && from[i+1].Before(from[i]) {
			from[i] = from[i+1]
		}
	}
	return from
}

// rest lets every group do what is due by the instant.
func (w *world) rest(at time.Time) {
	for range 1000 {
		if w.tick(at) == 0 {
			return
		}
	}
	w.t.Fatal("the groups never come to rest")
}

// everywhere reports whether a step concerns every group at once, those that nobody has looked at for a while too: the kill switch
// holds from the moment at which it is thrown.
func (s *step) everywhere() bool {
	_, ok := s.command.(respond.KillSwitch)
	return ok
}

// about returns the id of the incident that a step is about; empty: the step is an event, or about no incident.
func (s *step) about() string {
	switch {
	case s.command != nil:
		return s.command.Head().Incident
	case s.outcome != nil:
		return s.outcome.Record.ID
	case s.acted != nil:
		return s.acted.Record.ID
	}
	return ""
}

// known plays a history step by step without the steps about incidents that nobody can know of yet, and returns the others.
func (w *world) known(steps []step) []step {
	var kept []step
	from := earliest(steps)
	for i, s := range steps {
		if id := s.about(); id != "" {
			rows, err := w.store.Read(context.Background(), store.Query{Keys: []store.Key{recordOf(id)}})
			require.NoError(w.t, err)
			if len(rows) == 0 {
				continue
			}
		}
		if kept = append(kept, s); s.everywhere() {
			w.rest(from[i])
		}
		w.decide(s.at, w.input(s))
	}
	return kept
}

// onceWrong are seeds of histories that were decided wrongly. In 1081 and 1973 a window that began at a deadline was passed over for a third
// one; in 1273 and 5006 an alert went back in time, since it came from a group whose clock was ahead. They are histories without life.
var onceWrong = []uint64{1081, 1273, 1973, 5006}

// TestBatching: how many inputs are decided at once, and how often somebody looks in between, changes nothing.
func TestBatching(t *testing.T) {
	histories := 250
	if testing.Short() {
		histories = 40
	}
	seeds := append(slices.Clone(onceWrong), 764) // in 764 an incident is closed
	for seed := range uint64(histories) {
		seeds = append(seeds, seed)
	}
	entries, reached, told := 0, make(map[string]int), make(map[string]int)
	for i, seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		steps := newWorld(t).known(history(rng, 40, i >= len(onceWrong)))
		one := newWorld(t)
		one.play(steps, 1, 0)
		other := newWorld(t)
		other.play(steps, 1+rng.IntN(12), time.Duration(1+rng.IntN(600))*time.Second)
		require.ElementsMatch(t, slices.Collect(maps.Keys(one.log)), slices.Collect(maps.Keys(other.log)), "seed %d", seed)
		for id, lines := range one.log {
			require.Equal(t, strings.Join(lines, "\n"), strings.Join(other.log[id], "\n"), "seed %d, %s", seed, id)
			entries += len(lines)
			for _, line := range lines {
				for _, what := range []string{
					"step 1 do look: done", "step 2 do fix: done", "step 3 check look: done", "compensated", "kill switch", "is not answered",
					`"word":"accepted"`, `"word":"declined"`, `"word":"cancelled"`, `"word":"closed"`, `"word":"declared"`, `"word":"amended"`, `"word":"breached"`, `"word":"at risk"`, `"word":"impact"`, `"word":"step"`, `"word":"corrects"`,
					"accepted from", "has not answered", "asks for cho", "is due", "goes to",
				} {
					if strings.Contains(line, what) {
						reached[what]++
					}
				}
				for _, what := range []string{
					"update overdue", "the update investigating is due", "approved until", "has expired", "without approval", "looked at afterwards",
					"retraction of", "correction of", "declined", "the next is due in", "nobody is left", "confirmed:",
				} {
					if strings.Contains(line, what) {
						told[what]++
					}
				}
			}
			forward(t, seed, id, lines)
		}
	}
	if !testing.Short() {
		require.Len(t, reached, 22, "the histories get everywhere")
		require.Len(t, told, 12, "the updates get everywhere")
	}
	t.Logf("%d histories, %d timeline entries, seeds from 0 and %d others; reached %v; of updates %v", len(seeds), entries, len(seeds)-histories, reached, told)
}

// forward asserts that no timeline goes back in time, although clocks do.
func forward(t *testing.T, seed uint64, id string, lines []string) {
	t.Helper()
	var last time.Time
	for _, line := range lines {
		var e incident.Entry
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		require.False(t, e.At.Before(last), "seed %d, %s: %s after %v", seed, id, line, last)
		last = e.At
	}
}

// TestSameBytes: the same inputs give the same bytes, however often they are replayed.
func TestSameBytes(t *testing.T) {
	replays := 1000
	if testing.Short() {
		replays = 100
	}
	steps := history(rand.New(rand.NewPCG(7, 7)), 40, true)
	var want []byte
	for i := range replays {
		w := newWorld(t)
		w.record = true
		w.play(steps, 3, time.Minute)
		if i == 0 {
			want = w.bytes
			require.Greater(t, len(want), 10_000)
			continue
		}
		if string(want) != string(w.bytes) {
			t.Fatalf("replay %d differs", i)
		}
	}
	t.Logf("%d replays of one log of %d inputs, %d bytes each, seed 7/7", replays, len(steps), len(want))
}
