package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
)

// diary notes each message when it is tried.
type diary struct {
	mu    sync.Mutex
	start time.Time
	lines []string
	says  func(notify.Message) error // nil: accept
}

func (d *diary) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%v %s %s %s", time.Since(d.start), m.Kind, m.Person, m.Channel))
	if d.says != nil {
		return notify.Receipt{}, d.says(m)
	}
	return notify.Receipt{}, nil
}

// since returns what was tried after the n-th line.
func (d *diary) since(n int) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines[n:]
}

// watched runs an engine with the catalog whose channels write into the diary.
func watched(t *testing.T, c *catalog.Catalog, d *diary, actions map[string]automate.Action) (bell *tocsin.Engine, stop func()) {
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: c, Notifiers: map[string]notify.Notifier{"slack": d, "sms": d}, Actions: actions,
	})
	require.NoError(t, err)
	d.start = time.Now()
	return bell, run(t, bell)
}

// TestAPageWaitsForNoMessage lets the provider put off a message that is no page. A page to the same contact is tried at once all the
// same.
func TestAPageWaitsForNoMessage(t *testing.T) {
	id := inc("pay.x/checkout#1")
	x, over := critical("x"), critical("x")
	over.Signal = event.Resolve
	acknowledge := respond.Acknowledge{Incident: id, By: "ana"}
	for _, c := range []struct {
		name string
		acts []act // after the first page; the last one calls for another
		kind notify.Kind
	}{
		{"a notice", []act{{time.Minute, over, nil}, {time.Minute, x, nil}}, notify.Notice},
		{"an all-clear", []act{
			{time.Minute, event.Event{}, acknowledge},
			{time.Minute, over, nil},
			{4 * time.Minute, event.Event{}, respond.Resolve{Incident: id, By: "ana"}}, // once the soak is over
			{time.Minute, x, nil},
		}, notify.AllClear},
		{"a reminder", []act{{time.Minute, event.Event{}, acknowledge}, {30 * time.Minute, event.Event{}, nil}}, notify.Reminder},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				d.says = func(m notify.Message) error {
					if m.Kind == c.kind {
						return notify.RetryAfter(errors.New("429"), 30*time.Minute)
					}
					return nil
				}
				bell, stop := watched(t, twoLevels(), d, nil)
				defer stop()
				require.NoError(t, bell.Submit(t.Context(), x))
				settle(time.Second)
				first := len(d.since(0))
				var tried int
				for _, a := range c.acts {
					settle(a.after)
					tried = len(d.since(0))
					switch {
					case a.command != nil:
						require.NoError(t, bell.Do(t.Context(), a.command))
					case a.event.Type != "":
						require.NoError(t, bell.Submit(t.Context(), a.event))
					}
				}
				called := time.Since(d.start)
				synctest.Wait()
				page := fmt.Sprintf("%v page ana slack", called)
				if c.kind == notify.Reminder { // the page comes by itself
					page = fmt.Sprintf("%v page ana slack", 31*time.Minute+time.Second)
					tried = 0
					settle(time.Minute)
				}
				assert.Contains(t, d.since(tried), page)
				before := false
				for _, line := range d.since(first) {
					before = before || line != page && containsKind(line, c.kind)
				}
				assert.True(t, before, "the %s was put off before: %v", c.kind, d.since(0))
			})
		})
	}
}

func containsKind(line string, k notify.Kind) bool {
	var after, kind string
	_, err := fmt.Sscan(line, &after, &kind)
	return err == nil && kind == string(k)
}

// TestAHeldPageGoesOn lets rates hold pages longer than they live: those of P1 leave all the same, others go to the next contact at the
// same instant.
func TestAHeldPageGoesOn(t *testing.T) {
	hourly := []automate.Rate{{Count: 1, Per: time.Hour}}
	for _, c := range []struct {
		name   string
		limits catalog.Channel
		level  severity.Level
		want   []string
	}{
		{"a channel's rate, P1", catalog.Channel{Rates: hourly}, severity.Critical, []string{"0s page ana slack", "0s page ana slack"}},
		{"a person's rate, P1", catalog.Channel{Person: hourly}, severity.Critical, []string{"0s page ana slack", "0s page ana slack"}},
		{"a channel's rate, P2", catalog.Channel{Rates: hourly}, severity.Error, []string{"30s page ana slack", "30s page ana sms"}},
		{"a person's rate, P2", catalog.Channel{Person: hourly}, severity.Error, []string{"30s page ana slack", "30s page ana sms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cat := twoLevels()
				cat.Channels = map[string]catalog.Channel{"slack": c.limits}
				d := &diary{}
				bell, stop := watched(t, cat, d, nil)
				defer stop()
				for _, subject := range []string{"x", "y"} {
					e := critical(subject)
					e.Severity = c.level
					require.NoError(t, bell.Submit(t.Context(), e))
				}
				settle(time.Minute) // a first page of P2 waits for the group
				assert.ElementsMatch(t, c.want, d.since(0))
			})
		})
	}
}

// TestAHoldThatBeginsLater holds that pages which already wait for a channel go on when it is held beyond their time.
func TestAHoldThatBeginsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cat := twoLevels()
		cat.Channels = map[string]catalog.Channel{"slack": {Rates: []automate.Rate{{Count: 2, Per: time.Hour}, {Count: 1, Per: 30 * time.Second}}}}
		d := &diary{}
		bell, stop := watched(t, cat, d, nil)
		defer stop()
		for _, subject := range []string{"a", "b", "c"} {
			e := critical(subject)
			e.Severity = severity.Error
			require.NoError(t, bell.Submit(t.Context(), e))
		}
		settle(75 * time.Second) // a third page within a minute waits ten seconds whether more follow
		assert.ElementsMatch(t, []string{"30s page ana slack", "1m0s page ana slack", "1m10s page ana sms"}, d.since(0))
	})
}

// TestCallsThatPeopleStop holds that calls which people made superfluous do not open the breaker of their action.
func TestCallsThatPeopleStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Runbooks = map[string]automate.Runbook{"mend": {
			Owner: "payments", Mode: automate.Auto, When: "true", On: "type", Steps: []automate.Step{{Do: "act"}},
		}}
		var mu sync.Mutex
		began := map[string]time.Time{}
		act := automate.ActionFunc(func(ctx context.Context, in automate.Invocation) (automate.Result, error) {
			mu.Lock()
			began[in.Subject] = time.Now()
			mu.Unlock()
			<-ctx.Done()
			return automate.Result{}, ctx.Err()
		})
		bell, stop := watched(t, c, &diary{}, map[string]automate.Action{"act": act})
		defer stop()
		for round := range 3 { // of four calls each: no more than run at once
			for i := range 4 {
				require.NoError(t, bell.Submit(t.Context(), critical(fmt.Sprint("n", round, i))))
			}
			settle(time.Second)
			all, err := bell.Incidents(t.Context(), tocsin.Query{})
			require.NoError(t, err)
			for _, i := range all {
				for _, r := range i.Runs {
					if r.State == automate.Running {
						require.NoError(t, bell.Do(t.Context(), respond.StopRun{Incident: i.ID, Run: r.ID, By: "ana", Because: "known"}))
					}
				}
			}
			settle(time.Second)
		}
		asked := time.Now()
		require.NoError(t, bell.Submit(t.Context(), critical("last")))
		settle(time.Second)
		mu.Lock()
		defer mu.Unlock()
		assert.Len(t, began, 13)
		assert.Equal(t, asked, began["pay.last"])
	})
}
