package tocsin_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

func TestOneGroupThatFailsHoldsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.People["cho"] = catalog.Person{Contacts: []escalate.Contact{"slack:@cho", "slack:@cho"}}
		c.Teams["other"] = catalog.Team{Members: []escalate.PersonID{"cho"}, Lead: "cho"}
		c.Services["hub"] = catalog.Service{Owner: "other", Tier: 1}
		c.Classes = append(c.Classes, event.Class{Name: "hub.x", Service: "hub", Plan: "long"})
		c.Plans["long"] = catalog.Plan{Policy: "long"}
		c.Policies["long"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: 30 * time.Minute}}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		began := time.Now()
		var ben []time.Duration
		h.in.answer = func(m notify.Message) error {
			if m.To == "@cho" {
				return notify.Permanent(errors.New("gone"))
			}
			if m.To == "@ben" && m.Summary == "healthy" {
				ben = append(ben, time.Since(began))
			}
			return nil
		}
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "hub.x", Severity: severity.Critical, Summary: "hub"}))
		settle(29 * time.Minute)
		require.NoError(t, h.Submit(t.Context(), critical("healthy"))) // another team, another plan
		settle(time.Hour)
		require.NotEmpty(t, ben)
		assert.Equal(t, 31*time.Minute, ben[0], "level 2 of the other team's incident")
	})
}

func TestAPageThatOutlastsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		h := start(t, c, "slack", "sms")
		defer h.stop()
		var second atomic.Bool
		h.in.answer = func(m notify.Message) error {
			if m.To == "@ana" && m.Kind == notify.Page {
				wait := 45 * time.Second
				if second.Swap(true) {
					wait = 50 * time.Second
				}
				time.Sleep(wait) // deaf to its context
			}
			return nil
		}
		require.NoError(t, h.Submit(t.Context(), critical("x")))
		settle(50 * time.Second)
		end := critical("x")
		end.Signal = event.Resolve
		assert.NoError(t, h.Submit(t.Context(), end))
		settle(3 * time.Hour)
	})
}

func TestARefusedCommandIsNoRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		require.NoError(t, h.Submit(t.Context(), critical("x")))
		settle(time.Second)
		c := respond.Resolve{Incident: inc("pay.x/checkout#1"), By: "ana", ID: "1"}
		assert.Error(t, h.Do(t.Context(), c), "its alert fires")
		assert.Error(t, h.Do(t.Context(), c), "and still does")
	})
}

func TestKillSwitchOfTwoTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		act := automate.ActionFunc(func(context.Context, automate.Invocation) (automate.Result, error) {
			calls++
			return automate.Result{}, nil
		})
		none := &inbox{}
		bell, err := tocsin.New(&tocsin.Config{Catalog: longRunbook(), Actions: map[string]automate.Action{"act": act}, Notifiers: map[string]notify.Notifier{"slack": none, "sms": none}})
		require.NoError(t, err)
		defer run(t, bell)()
		for _, tenant := range []string{"a", "b"} {
			require.NoError(t, bell.Do(t.Context(), respond.KillSwitch{Tenant: tenant, By: "ana", Because: "stop", ID: "1"}))
		}
		e := critical("x")
		e.Tenant = "b"
		require.NoError(t, bell.Submit(t.Context(), e))
		settle(time.Minute)
		assert.Zero(t, calls, "the switch of b is thrown")
	})
}

func TestTheCallerMayReuseItsMaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Classes = append(c.Classes, event.Class{Name: "pay.wait", For: time.Minute, Plan: c.Classes[0].Plan, Service: "checkout"})
		c.Routes = append(c.Routes, catalog.Route{ID: "prod", When: `event.labels["env"] == "prod"`, Plan: c.Classes[0].Plan})
		h := start(t, c, "slack", "sms")
		defer h.stop()
		labels := map[string]string{"env": "prod"}
		require.NoError(t, h.Submit(t.Context(), event.Event{Type: "pay.wait", Severity: severity.Critical, Summary: "x", Labels: labels}))
		labels["env"] = "test" // the caller uses its map for something else
		settle(2 * time.Minute)
		inc, err := h.Incident(t.Context(), inc("pay.wait/checkout#1"))
		require.NoError(t, err)
		assert.Equal(t, "prod", inc.Rule)
	})
}

// hung is a store whose answers do not come before its context ends.
type hung struct {
	store.Store
	on bool
}

func (h *hung) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if h.on {
		<-ctx.Done()
		return store.Claimed{}, ctx.Err()
	}
	return h.Store.Claim(ctx, r)
}

func TestRunReturnsThoughTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := &inbox{}
		kept := &hung{Store: memory.New(), on: true}
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, StopWithin: time.Second, Notifiers: map[string]notify.Notifier{"slack": none, "sms": none}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- bell.Run(ctx) }()
		settle(time.Second)
		cancel()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(time.Hour):
			t.Error("Run does not return")
		}
	})
}

// TestDeadContactsOfAP1: the passes of a P1 that nobody can be paged for follow each other by the wait of its last level.
func TestDeadContactsOfAP1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := twoLevels()
		c.Policies["two"] = escalate.Policy{Levels: []escalate.Level{{Page: []escalate.Target{"person:ben"}, Wait: 5 * time.Minute}}}
		h := start(t, c, "slack", "sms")
		defer h.stop()
		h.in.answer = func(notify.Message) error { return notify.Permanent(errors.New("gone")) }
		require.NoError(t, h.Submit(t.Context(), critical("x")))
		settle(time.Hour + time.Second)
		inc, err := h.Incident(t.Context(), inc("pay.x/checkout#1"))
		require.NoError(t, err)
		assert.Equal(t, 13, inc.Escalation.Round, "one in five minutes")
	})
}
