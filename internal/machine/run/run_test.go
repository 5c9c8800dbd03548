package run_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
	"github.com/tocsin-dev/tocsin/severity"
)

// world drives one run, and writes down what it asks for.
type world struct {
	t      *testing.T
	at     time.Time
	run    run.Run
	ledger run.Ledger
	thrown *run.Switch
	limit  automate.Limit
	calls  []run.Invoke // not answered
	lines  []string
}

func start(t *testing.T, book automate.Runbook, o run.Order) *world {
	w := &world{t: t, at: noon, limit: book.Limit}
	w.begin(book, o)
	return w
}

func (w *world) begin(book automate.Runbook, o run.Order) {
	w.t.Helper()
	if book.Name == "" {
		book.Name, book.When = "fix", "true"
	}
	require.NoError(w.t, book.Validate())
	if o.ID == "" {
		o.ID = "R"
	}
	w.note(w.run.Start(w.at, &book, &o, w.terms()))
}

func (w *world) terms() *run.Terms {
	return &run.Terms{
		Admit:  func() *run.Refusal { return w.ledger.Admit(w.at, w.limit, w.run.ID, w.run.Subject) },
		Check:  func() *run.Refusal { return w.ledger.Check(w.at, w.limit, w.run.Subject) },
		Switch: func() *run.Switch { return w.thrown },
	}
}

// note writes outputs down, and takes the run through its record.
func (w *world) note(outputs []run.Output) {
	for _, out := range outputs {
		switch out := out.(type) {
		case run.Invoke:
			w.calls = append(w.calls, out)
			w.line("call %s until %v", out.Key, out.Expires.Sub(noon))
		case run.Withdraw:
			w.line("withdraw %s", out.Key)
		case run.Propose:
			w.line("propose until %v", out.Lapses.Sub(noon))
		case run.Ask:
			w.line("ask %d: %s", out.Step, out.Text)
		case run.Overdue:
			w.line("overdue %d: %s", out.Step, out.Text)
		case run.Began:
			w.line("began owning=%v", out.Owning)
		case run.Settled:
			w.line("settled %d %s", out.Step, w.run.Steps[out.Step-1].State)
		case run.Raise:
			w.line("raise %v", out.Priority)
		case run.Failure:
			w.line("failure %d: %s", out.Step, out.Why)
		case run.Denied:
			w.line("denied page=%v: %s", out.Page, out.Refusal.String())
		case run.Release:
			w.ledger.Release(w.at, w.run.ID, out.Acted)
			w.line("release%s", map[bool]string{false: " idle"}[out.Acted])
		case run.Ended:
			w.line("ended %s", strings.Join(strings.Fields(fmt.Sprint(out.State, " ", out.Why, " ", out.Said)), " "))
		}
	}
	doc, err := json.Marshal(&w.run)
	require.NoError(w.t, err)
	var read run.Run
	require.NoError(w.t, json.Unmarshal(doc, &read))
	w.run = read
}

func (w *world) line(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

// said holds what was asked for since the last look.
func (w *world) said(want ...string) {
	w.t.Helper()
	assert.Equal(w.t, want, w.lines)
	w.lines = nil
}

// answer is the outcome of the oldest call.
func (w *world) answer(output, err string) {
	w.t.Helper()
	require.NotEmpty(w.t, w.calls)
	c := w.calls[0]
	w.calls = w.calls[1:]
	in := run.Reply{Step: c.Step, Phase: c.Phase, Result: automate.Result{Output: output}, Err: err}
	w.note(w.run.Outcome(w.at, in, w.terms()))
	before := w.run
	w.note(w.run.Outcome(w.at, in, w.terms())) // a repeat of it changes nothing
	assert.Equal(w.t, before, w.run)
}

// pass lets the time pass, and does what is due meanwhile.
func (w *world) pass(d time.Duration) {
	end := w.at.Add(d)
	for {
		due, ok := w.run.Due()
		if !ok || due.After(end) {
			break
		}
		w.at = due
		w.note(w.run.Advance(due, w.terms()))
	}
	w.at = end
}

func (w *world) ok(out []run.Output, err error) {
	w.t.Helper()
	require.NoError(w.t, err)
	w.note(out)
}

func restart() automate.Runbook {
	return automate.Runbook{Mode: automate.Auto, On: "labels.deployment", Steps: []automate.Step{
		{Do: "restart", Wait: 2 * time.Minute, Args: map[string]string{"zone": "$labels.zone", "force": "no"}},
		{Ask: "Look at the last deploy."},
	}}
}

func about() *event.Event {
	return &event.Event{TraceParent: "tp", Labels: map[string]string{"deployment": "api", "zone": "z1"}}
}

func TestActsVerifiesAndAsks(t *testing.T) {
	w := start(t, restart(), run.Order{Incident: "I", Event: about()})
	w.said("began owning=false", "call R-1-precheck until 5m0s")
	assert.Equal(t, automate.Invocation{
		Key: "R-1-precheck", Run: "R", Action: "restart", Phase: automate.PhasePrecheck, Incident: "I", Runbook: "fix", Step: 1,
		Subject: "api", Args: map[string]string{"zone": "z1", "force": "no"}, TraceParent: "tp", At: noon,
	}, w.calls[0].Invocation)
	w.answer("", "")
	w.said("call R-1-run until 5m0s")
	w.answer("restarted", "")
	w.said()
	w.pass(2*time.Minute - 1)
	w.said()
	w.pass(1)
	w.said("call R-1-verify until 7m0s")
	w.answer("", "")
	w.said("settled 1 done", "release", "ask 2: Look at the last deploy.")
	assert.Equal(t, "restarted", w.run.Steps[0].Output)
	w.pass(30 * time.Minute)
	w.said("overdue 2: Look at the last deploy.")
	w.pass(24 * time.Hour)
	w.said()
	w.ok(w.run.Answer(w.at, 2, incident.Said{By: "ana", Text: "token=abc was the deploy's"}, "", w.terms()))
	w.said("settled 2 done", "ended done")
	assert.Equal(t, run.Progress{
		State: automate.Done, Phase: "ask", Began: noon.Add(2 * time.Minute), Ended: w.at, By: "ana",
		Said: incident.Said{By: "ana", Text: "token=*** was the deploy's"},
	}, w.run.Steps[1])
}

func TestWhatFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string // errors, in order
		want    []string // from the last answer on
		state   automate.State
	}{
		{"the precheck: nothing is done", []string{"it is busy"}, []string{
			"settled 1 failed", "failure 1: precheck: it is busy", "release idle", "ended failed step 1: precheck: it is busy",
		}, automate.Failed},
		{"the action: it is taken back", []string{"", "no quorum", ""}, []string{
			"settled 1 compensated", "failure 1: run: no quorum", "release", "ended failed step 1: run: no quorum",
		}, automate.Compensated},
		{"the verification: it is taken back", []string{"", "", "2 of 3 ready", ""}, []string{
			"settled 1 compensated", "failure 1: verify: 2 of 3 ready", "release", "ended failed step 1: verify: 2 of 3 ready",
		}, automate.Compensated},
		{"taking it back, too", []string{"", "", "2 of 3 ready", "password=hunter2"}, []string{
			"settled 1 failed", "failure 1: verify: 2 of 3 ready; compensate: password=***", "release",
			"ended failed step 1: verify: 2 of 3 ready; compensate: password=***",
		}, automate.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, restart(), run.Order{Event: about()})
			for _, err := range c.answers {
				w.lines = nil
				w.answer("", err)
				if len(w.calls) == 0 {
					w.pass(2 * time.Minute)
				}
			}
			w.said(c.want...)
			assert.Equal(t, c.state, w.run.Steps[0].State)
			assert.Equal(t, automate.Skipped, w.run.Steps[1].State)
			_, due := w.run.Due()
			assert.False(t, due)
		})
	}
}

func TestNothingIsHeardOfAnAction(t *testing.T) {
	w := start(t, restart(), run.Order{Event: about()})
	w.answer("", "")
	w.lines = nil
	w.pass(5 * time.Minute)
	w.said("withdraw R-1-run", "call R-1-compensate until 10m0s")
	w.answer("", "") // of the run, which is over
	w.said()
	w.answer("", "")
	assert.Equal(t, "run: nothing was heard of it within 5m0s", w.run.Steps[0].Error)
}

func TestApproval(t *testing.T) {
	book := restart()
	book.Mode = ""
	w := start(t, book, run.Order{Event: about()})
	w.said("propose until 30m0s")
	w.ok(w.run.Approve(w.at, "ana", w.terms()))
	w.said("began owning=false", "call R-1-precheck until 5m0s")
	_, err := w.run.Approve(w.at, "ben", w.terms())
	assert.EqualError(t, err, "nothing to approve; the run is running")
	assert.Equal(t, "ana", w.run.By)

	w = start(t, book, run.Order{Event: about()})
	w.ok(w.run.Decline(w.at, incident.Said{By: "ana", Text: "not now, token=abc"}))
	w.said("propose until 30m0s", "ended declined ana: not now, token=***")
	assert.Equal(t, "", w.run.Why)
	assert.Equal(t, incident.Said{By: "ana", Text: "not now, token=***"}, w.run.Said)
	assert.Equal(t, "ana", w.run.By)
	_, err = w.run.Decline(w.at, incident.Said{By: "ben"})
	assert.EqualError(t, err, "nothing to decline; the run is declined")

	w = start(t, book, run.Order{Event: about()})
	w.pass(30 * time.Minute)
	w.said("propose until 30m0s", "failure 0: nobody agreed within 30m0s", "ended declined nobody agreed within 30m0s")

	w = start(t, book, run.Order{Event: about(), By: "ana"})
	w.said("began owning=false", "call R-1-precheck until 5m0s")
}

func TestARefusedRunDoesNothing(t *testing.T) {
	book := restart()
	book.Limit = automate.Limit{Subject: rate(1, time.Hour)}
	w := start(t, book, run.Order{Event: about()})
	w.run = run.Run{}
	w.lines, w.calls = nil, nil
	w.begin(book, run.Order{ID: "S", Event: about()})
	const why = `limit concurrent: run R for "api" is under way`
	w.said("denied page=false: "+why, "ended refused "+why)
	assert.Empty(t, w.calls)

	w = start(t, restart(), run.Order{Event: &event.Event{}})
	w.said("denied page=false: the event has no labels.deployment", "ended refused the event has no labels.deployment")
	w = start(t, restart(), run.Order{Event: &event.Event{Labels: map[string]string{"deployment": "api"}}})
	w.said("denied page=false: the event has no labels.zone", "ended refused the event has no labels.zone")
	w = start(t, restart(), run.Order{})
	w.said("denied page=false: the event has no labels.deployment", "ended refused the event has no labels.deployment")
}

func TestDiagnosticsBeforeAPage(t *testing.T) {
	book := automate.Runbook{Steps: []automate.Step{
		{Do: "top-queries", BeforePage: true},
		{Ask: "Kill the slow one."},
		{Check: "replica", BeforePage: true, Deadline: 3 * time.Second},
		{Do: "third", BeforePage: true},
	}}
	for _, mode := range []automate.Mode{automate.Auto, automate.Approve} {
		book.Mode = mode
		w := start(t, book, run.Order{})
		begun := []string{"call R-1-run until 10s", "call R-3-check until 3s", "call R-4-run until 10s"}
		after := "propose until 30m10s"
		if mode == automate.Auto {
			begun = append([]string{"began owning=false"}, begun...)
			after = "ask 2: Kill the slow one."
		}
		w.said(begun...)
		until, ok := w.run.PageWaits()
		assert.True(t, ok)
		assert.Equal(t, noon.Add(10*time.Second), until)
		w.calls = append(w.calls[1:], w.calls[0])
		w.pass(3 * time.Second)
		w.said("withdraw R-3-check", "settled 3 failed")
		assert.Equal(t, []string{"top-queries", "replica", "third"}, w.run.Missing())
		late := w.calls[0]
		w.calls = w.calls[1:]
		w.answer("", "broken")
		w.said("settled 4 failed")
		in := run.Reply{Step: 1, Phase: automate.PhaseRun, Result: automate.Result{Output: "select 1", Priority: severity.P1}}
		w.pass(7*time.Second - 1)
		w.said()
		w.pass(1)
		w.said(slices.DeleteFunc([]string{"withdraw R-1-run", "settled 1 failed", map[bool]string{true: "release idle"}[mode == automate.Auto], after},
			func(s string) bool { return s == "" })...)
		_, ok = w.run.PageWaits()
		assert.False(t, ok)
		w.note(w.run.Outcome(w.at, in, w.terms()))
		w.said("settled 1 done", "raise P1")
		w.note(w.run.Outcome(w.at, run.Reply{Step: late.Step, Phase: late.Phase}, w.terms()))
		w.note(w.run.Outcome(w.at, run.Reply{Step: late.Step, Phase: late.Phase}, w.terms()))
		w.said("settled 3 done")
		assert.Equal(t, []string{"third"}, w.run.Missing())
		assert.True(t, w.run.Steps[0].Late)
	}
}

func TestADryRunOnlyTells(t *testing.T) {
	book := restart()
	book.Mode = automate.Manual
	book.Steps = append(book.Steps, automate.Step{Wait: time.Minute}, automate.Step{Check: "ready", BeforePage: true})
	w := &world{t: t, at: noon, thrown: &run.Switch{Said: incident.Said{By: "ana", Text: "storm"}}}
	w.begin(book, run.Order{Event: about(), DryRun: true})
	w.said("began owning=false", "call R-1-run until 5m0s")
	assert.True(t, w.calls[0].DryRun)
	w.note(w.run.Outcome(w.at, run.Reply{Step: 1, Phase: automate.PhaseRun, Result: automate.Result{Output: "would", Priority: severity.P1}}, w.terms()))
	w.said("settled 1 done", "settled 2 done", "settled 3 done", "call R-4-check until 10s")
	_, waits := w.run.PageWaits()
	assert.False(t, waits)
	w.calls = w.calls[1:]
	w.answer("", "down")
	w.said("settled 4 failed", "ended failed step 4: check: down")
	assert.Equal(t, "would ask: Look at the last deploy.", w.run.Steps[1].Output)
	assert.Equal(t, "would wait 1m0s", w.run.Steps[2].Output)
	assert.Empty(t, w.ledger.Runs)
}

func TestAPersonCannotDoIt(t *testing.T) {
	w := start(t, automate.Runbook{Mode: automate.Auto, Owning: true, Steps: []automate.Step{{Ask: "Roll back."}, {Do: "x"}}}, run.Order{})
	w.said("began owning=true", "ask 1: Roll back.")
	_, err := w.run.Answer(w.at, 2, incident.Said{By: "ana"}, "", w.terms())
	assert.EqualError(t, err, "step 2 asks nothing; the run is running")
	_, err = w.run.Answer(w.at, 0, incident.Said{By: "ana"}, "", w.terms())
	assert.Error(t, err)
	w.ok(w.run.Answer(w.at, 1, incident.Said{By: "ana", Text: "tried twice"}, "could not be done", w.terms()))
	w.said("settled 1 failed", "failure 1: could not be done", "release idle", "ended failed step 1: could not be done")
	assert.Equal(t, incident.Said{By: "ana", Text: "tried twice"}, w.run.Steps[0].Said)
	assert.Empty(t, w.run.Steps[0].Output)
}

func TestStop(t *testing.T) {
	w := start(t, restart(), run.Order{Event: about()})
	w.lines = nil
	w.note(w.run.Stop(w.at, "the incident has ended", incident.Said{}))
	w.said("withdraw R-1-precheck", "settled 1 stopped", "release idle", "ended stopped the incident has ended")
	w.note(w.run.Stop(w.at, "again", incident.Said{}))
	w.answer("", "")
	w.said()
	assert.Nil(t, new(run.Run).Stop(w.at, "", incident.Said{}))

	w = start(t, restart(), run.Order{Event: about(), Number: 7})
	w.note(w.run.Stop(w.at, "stopped", incident.Said{By: "ana", Text: "it makes things worse"}))
	assert.Equal(t, "stopped", w.run.Why)
	assert.Equal(t, incident.Said{By: "ana", Text: "it makes things worse"}, w.run.Said)
	assert.Equal(t, "stopped", w.run.Steps[0].Error, "a step repeats no person's words")
	assert.Equal(t, 7, w.run.Number)
}

// TestDeadline lets the deadline of a whole run pass at each kind of work.
func TestDeadline(t *testing.T) {
	const why = "it did not end within 10m0s"
	do := func(names ...string) (steps []automate.Step) {
		for _, name := range names {
			steps = append(steps, automate.Step{Do: name, Deadline: time.Hour})
		}
		return steps
	}
	for _, c := range []struct {
		name    string
		steps   []automate.Step
		answers []string // errors of the calls before the deadline
		undoes  []string // errors of the calls after it
		want    []string // from the deadline on
		states  []automate.State
	}{
		{"during a precheck nothing is undone", do("a"), nil, nil, []string{
			"failure 0: " + why, "withdraw R-1-precheck", "settled 1 stopped", "release idle", "ended failed " + why,
		}, []automate.State{automate.Stopped}},
		{"during the action", do("a", "b"), []string{""}, []string{""}, []string{
			"failure 0: " + why, "withdraw R-1-run", "call R-1-compensate until 1h10m0s", "settled 1 compensated",
			"release", "ended failed " + why,
		}, []automate.State{automate.Compensated, automate.Skipped}},
		{"at a question, the last step first", append(do("a", "b"), automate.Step{Ask: "look"}), make([]string, 6), []string{"", ""}, []string{
			"failure 0: " + why, "settled 3 stopped", "call R-2-compensate until 1h10m0s", "settled 2 compensated",
			"call R-1-compensate until 1h10m0s", "settled 1 compensated", "release", "ended failed " + why,
		}, []automate.State{automate.Compensated, automate.Compensated, automate.Stopped}},
		{"what cannot be undone delays nothing else", append(do("a", "b"), automate.Step{Ask: "look"}), make([]string, 6), []string{"no way back", ""}, []string{
			"failure 0: " + why, "settled 3 stopped", "call R-2-compensate until 1h10m0s", "settled 2 failed",
			"call R-1-compensate until 1h10m0s", "settled 1 compensated", "release", "ended failed " + why,
		}, []automate.State{automate.Compensated, automate.Failed, automate.Stopped}},
		{"during a compensation", do("a", "b"), []string{"", "", "", "", "no quorum"}, []string{"", ""}, []string{
			"failure 0: " + why, "settled 2 compensated", "call R-1-compensate until 1h10m0s", "settled 1 compensated", "release",
			"ended failed " + why,
		}, []automate.State{automate.Compensated, automate.Compensated}},
		{"diagnostics need no undoing", []automate.Step{{Do: "look", BeforePage: true, Deadline: time.Hour}}, nil, nil, []string{
			"failure 0: " + why, "withdraw R-1-run", "settled 1 stopped", "release idle", "ended failed " + why,
		}, []automate.State{automate.Stopped}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, automate.Runbook{Mode: automate.Auto, Deadline: 10 * time.Minute, Steps: c.steps}, run.Order{})
			for _, err := range c.answers {
				w.answer("", err)
			}
			assert.Zero(t, w.ledger.Runs[0].Ended, "it keeps its place, since it may have to undo what it did")
			w.pass(10*time.Minute - 1)
			w.lines = nil
			if len(c.answers) != 5 {
				w.calls = nil // withdrawn
			}
			w.pass(1)
			for _, err := range c.undoes {
				w.answer("", err)
			}
			w.said(c.want...)
			var states []automate.State
			for _, p := range w.run.Steps {
				states = append(states, p.State)
			}
			assert.Equal(t, c.states, states)
			_, due := w.run.Due()
			assert.False(t, due)
			w.pass(24 * time.Hour)
			w.said()
		})
	}
}

func TestDeadlineBeginsWithTheRun(t *testing.T) {
	book := automate.Runbook{Deadline: 10 * time.Minute, Steps: []automate.Step{{Do: "a"}}}
	w := start(t, book, run.Order{})
	w.pass(20 * time.Minute)
	w.ok(w.run.Approve(w.at, "ana", w.terms()))
	assert.Equal(t, noon.Add(30*time.Minute), w.run.Deadline, "the time for an answer does not count")
	for range 3 {
		w.answer("", "")
	}
	assert.Equal(t, automate.Done, w.run.State)
	_, due := w.run.Due()
	assert.False(t, due)

	w = start(t, book, run.Order{DryRun: true})
	assert.Zero(t, w.run.Deadline, "a dry run has nothing to undo")
}

// TestAProposalIsNoFix holds that a run which nobody approved takes no place, and that a run without a fix is none.
func TestAProposalIsNoFix(t *testing.T) {
	book := automate.Runbook{
		On: "labels.deployment", Steps: []automate.Step{{Do: "look", BeforePage: true}, {Do: "restart"}},
		Limit: automate.Limit{Subject: rate(1, time.Hour), Cooldown: time.Hour, Masking: rate(2, 24*time.Hour), Concurrent: 1},
	}
	for _, c := range []struct {
		name string
		end  func(*world)
	}{
		{"declined", func(w *world) { w.ok(w.run.Decline(w.at, incident.Said{By: "ana"})) }},
		{"lapsed", func(w *world) { w.pass(30 * time.Minute) }},
		{"stopped", func(w *world) { w.note(w.run.Stop(w.at, "the incident is over", incident.Said{})) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, book, run.Order{Event: about()})
			w.answer("42", "")
			c.end(w)
			assert.Empty(t, w.ledger.Runs)
			w.run, w.lines = run.Run{}, nil
			w.begin(book, run.Order{ID: "S", Event: about()})
			w.answer("42", "")
			w.ok(w.run.Approve(w.at, "ana", w.terms()))
			assert.Equal(t, automate.Running, w.run.State)
			assert.Len(t, w.ledger.Runs, 1)
		})
	}
	t.Run("only diagnostics", func(t *testing.T) {
		look := automate.Runbook{Mode: automate.Auto, On: "labels.deployment", Steps: book.Steps[:1], Limit: book.Limit}
		look.Limit.Subject, look.Limit.Cooldown = rate(3, time.Hour), 0
		w := start(t, look, run.Order{Event: about()})
		w.answer("42", "")
		for i := range 2 {
			w.run, w.lines = run.Run{}, nil
			w.begin(look, run.Order{ID: fmt.Sprint(i), Event: about()})
			w.answer("42", "")
			assert.Equal(t, automate.Done, w.run.State)
		}
		w.run, w.lines = run.Run{}, nil
		w.begin(look, run.Order{ID: "T", Event: about()})
		assert.Contains(t, w.run.Why, "limit subject", "but its calls count")
	})
}

// TestApprovalAsksAgain holds that what stands in the way of a run at its approval is told to the person, and that the proposal stays.
func TestApprovalAsksAgain(t *testing.T) {
	book := automate.Runbook{On: "labels.deployment", Steps: []automate.Step{{Do: "restart"}}, Limit: automate.Limit{Concurrent: 1}}
	w := start(t, book, run.Order{Event: about()})
	w.lines = nil
	refused := func(want string) {
		t.Helper()
		out, err := w.run.Approve(w.at, "ana", w.terms())
		assert.Empty(t, out)
		assert.EqualError(t, err, want+"; the run is proposed")
	}
	w.thrown = &run.Switch{Said: incident.Said{By: "ben", Text: "storm"}}
	refused("the kill switch is thrown by ben: storm")
	w.thrown = nil
	require.Nil(t, w.ledger.Admit(w.at, book.Limit, "other", "db"))
	refused("limit concurrent: 1 runs are under way, 1 may be")
	w.ledger.Release(w.at, "other", true)
	for i := range 2 {
		require.Nil(t, w.ledger.Admit(w.at, book.Limit, fmt.Sprint(i), "api"))
		w.ledger.Release(w.at, fmt.Sprint(i), true)
	}
	refused(`limit masking: it would be run number 3 for "api" in 24h0m0s: the fix does not last`)
	w.pass(29 * time.Minute)
	w.ledger = run.Ledger{}
	w.ok(w.run.Approve(w.at, "ana", w.terms()))
	assert.Equal(t, automate.Running, w.run.State)
}

// TestALimitRefusesBeforeDiagnostics holds that a proposal which a limit would refuse calls nothing.
func TestALimitRefusesBeforeDiagnostics(t *testing.T) {
	book := automate.Runbook{On: "labels.deployment", Steps: []automate.Step{{Do: "look", BeforePage: true}, {Do: "restart"}}}
	w := &world{t: t, at: noon}
	for i := range 2 {
		require.Nil(t, w.ledger.Admit(w.at, book.Limit, fmt.Sprint(i), "api"))
		w.ledger.Release(w.at, fmt.Sprint(i), true)
	}
	w.begin(book, run.Order{Event: about()})
	assert.Empty(t, w.calls)
	assert.Equal(t, automate.Refused, w.run.State)
	assert.Len(t, w.ledger.Runs, 2)
}
