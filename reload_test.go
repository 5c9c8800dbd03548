package tocsin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// shift is a notifier that writes down when whom it paged.
type shift struct {
	start time.Time
	lines []string
}

func (s *shift) Notify(_ context.Context, m notify.Message) (notify.Receipt, error) {
	s.lines = append(s.lines, fmt.Sprintf("%v %s %s %s", time.Since(s.start), m.Summary, m.Person, m.To))
	return notify.Receipt{}, nil
}

// slower is twoLevels with another policy: nobody else is asked for an hour, and ana has moved.
func slower() *catalog.Catalog {
	c := twoLevels()
	c.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"slack:@moved"}}
	c.Policies["two"] = escalate.Policy{Repeat: new(0), Levels: []escalate.Level{{Page: []escalate.Target{"owner"}, Wait: time.Hour}}}
	return c
}

func critical(subject string) event.Event {
	return event.Event{Type: "pay." + subject, Severity: severity.Critical, Summary: subject}
}

// run starts an engine and returns what stops it.
func run(t *testing.T, e *tocsin.Engine) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// TestReload: who is open keeps the plan with which it began, who is new takes the new one, and the people are always those
// of today.
func TestReload(t *testing.T) {
	want := []string{
		"0s old ana @ana",
		"1m0s new ana @moved", // the new plan asks nobody else for an hour
		"2m0s old ben @ben",   // the old one goes on
		"5m0s old ana @moved",
	}
	t.Run("in one process", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pages := &shift{start: time.Now()}
			bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Notifiers: map[string]notify.Notifier{"slack": pages, "sms": pages}})
			require.NoError(t, err)
			defer run(t, bell)()
			require.NoError(t, bell.Submit(t.Context(), critical("old")))
			settle(time.Minute)
			require.NoError(t, bell.Reload(slower()))
			require.NoError(t, bell.Submit(t.Context(), critical("new")))
			settle(5 * time.Minute)
			assert.Equal(t, want, pages.lines)
		})
	})
	t.Run("across a restart on the same store", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			pages, kept := &shift{start: time.Now()}, memory.New()
			begin := func(c *catalog.Catalog) (*tocsin.Engine, func()) {
				bell, err := tocsin.New(&tocsin.Config{Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": pages, "sms": pages}})
				require.NoError(t, err)
				return bell, run(t, bell)
			}
			bell, stop := begin(twoLevels())
			require.NoError(t, bell.Submit(t.Context(), critical("old")))
			settle(time.Minute)
			stop()
			bell, stop = begin(slower())
			defer stop()
			require.NoError(t, bell.Submit(t.Context(), critical("new")))
			settle(5 * time.Minute)
			assert.Equal(t, want, pages.lines)
			plans, err := kept.Read(t.Context(), store.Query{Kind: "plan"})
			require.NoError(t, err)
			assert.Len(t, plans, 2, "each body once")
		})
	})
	t.Run("a catalog that cannot run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, twoLevels(), "slack", "sms")
			defer h.stop()
			broken := slower()
			broken.Defaults.Owner = "nobody"
			require.ErrorContains(t, h.Reload(broken), `tocsin: reload: the current catalog stays: catalog: defaults: team "nobody" does not exist`)
			other := slower()
			other.People["ana"] = catalog.Person{Contacts: []escalate.Contact{"pigeon:roof"}}
			require.ErrorContains(t, h.Reload(other), `channel "pigeon" has no notifier`)
			require.ErrorContains(t, h.Reload(nil), "the catalog is nil")
			require.NoError(t, h.Submit(t.Context(), critical("x")))
			settle(time.Second)
			assert.Equal(t, []string{"page anaslack x"}, h.in.lines(), "the old one is at work")
		})
	})
}

// TestReloadUnderLoad: events that come in while catalogs change are each decided by one of them, none is lost.
func TestReloadUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, twoLevels(), "slack", "sms")
		defer h.stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 50 {
				if c := twoLevels(); i%2 == 0 {
					c = slower()
					assert.NoError(t, h.Reload(c))
				} else {
					assert.NoError(t, h.Reload(c))
				}
				time.Sleep(time.Millisecond)
			}
		}()
		for i := range 200 {
			assert.NoError(t, h.Submit(t.Context(), critical(fmt.Sprint(i))))
			time.Sleep(250 * time.Microsecond)
		}
		<-done
		settle(time.Second)
		open, err := h.Incidents(t.Context(), tocsin.Query{Limit: 1000})
		require.NoError(t, err)
		assert.Len(t, open, 200)
		pages := strings.Join(h.in.lines(), "\n")
		for i := range 200 {
			assert.Contains(t, pages, fmt.Sprintf("page anaslack %d", i))
		}
	})
}

// TestNewer: what a newer replica has written is left to it, and the sender hears that nothing was stored.
func TestNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pages, kept := &shift{start: time.Now()}, memory.New()
		bell, err := tocsin.New(&tocsin.Config{Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": pages, "sms": pages}})
		require.NoError(t, err)
		defer run(t, bell)()
		group := store.Key{Kind: "group", ID: "loud/payments/pay.x/checkout"}
		require.NoError(t, kept.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{Now: time.Now(), Put: []store.Change{{Key: group, Rec: store.Newer{Schema: 9}}}}, store.Need{}, nil
		}))
		err = bell.Submit(t.Context(), critical("x"))
		require.ErrorIs(t, err, store.ErrNewer)
		assert.ErrorContains(t, err, `group "loud/payments/pay.x/checkout" cannot be read: a newer version of tocsin wrote it, schema 9`)
		require.NoError(t, bell.Submit(t.Context(), critical("y")), "the neighbour is taken")
	})
}
