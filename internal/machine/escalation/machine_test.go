package escalation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/severity"
)

// rig drives one escalation and writes down what the machine asks for.
type rig struct {
	t     *testing.T
	noon  time.Time
	state State
	terms Terms
	away  map[escalate.Target]bool // reaches nobody
	last  []escalate.Recipient     // of the last resort
	log   []string
}

// pick is a strategy made of a function.
type pick func(c *escalate.Choice) []escalate.Recipient

// Pick implements escalate.Strategy.
func (p pick) Pick(c *escalate.Choice) []escalate.Recipient { return p(c) }

func newRig(t *testing.T, p severity.Priority, levels ...escalate.Level) *rig {
	r := &rig{t: t, noon: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), away: map[escalate.Target]bool{}}
	r.terms = Terms{Policy: &escalate.Policy{Levels: levels}, Priority: p, GroupWait: escalate.GroupWait(p)}
	r.terms.Reach = func(targets []escalate.Target) (who []escalate.Recipient, failed []escalate.Failed) {
		for _, target := range targets {
			parsed, err := target.Parse()
			known := slices.ContainsFunc(who, func(w escalate.Recipient) bool { return w.Person == escalate.PersonID(parsed.Name) })
			if err == nil && !known && !r.away[target] {
				who = append(who, escalate.Recipient{Person: escalate.PersonID(parsed.Name), Contacts: []escalate.Contact{"sms:" + escalate.Contact(parsed.Name)}})
			}
		}
		return who, failed
	}
	r.terms.LastResort = func() ([]escalate.Recipient, []escalate.Failed) { return r.last, nil }
	return r
}

func level(wait time.Duration, people ...string) escalate.Level {
	l := escalate.Level{Wait: wait}
	for _, p := range people {
		l.Page = append(l.Page, escalate.Target("person:"+p))
	}
	return l
}

func (r *rig) at(after time.Duration) time.Time { return r.noon.Add(after) }

// saw writes outputs as "+5m fire 1.2 ana ben".
func (r *rig) saw(at time.Time, outputs []Output) {
	for _, o := range outputs {
		r.log = append(r.log, fmt.Sprintf("+%v %s", at.Sub(r.noon), words(o)))
	}
}

func words(o Output) string {
	switch o := o.(type) {
	case Fire:
		text := fmt.Sprintf("fire %d.%d", o.Round, o.Level)
		if o.Notice {
			text = fmt.Sprintf("tell %d.%d", o.Round, o.Level)
		}
		for _, who := range o.Recipients {
			text += " " + string(who.Person)
		}
		return text
	case Uncovered:
		return fmt.Sprintf("uncovered %d.%d", o.Round, o.Level)
	case Failed:
		return fmt.Sprintf("%s failed: %v; %s", o.What, o.Err, o.Instead)
	case Ended:
		return string(o.Status)
	case Withdraw:
		return "withdraw"
	case Took:
		return "took " + string(o.By)
	case GaveBack:
		return fmt.Sprintf("gave back %v", o.By)
	case Alarm:
		return "alarm: " + o.Why
	case Expiring:
		return fmt.Sprintf("expiring %v", o.Holders)
	}
	return fmt.Sprintf("%T", o)
}

func (r *rig) start() {
	r.state.Start(r.noon, &r.terms)
	r.saw(r.noon, r.state.Collected(r.noon, &r.terms))
}

// until advances through every deadline up to the instant.
func (r *rig) until(after time.Duration) {
	for range 1000 {
		due, ok := r.state.Due()
		if !ok || due.After(r.at(after)) {
			return
		}
		r.saw(due, r.state.Advance(due, &r.terms))
	}
	r.t.Fatal("the escalation does not come to rest")
}

func (r *rig) ack(after time.Duration, who escalate.PersonID) {
	out, err := r.state.Acknowledge(r.at(after), who, "", &r.terms)
	require.NoError(r.t, err)
	r.saw(r.at(after), out)
}

func (r *rig) settle(after time.Duration, of escalate.Position, accepted bool) {
	r.saw(r.at(after), r.state.Settled(r.at(after), of, accepted, &r.terms))
}

// expect compares what was seen since the last expect.
func (r *rig) expect(want ...string) {
	r.t.Helper()
	assert.Equal(r.t, strings.Join(want, "\n"), strings.Join(r.log, "\n"))
	r.log = nil
}

func TestSemantics(t *testing.T) {
	const m = time.Minute
	for _, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"3.3.1 level 1 waits for the group, that of a P1 does not", func(t *testing.T) {
			r := newRig(t, severity.P2, level(0, "ana"))
			r.start()
			r.expect()
			assert.Equal(t, escalate.Idle, r.state.Status)
			assert.True(t, r.state.Unanswered())
			r.until(30 * time.Second)
			r.expect("+30s fire 1.1 ana")
			r = newRig(t, severity.P1, level(0, "ana"))
			r.start()
			r.expect("+0s fire 1.1 ana")
		}},
		{"3.3.2 the next level fires when the wait has passed", func(t *testing.T) {
			r := newRig(t, severity.P1, level(7*m, "ana"), level(0, "ben"))
			r.start()
			assert.Empty(t, r.state.Advance(r.at(7*m-1), &r.terms), "not before its time")
			r.until(7 * m)
			r.expect("+0s fire 1.1 ana", "+7m0s fire 1.2 ben")
			due, ok := r.state.Due()
			assert.Equal(t, r.at(12*m), due, "five minutes where the level names no wait")
			assert.True(t, ok)
		}},
		{"3.3.3 an acknowledgement stops it, a repeat changes nothing", func(t *testing.T) {
			r := newRig(t, severity.P3, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(m)
			r.ack(2*m, "ana")
			r.ack(3*m, "ana")
			r.ack(4*m, "ben")
			r.until(1000 * time.Hour)
			r.expect("+30s fire 1.1 ana", "+2m0s took ana", "+2m0s withdraw", "+4m0s took ben")
			assert.False(t, r.state.Unanswered())
		}},
		{"3.3.6 a raised priority alarms again from level 1", func(t *testing.T) {
			r := newRig(t, severity.P3, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(6 * m)
			r.ack(6*m, "ben")
			assert.Empty(t, r.state.Raised(r.at(7*m), &r.terms), "not above")
			r.terms.Priority = severity.P1
			r.saw(r.at(8*m), r.state.Raised(r.at(8*m), &r.terms))
			assert.Empty(t, r.state.Acks)
			r.expect("+30s fire 1.1 ana", "+5m30s fire 1.2 ben", "+6m0s took ben", "+6m0s withdraw",
				"+8m0s alarm: priority rose from P3 to P1", "+8m0s withdraw", "+8m0s fire 2.1 ana")
		}},
		{"3.3.6 a raise before level 1 shortens the group's wait", func(t *testing.T) {
			r := newRig(t, severity.P2, level(0, "ana"))
			r.start()
			r.terms.Priority, r.terms.GroupWait = severity.P1, 0
			r.saw(r.at(10*time.Second), r.state.Raised(r.at(10*time.Second), &r.terms))
			r.expect("+10s fire 1.1 ana")
		}},
		{"3.3.9 the last acknowledgement given back resumes at the kept level", func(t *testing.T) {
			r := newRig(t, severity.P3, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(6 * m)
			r.ack(6*m, "ana")
			r.ack(6*m, "cho")
			out, err := r.state.Unacknowledge(r.at(7*m), "cho", &r.terms)
			assert.NoError(t, err)
			assert.Empty(t, out, "ana still has it")
			_, err = r.state.Unacknowledge(r.at(7*m), "cho", &r.terms)
			assert.EqualError(t, err, "cho has not acknowledged it")
			out, err = r.state.Unacknowledge(r.at(8*m), "ana", &r.terms)
			require.NoError(t, err)
			r.saw(r.at(8*m), out)
			r.expect("+30s fire 1.1 ana", "+5m30s fire 1.2 ben", "+6m0s took ana", "+6m0s withdraw", "+6m0s took cho",
				"+8m0s gave back [ana]", "+8m0s fire 1.2 ben ana")
		}},
		{"3.3.12 the spent policy is exhausted, and an ack that expires pages its last level again", func(t *testing.T) {
			r := newRig(t, severity.P2, level(0, "ana"), level(0, "ben"))
			r.terms.Policy.Repeat = new(int)
			r.start()
			r.until(time.Hour)
			r.expect("+30s fire 1.1 ana", "+5m30s fire 1.2 ben", "+10m30s exhausted")
			assert.Equal(t, r.at(10*m+30*time.Second), r.state.Since)
			_, ok := r.state.Due()
			assert.False(t, ok)
			r.ack(time.Hour, "ana")
			r.until(90 * m)
			r.expect("+1h0m0s took ana", "+1h0m0s withdraw", "+1h25m0s expiring [ana]", "+1h30m0s gave back [ana]",
				"+1h30m0s fire 1.2 ben ana")
		}},
		{"3.3 one timer for the acknowledgements of P1 and P2, which activity restarts", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana"))
			r.start()
			r.ack(m, "ana")
			r.until(27 * m)
			r.state.Activity(r.at(28*m), &r.terms)
			r.until(58*m - 1)
			r.expect("+0s fire 1.1 ana", "+1m0s took ana", "+1m0s withdraw", "+26m0s expiring [ana]", "+53m0s expiring [ana]")
			r.until(58 * m)
			r.expect("+58m0s gave back [ana]", "+58m0s fire 1.1 ana")
		}},
		{"3.3 finished and reopened, the previous holder is paged with level 1", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana"))
			r.start()
			r.ack(m, "cho")
			r.saw(r.at(2*m), r.state.Finish(r.at(2*m)))
			assert.Empty(t, r.state.Finish(r.at(2*m)), "over is over")
			_, err := r.state.Acknowledge(r.at(3*m), "ana", "", &r.terms)
			assert.EqualError(t, err, "nothing to acknowledge")
			r.saw(r.at(4*m), r.state.Reopen(r.at(4*m), &r.terms, "it is back"))
			r.expect("+0s fire 1.1 ana", "+1m0s took cho", "+1m0s withdraw", "+2m0s withdraw",
				"+4m0s alarm: it is back", "+4m0s fire 2.1 ana cho")
		}},
		{"9.1 waits run from the firing of their level", func(t *testing.T) {
			r := newRig(t, severity.P2, level(10*m, "ana"), level(m, "ben"), level(0, "cho"))
			r.start()
			r.until(12 * m)
			r.expect("+30s fire 1.1 ana", "+10m30s fire 1.2 ben", "+11m30s fire 1.3 cho")
		}},
		{"9.2 strategies", func(t *testing.T) {
			picks := func(strategy string, generation int) string {
				l := level(time.Minute, "ana", "ben", "cho")
				l.Strategy = strategy
				r := newRig(t, severity.P1, l)
				r.terms.Strategy = escalate.BuiltinStrategy
				r.terms.Group, r.terms.Generation = "disk.full/db", generation
				r.terms.Load = func(p escalate.PersonID) int { return map[escalate.PersonID]int{"ana": 2, "ben": 1, "cho": 1}[p] }
				r.start()
				r.until(2 * time.Minute)
				return strings.Join(r.log, "; ")
			}
			assert.Equal(t, "+0s fire 1.1 ana ben cho; +1m0s fire 2.1 ana ben cho; +2m0s fire 3.1 ana ben cho", picks(escalate.PickAll, 1))
			assert.Equal(t, "+0s fire 1.1 ana; +1m0s fire 2.1 ben; +2m0s fire 3.1 cho", picks(escalate.PickNext, 7))
			assert.Equal(t, "+0s fire 1.1 ben; +1m0s fire 2.1 ben; +2m0s fire 3.1 ben", picks(escalate.PickLeastLoaded, 1))
			assert.Equal(t, "+0s fire 1.1 ana; +1m0s fire 2.1 ben; +2m0s fire 3.1 cho", picks(escalate.PickRoundRobin, 1))
			assert.Equal(t, "+0s fire 1.1 ben; +1m0s fire 2.1 cho; +2m0s fire 3.1 ana", picks(escalate.PickRoundRobin, 2), "the next incident begins with the next")
		}},
		{"9.2 a strategy picks only whom the level means, and nobody is an empty level", func(t *testing.T) {
			r := newRig(t, severity.P1, level(time.Minute, "ana"), level(time.Minute, "ben"))
			r.terms.Policy.Levels[0].Strategy = "own"
			chosen := []escalate.Recipient{{Person: "mallory", Contacts: []escalate.Contact{"sms:0"}}}
			r.terms.Strategy = func(string) escalate.Strategy {
				return pick(func(*escalate.Choice) []escalate.Recipient { return chosen })
			}
			r.start()
			assert.Equal(t, "+0s uncovered 1.1; +0s fire 1.2 ben", strings.Join(r.log, "; "))
		}},
		{"9.2 a strategy that picks what is nobody", func(t *testing.T) {
			r := newRig(t, severity.P1, escalate.Level{Strategy: "own"})
			room := escalate.Recipient{Contacts: []escalate.Contact{"slack"}}
			r.terms.Reach = func([]escalate.Target) ([]escalate.Recipient, []escalate.Failed) {
				return []escalate.Recipient{room}, nil
			}
			r.terms.Strategy = func(string) escalate.Strategy {
				return pick(func(*escalate.Choice) []escalate.Recipient { return []escalate.Recipient{{}} })
			}
			r.start()
			r.expect("+0s uncovered 1.1", "+0s exhausted")
		}},
		{"9.2 a strategy that panics reaches all whom the level means, and is told", func(t *testing.T) {
			r := newRig(t, severity.P1, level(time.Minute, "ana", "ben"))
			r.terms.Policy.Levels[0].Strategy = "own"
			r.terms.Strategy = func(string) escalate.Strategy {
				return pick(func(*escalate.Choice) []escalate.Recipient { panic("no turn") })
			}
			r.start()
			r.expect("+0s strategy own failed: it panicked: no turn; everybody whom the level means is reached", "+0s fire 1.1 ana ben")
		}},
		{"9.4 what failed is told before what came of it", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana"), level(0, "ben"))
			r.start()
			broken := escalate.Failed{What: "schedule own", Err: errors.New("it panicked"), Instead: "nobody is on call by it"}
			r.terms.Reach = func([]escalate.Target) ([]escalate.Recipient, []escalate.Failed) {
				return nil, []escalate.Failed{broken}
			}
			r.terms.LastResort = func() ([]escalate.Recipient, []escalate.Failed) { return r.last, []escalate.Failed{broken} }
			r.until(5 * m)
			told := " schedule own failed: it panicked; nobody is on call by it"
			r.expect("+0s fire 1.1 ana", "+5m0s"+told, "+5m0s uncovered 1.2", "+5m0s"+told, "+5m0s uncovered 2.1", "+5m0s"+told, "+5m0s exhausted")
		}},
		{"9.4 an empty level is skipped at once and reported", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0), level(0, "ben"), level(0, "cho"))
			r.away["person:cho"] = true
			r.start()
			r.until(5 * m)
			r.expect("+0s uncovered 1.1", "+0s fire 1.2 ben", "+5m0s uncovered 1.3", "+5m0s uncovered 2.1", "+5m0s fire 2.2 ben")
		}},
		{"9.4 all levels empty ask the last resort", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0), level(0))
			r.last = []escalate.Recipient{{Person: "dee", Contacts: []escalate.Contact{"sms:dee"}}}
			r.start()
			r.expect("+0s uncovered 1.1", "+0s uncovered 1.2", "+0s fire 2.1 dee")
		}},
		{"9.4 nobody at all is exhausted at once", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0), level(0))
			r.start()
			r.expect("+0s uncovered 1.1", "+0s uncovered 1.2", "+0s exhausted")
			r = newRig(t, severity.P1)
			r.start()
			r.expect("+0s exhausted")
		}},
		{"9.4 a level that the policy has lost since is an empty one", func(t *testing.T) {
			r := newRig(t, severity.P3, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(6 * m)
			r.ack(7*m, "ben")
			r.log = nil
			r.terms.Policy = &escalate.Policy{Levels: []escalate.Level{level(0, "ana")}}
			out, err := r.state.Unacknowledge(r.at(8*m), "ben", &r.terms)
			require.NoError(t, err)
			r.saw(r.at(8*m), out)
			require.NotEmpty(t, r.log)
			assert.Equal(t, []string{"+8m0s gave back [ben]", "+8m0s fire 1.2 ben"}, r.log, "its holder is still known")
		}},
		{"9.5 repeats are passes after the first", func(t *testing.T) {
			r := newRig(t, severity.P2, level(0, "ana"))
			one := 1
			r.terms.Policy.Repeat = &one
			r.start()
			r.until(time.Hour)
			r.expect("+30s fire 1.1 ana", "+5m30s fire 2.1 ana", "+10m30s exhausted")
		}},
		{"9.5 without a word, three repeats, and no end for P1", func(t *testing.T) {
			r := newRig(t, severity.P2, level(m, "ana"))
			r.start()
			r.until(time.Hour)
			r.expect("+30s fire 1.1 ana", "+1m30s fire 2.1 ana", "+2m30s fire 3.1 ana", "+3m30s fire 4.1 ana", "+4m30s exhausted")
			r = newRig(t, severity.P1, level(m, "ana"))
			r.start()
			r.until(59 * m)
			assert.Len(t, r.log, 60)
			assert.Equal(t, escalate.Running, r.state.Status)
		}},
		{"9.5 a policy that informs ends informed", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana"), level(0, "ben"))
			r.terms.Policy.Inform = true
			r.start()
			r.until(time.Hour)
			r.expect("+0s tell 1.1 ana", "+5m0s tell 1.2 ben", "+5m0s informed")
		}},
		{"9.8 P4 and P5 are told at level 1, and nothing follows", func(t *testing.T) {
			r := newRig(t, severity.P4, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(time.Hour)
			r.expect("+30s tell 1.1 ana", "+30s informed")
		}},
		{"9.9 by hand: one level, also while acknowledged, refused with a stale position", func(t *testing.T) {
			r := newRig(t, severity.P3, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(m)
			seen := r.state.Position
			r.ack(2*m, "ana")
			out, err := r.state.Escalate(r.at(3*m), seen, &r.terms)
			require.NoError(t, err)
			r.saw(r.at(3*m), out)
			r.expect("+30s fire 1.1 ana", "+2m0s took ana", "+2m0s withdraw", "+3m0s fire 1.2 ben")
			assert.Empty(t, r.state.Acks)
			_, err = r.state.Escalate(r.at(3*m), seen, &r.terms)
			require.EqualError(t, err, "the caller saw round 1, level 1, but the escalation has moved on")
		}},
		{"9.9 by hand: wraps within the repeats, and begins anew once exhausted", func(t *testing.T) {
			r := newRig(t, severity.P2, level(0, "ana"))
			one := 1
			r.terms.Policy.Repeat = &one
			r.start()
			r.until(m)
			for _, want := range []escalate.Position{{Round: 2, Level: 1}, {Round: 2, Level: 1}} {
				out, err := r.state.Escalate(r.at(2*m), r.state.Position, &r.terms)
				r.saw(r.at(2*m), out)
				assert.Equal(t, want, r.state.Position)
				if err != nil {
					assert.EqualError(t, err, "no level is left")
				}
			}
			r.until(time.Hour)
			out, err := r.state.Escalate(r.at(time.Hour), r.state.Position, &r.terms)
			require.NoError(t, err)
			r.saw(r.at(time.Hour), out)
			r.expect("+30s fire 1.1 ana", "+2m0s fire 2.1 ana", "+7m0s exhausted", "+1h0m0s fire 3.1 ana")
			r.state.Finish(r.at(time.Hour))
			_, err = r.state.Escalate(r.at(time.Hour), r.state.Position, &r.terms)
			assert.ErrorContains(t, err, "nothing to escalate")
		}},
		{"9.9 by hand: a notice becomes a page", func(t *testing.T) {
			r := newRig(t, severity.P4, level(0, "ana"), level(0, "ben"))
			r.start()
			r.until(m)
			out, err := r.state.Escalate(r.at(m), r.state.Position, &r.terms)
			require.NoError(t, err)
			r.saw(r.at(m), out)
			r.expect("+30s tell 1.1 ana", "+30s informed", "+1m0s fire 1.2 ben")
			assert.Equal(t, escalate.Running, r.state.Status)
		}},
		{"9.12 when nobody of a level can be reached, the next does not wait", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana", "ben"), level(0, "cho"))
			r.start()
			first := r.state.Position
			r.settle(m, first, false)
			r.expect("+0s fire 1.1 ana ben")
			r.settle(2*m, first, false)
			r.expect("+2m0s fire 1.2 cho")
			r.settle(3*m, first, false)
			r.expect() // what became of an earlier level no longer matters
		}},
		{"9.12 one who was reached is enough to wait", func(t *testing.T) {
			r := newRig(t, severity.P1, level(0, "ana", "ben"), level(0, "cho"))
			r.start()
			r.settle(m, r.state.Position, true)
			r.settle(2*m, r.state.Position, false)
			r.until(4 * m)
			r.expect("+0s fire 1.1 ana ben")
		}},
	} {
		t.Run(c.name, c.run)
	}
}
