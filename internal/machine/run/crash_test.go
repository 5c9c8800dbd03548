package run_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/internal/machine/run"
)

// twelve steps of every kind.
func twelve() automate.Runbook {
	steps := make([]automate.Step, 12)
	for i := range steps {
		switch i % 4 {
		case 0:
			steps[i] = automate.Step{Do: fmt.Sprintf("act-%d", i+1), Wait: time.Minute}
		case 1:
			steps[i] = automate.Step{Check: fmt.Sprintf("look-%d", i+1)}
		case 2:
			steps[i] = automate.Step{Wait: time.Minute}
		case 3:
			steps[i] = automate.Step{Ask: fmt.Sprintf("do %d", i+1)}
		}
	}
	return automate.Runbook{Name: "twelve", When: "true", Mode: automate.Auto, Steps: steps}
}

// site is where actions act: it remembers what was done, by key.
type site struct {
	done  []string       // keys, in order
	tries map[string]int // calls, by key
	fails map[string]bool
}

func (s *site) call(in automate.Invocation) (err string) {
	if s.tries[in.Key]++; s.tries[in.Key] == 1 {
		s.done = append(s.done, in.Key)
	}
	if s.fails[fmt.Sprintf("%d/%s", in.Step, in.Phase)] {
		return "it failed"
	}
	return ""
}

// drive runs the runbook to its end over a record, and loses the commit of the boundary with the number: what that input led
// to is forgotten, and comes again from what was kept.
func drive(t require.TestingT, s *site, book automate.Runbook, lose int) (kept run.Run, boundaries int) {
	at := noon
	var record []byte
	var calls []run.Invoke // tasks, committed with the record
	terms := &run.Terms{
		Admit: func() *run.Refusal { return nil }, Switch: func() *run.Switch { return nil },
	}
	commit := func(change func(r *run.Run) []run.Output) {
		for lost := true; lost; {
			lost = boundaries == lose
			boundaries++
			var r run.Run
			if record != nil {
				require.NoError(t, json.Unmarshal(record, &r))
			}
			out := change(&r)
			if lost {
				continue
			}
			doc, err := json.Marshal(&r)
			require.NoError(t, err)
			record, kept = doc, r
			for _, o := range out {
				if o, ok := o.(run.Invoke); ok {
					calls = append(calls, o)
				}
			}
		}
	}
	commit(func(r *run.Run) []run.Output {
		return r.Start(at, &book, &run.Order{ID: "R"}, terms)
	})
	for kept.Ended.IsZero() {
		if len(calls) > 0 {
			c := calls[0]
			commit(func(r *run.Run) []run.Output {
				return r.Outcome(at, run.Reply{Step: c.Step, Phase: c.Phase, Err: s.call(c.Invocation)}, terms)
			})
			calls = calls[1:]
			continue
		}
		asked := -1
		for i, p := range kept.Steps {
			if p.State == automate.Running && p.Phase == "ask" {
				asked = i
			}
		}
		commit(func(r *run.Run) []run.Output {
			if asked < 0 {
				at, _ = r.Due()
				return r.Advance(at, terms)
			}
			out, err := r.Answer(at, asked+1, incident.Said{By: "ana"}, "", terms)
			require.NoError(t, err)
			return out
		})
	}
	return kept, boundaries
}

func TestNoStepRepeatsAndNoneIsSkippedWhereverItIsKilled(t *testing.T) {
	for _, c := range []struct {
		name     string
		deadline time.Duration
		fails    []string
		state    automate.State
		keys     []string
	}{
		{"to the end", 0, nil, automate.Done, []string{
			"R-1-precheck", "R-1-run", "R-1-verify", "R-2-check", "R-5-precheck", "R-5-run", "R-5-verify", "R-6-check",
			"R-9-precheck", "R-9-run", "R-9-verify", "R-10-check",
		}},
		{"a fix that does not hold", 0, []string{"5/verify"}, automate.Failed, []string{
			"R-1-precheck", "R-1-run", "R-1-verify", "R-2-check", "R-5-precheck", "R-5-run", "R-5-verify", "R-5-compensate",
		}},
		{"past its deadline", 4*time.Minute + 30*time.Second, []string{"5/compensate"}, automate.Failed, []string{
			"R-1-precheck", "R-1-run", "R-1-verify", "R-2-check", "R-5-precheck", "R-5-run", "R-5-verify", "R-6-check",
			"R-9-precheck", "R-9-run", "R-9-compensate", "R-5-compensate", "R-1-compensate",
		}},
		{"an action that fails", 0, []string{"9/run", "9/compensate"}, automate.Failed, []string{
			"R-1-precheck", "R-1-run", "R-1-verify", "R-2-check", "R-5-precheck", "R-5-run", "R-5-verify", "R-6-check",
			"R-9-precheck", "R-9-run", "R-9-compensate",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh := func() *site {
				s := &site{tries: map[string]int{}, fails: map[string]bool{}}
				for _, f := range c.fails {
					s.fails[f] = true
				}
				return s
			}
			book := twelve()
			book.Deadline = c.deadline
			undisturbed, boundaries := drive(t, fresh(), book, -1)
			require.Equal(t, c.state, undisturbed.State)
			for lose := range boundaries {
				s := fresh()
				got, _ := drive(t, s, book, lose)
				require.Equal(t, undisturbed, got, "lost commit %d", lose)
				require.Equal(t, c.keys, s.done, "lost commit %d", lose)
				repeats := 0
				for _, n := range s.tries {
					repeats += n - 1
				}
				require.LessOrEqual(t, repeats, 1, "lost commit %d: at most the call whose outcome was lost comes again", lose)
			}
			t.Logf("%d boundaries", boundaries)
		})
	}
}

// TestTheKillSwitchStopsWithinOneStep holds that nothing is called once it is thrown, whatever runs are under way.
func TestTheKillSwitchStopsWithinOneStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, thrown := noon, (*run.Switch)(nil)
		terms := &run.Terms{Admit: func() *run.Refusal { return nil }, Switch: func() *run.Switch { return thrown }}
		type flight struct {
			run   int
			reply run.Reply
		}
		runs := make([]run.Run, rapid.IntRange(1, 5).Draw(t, "runs"))
		var calls []flight
		carryOut := func(i int, out []run.Output) {
			for _, o := range out {
				if call, ok := o.(run.Invoke); ok {
					require.Nil(t, thrown, "%s is called after the switch was thrown", call.Key)
					calls = append(calls, flight{i, run.Reply{Step: call.Step, Phase: call.Phase}})
				}
			}
		}
		kill := rapid.IntRange(0, 40).Draw(t, "kill")
		for turn := range 60 {
			if turn == kill {
				thrown = &run.Switch{Said: incident.Said{By: "ana", Text: "it makes things worse"}, At: at}
			}
			i := rapid.IntRange(0, len(runs)-1).Draw(t, "run")
			r := &runs[i]
			due, waits := r.Due()
			mine := -1
			for n, c := range calls {
				if c.run == i {
					mine = n
				}
			}
			switch {
			case r.State == "":
				book := twelve()
				book.Steps = book.Steps[rapid.IntRange(0, 11).Draw(t, "from"):]
				carryOut(i, r.Start(at, &book, &run.Order{ID: fmt.Sprint(i)}, terms))
			case mine >= 0 && rapid.Bool().Draw(t, "answers"):
				c := calls[mine]
				calls = append(calls[:mine], calls[mine+1:]...)
				if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
					c.reply.Err = "it failed"
				}
				carryOut(i, r.Outcome(at, c.reply, terms))
			case waits:
				if due.After(at) {
					at = due
				}
				carryOut(i, r.Advance(due, terms))
			case !r.Ended.IsZero() && !r.Began.IsZero():
				runs[i] = run.Run{}
			default: // a question
				for n := range r.Steps {
					if out, err := r.Answer(at, n+1, incident.Said{By: "ana"}, "", terms); err == nil {
						carryOut(i, out)
						break
					}
				}
			}
		}
	})
}

func TestTheKillSwitchSaysWhoThrewIt(t *testing.T) {
	w := start(t, restart(), run.Order{Event: about()})
	w.answer("", "")
	w.lines = nil
	w.thrown = &run.Switch{Said: incident.Said{By: "ana", Text: "storm"}}
	w.answer("restarted", "")
	w.pass(2 * time.Minute)
	w.said("settled 1 stopped", "release", "ended stopped the kill switch ana: storm")
	assert.Equal(t, "restarted", w.run.Steps[0].Output)
	w.run, w.lines = run.Run{}, nil
	w.begin(restart(), run.Order{ID: "S", Event: about()})
	w.said("ended stopped the kill switch ana: storm")
}
