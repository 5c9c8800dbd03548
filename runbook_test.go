package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store/memory"
)

const runbookSteps = 12

// longRunbook is twoLevels with a runbook of twelve steps that act.
func longRunbook() *catalog.Catalog {
	c := twoLevels()
	book := automate.Runbook{Owner: "payments", Mode: automate.Auto, When: `event.type == "pay.x"`}
	for range runbookSteps {
		book.Steps = append(book.Steps, automate.Step{Do: "act"})
	}
	c.Runbooks = map[string]automate.Runbook{"long": book}
	return c
}

// dying is an action that keeps what it was asked, and dies with its process at one of the calls, before or after it acts.
type dying struct {
	at    int // index of the call
	after bool
	die   func()
	calls []string // keys
	acts  []string // keys of what it did
}

func (d *dying) call(ctx context.Context, in automate.Invocation) error {
	n := len(d.calls)
	d.calls = append(d.calls, in.Key)
	dies := n == d.at
	if !dies || d.after {
		d.acts = append(d.acts, in.Key)
	}
	if dies {
		d.die()
		<-ctx.Done()
		return errors.New("nobody hears this")
	}
	return nil
}

func (d *dying) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	return automate.Result{Output: fmt.Sprint("step ", in.Step)}, d.call(ctx, in)
}

func (d *dying) Precheck(ctx context.Context, in automate.Invocation) error { return d.call(ctx, in) }

func (d *dying) Verify(ctx context.Context, in automate.Invocation) error { return d.call(ctx, in) }

// TestKillAtEveryCall stops the engine at each call of a runbook of twelve steps, before and after the action has acted, and
// goes on with another engine on the same store: no step that is completed is called again, none is left out, and the call
// that was cut off comes again under the same key.
func TestKillAtEveryCall(t *testing.T) {
	const calls = 3 * runbookSteps // precheck, run and verify
	repeats := 0
	for at := range calls {
		for _, after := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				kept, act := memory.New(), &dying{at: at, after: after}
				live := func() (*tocsin.Engine, func()) {
					none := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil })
					bell, err := tocsin.New(&tocsin.Config{
						Catalog: longRunbook(), Store: kept, StopWithin: time.Nanosecond, Actions: map[string]automate.Action{"act": act},
						Notifiers: map[string]notify.Notifier{"slack": none, "sms": none},
					})
					require.NoError(t, err)
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan error, 1)
					go func() { done <- bell.Run(ctx) }()
					act.die = cancel
					return bell, func() {
						cancel()
						require.NoError(t, <-done)
					}
				}
				bell, end := live()
				require.NoError(t, bell.Submit(t.Context(), critical("x")))
				settle(time.Second)
				end()
				require.Len(t, act.calls, at+1, "it died there")
				bell, end = live()
				defer end()
				settle(3 * time.Minute)

				require.Len(t, act.calls, calls+1, "each once, but for the one that was cut off")
				assert.Equal(t, act.calls[at], act.calls[at+1], "which comes again under its key")
				once := slices.Delete(slices.Clone(act.calls), at, at+1)
				for i, key := range once {
					phase := []automate.Phase{automate.PhasePrecheck, automate.PhaseRun, automate.PhaseVerify}[i%3]
					require.Equal(t, fmt.Sprintf("%s-1-%d-%s", inc("pay.x/checkout#1"), i/3+1, phase), key, "in order")
				}
				if after {
					assert.Len(t, act.acts, calls+1)
					repeats++
				} else {
					assert.Len(t, act.acts, calls)
				}
				inc, err := bell.Incident(t.Context(), inc("pay.x/checkout#1"))
				require.NoError(t, err)
				assert.Equal(t, automate.Done, inc.Runs[0].State)
			})
		}
	}
	t.Logf("%d kills at the calls of %d steps; %d calls had acted and came again under their key", 2*calls, runbookSteps, repeats)
}

// TestActionOutlastsALease: a call that takes longer than a lease is not begun twice, and a stopped run ends it.
func TestActionOutlastsALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Runbooks = map[string]automate.Runbook{"slow": {
			Owner: "payments", Mode: automate.Auto, When: `event.type == "pay.x"`, Steps: []automate.Step{{Do: "act", Deadline: time.Hour}},
		}}
		calls, ended := 0, time.Time{}
		act := automate.ActionFunc(func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
			calls++
			<-ctx.Done()
			ended = time.Now()
			return automate.Result{}, ctx.Err()
		})
		none := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{
			Catalog: c, Actions: map[string]automate.Action{"act": act}, Notifiers: map[string]notify.Notifier{"slack": none, "sms": none},
		})
		require.NoError(t, err)
		start := time.Now()
		defer run(t, bell)()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(10 * time.Minute)
		assert.Equal(t, 1, calls)
		assert.True(t, ended.IsZero())
		inc, err := bell.Incident(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		require.NoError(t, bell.Do(t.Context(), respond.StopRun{Incident: inc.ID, Run: inc.Runs[0].ID, By: "ben", Because: "enough"}))
		settle(time.Minute)
		assert.InDelta(t, 10*time.Minute+5*time.Second, ended.Sub(start), float64(6*time.Second), "with the next look at the leases")
		assert.Equal(t, 1, calls)
	})
}

// TestActionOutlastsALeaseBesideAnother: no other replica begins a call that takes longer than a lease, while its caller lives.
func TestActionOutlastsALeaseBesideAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Runbooks = map[string]automate.Runbook{"slow": {
			Owner: "payments", Mode: automate.Auto, When: `event.type == "pay.x"`, Steps: []automate.Step{{Do: "act", Deadline: time.Hour}},
		}}
		var calls atomic.Int32
		act := automate.ActionFunc(func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
			calls.Add(1)
			select {
			case <-time.After(10 * time.Minute):
			case <-ctx.Done():
			}
			return automate.Result{Output: "done"}, ctx.Err()
		})
		kept, none := memory.New(), &inbox{}
		var replicas []*tocsin.Engine
		for range 2 {
			bell, err := tocsin.New(&tocsin.Config{
				Catalog: c, Store: share(kept), Actions: map[string]automate.Action{"act": act},
				Notifiers: map[string]notify.Notifier{"slack": none, "sms": none},
			})
			require.NoError(t, err)
			defer run(t, bell)()
			replicas = append(replicas, bell)
		}
		require.NoError(t, replicas[0].Submit(t.Context(), critical("x")))
		settle(11 * time.Minute)
		assert.EqualValues(t, 1, calls.Load())
		inc, err := replicas[1].Incident(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		assert.Equal(t, automate.Done, inc.Runs[0].State)
	})
}

// TestPageWaitsForDiagnostics: the first page leaves when the step before it is done, and at its deadline without it, and says
// what was found and what is missing.
func TestPageWaitsForDiagnostics(t *testing.T) {
	for _, c := range []struct {
		name string
		took time.Duration
		page string
	}{
		{"done in time", 3 * time.Second, "3s look: disk is full"},
		{"not done in time", time.Minute, "8s without look"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cat := twoLevels()
				cat.Runbooks = map[string]automate.Runbook{"look": {
					Owner: "payments", Mode: automate.Auto, When: `event.type == "pay.x"`,
					Steps: []automate.Step{{Do: "look", BeforePage: true, Deadline: 8 * time.Second}},
				}}
				look := automate.ActionFunc(func(ctx context.Context, _ automate.Invocation) (automate.Result, error) {
					select {
					case <-time.After(c.took):
						return automate.Result{Output: "disk is full"}, nil
					case <-ctx.Done():
						return automate.Result{}, ctx.Err()
					}
				})
				start, pages := time.Now(), []string(nil)
				slack := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
					pages = append(pages, fmt.Sprintf("%v %s", time.Since(start), m.Note))
					assert.Contains(t, m.Parts(nil).String(), m.Note, "the reader sees it")
					return notify.Receipt{}, nil
				})
				bell, err := tocsin.New(&tocsin.Config{
					Catalog: cat, Actions: map[string]automate.Action{"look": look}, Notifiers: map[string]notify.Notifier{"slack": slack, "sms": slack},
				})
				require.NoError(t, err)
				defer run(t, bell)()
				require.NoError(t, bell.Submit(t.Context(), critical("x")))
				settle(30 * time.Second)
				assert.Equal(t, []string{c.page}, pages)
			})
		})
	}
}

// TestAnActionThatNamesAPause is tried again after it, under the same key; what fails without one is final.
func TestAnActionThatNamesAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cat := twoLevels()
		cat.Runbooks = map[string]automate.Runbook{"mend": {
			Owner: "payments", Mode: automate.Auto, When: `event.type == "pay.x"`, Steps: []automate.Step{{Do: "mend"}},
		}}
		start, calls := time.Now(), []string(nil)
		mend := automate.ActionFunc(func(_ context.Context, in automate.Invocation) (automate.Result, error) {
			calls = append(calls, fmt.Sprintf("%v %s %d", time.Since(start), in.Key, in.Attempt))
			if in.Attempt == 1 {
				return automate.Result{}, notify.RetryAfter(errors.New("busy"), 20*time.Second)
			}
			return automate.Result{}, errors.New("broken")
		})
		none := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{
			Catalog: cat, Actions: map[string]automate.Action{"mend": mend}, Notifiers: map[string]notify.Notifier{"slack": none, "sms": none},
		})
		require.NoError(t, err)
		defer run(t, bell)()
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(time.Minute)
		key := inc("pay.x/checkout#1") + "-1-1-run"
		assert.Equal(t, []string{"0s " + key + " 1", "20s " + key + " 2"}, calls)
		inc, err := bell.Incident(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		assert.Equal(t, automate.Failed, inc.Runs[0].State)
		assert.Equal(t, 2, inc.Escalation.Level, "a person must")
	})
}

// TestNobodyIsPagedForWhatIsOver: a run that has the incident gives it back when the last alert resolves and the incident with
// it. Whoever gives an incident back has the level at hand paged anew, but not for one that is over.
func TestNobodyIsPagedForWhatIsOver(t *testing.T) {
	c := twoLevels()
	loud := c.Plans["loud"]
	loud.Soak, loud.Recovered = new(time.Duration(0)), incident.Resolved
	c.Plans["loud"] = loud
	c.Runbooks = map[string]automate.Runbook{"mend": {
		Owner: "payments", Mode: automate.Auto, Owning: true, When: `event.type == "pay.x"`, Steps: []automate.Step{{Do: "act"}, {Wait: time.Hour}, {Do: "act"}},
	}}
	start := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sim.New(c, start)
	require.NoError(t, err)
	both := []event.Event{critical("x"), critical("x")}
	both[0].Subject, both[1].Subject = "a", "b"
	require.NoError(t, s.Submit(both...))
	for i := range both {
		require.NoError(t, s.Advance(4*time.Minute))
		both[i].Signal = event.Resolve
		require.NoError(t, s.Submit(both[i]))
	}
	require.NoError(t, s.Advance(3*time.Hour))

	id := inc("pay.x/checkout#1")
	var before, after []string
	for _, e := range s.Entries() {
		switch line := e.Line(start); {
		case e.About != id:
			assert.NotContains(t, line, "pages ", "of %s", e.About)
		case len(after) > 0 || e.Word == incident.WordIncidentResolved:
			after = append(after, line)
		default:
			before = append(before, line)
		}
	}
	assert.Contains(t, before, "+0s  acknowledged  by runbook mend/1")
	require.NotEmpty(t, after)
	assert.Equal(t, "+8m  incident resolved  every alert has resolved", after[0])
	assert.Contains(t, after, "+8m  runbook mend  stopped: the incident is over")
	assert.Empty(t, having(slices.Clone(after), "pages "))
	assert.Empty(t, having(slices.Clone(after), "  page  "))
}

// TestConfigWithoutAnAction: a catalog whose runbooks call what is not there is refused.
func TestConfigWithoutAnAction(t *testing.T) {
	none := &inbox{}
	_, err := tocsin.New(&tocsin.Config{Catalog: longRunbook(), Notifiers: map[string]notify.Notifier{"slack": none, "sms": none}})
	require.ErrorContains(t, err, `action "act", which a runbook calls, is missing, expected it in Actions`)
	assert.Equal(t, 1, strings.Count(err.Error(), "action"))
}
