package tocsin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/internal/meters"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// trying is a store whose calls take time, fail or hang as they are told.
type trying struct {
	store.Store
	mu     sync.Mutex
	claim  func(context.Context) error // before each claim
	update func(context.Context) error // before each update
	before func(store.Scope) error     // likewise
	after  func(store.Scope) error     // after each committed update
}

// set changes what the store does while it is in use.
func (s *trying) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *trying) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	s.mu.Lock()
	claim := s.claim
	s.mu.Unlock()
	if claim != nil {
		if err := claim(ctx); err != nil {
			return store.Claimed{}, err
		}
	}
	return s.Store.Claim(ctx, r)
}

func (s *trying) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	s.mu.Lock()
	before, update, after := s.before, s.update, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(sc); err != nil {
			return err
		}
	}
	if update != nil {
		if err := update(ctx); err != nil {
			return err
		}
	}
	err := s.Store.Update(ctx, sc, decide)
	if err == nil && after != nil {
		return after(sc)
	}
	return err
}

// lasts waits as long as a call of a slow store takes.
func lasts(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
}

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// oneIn fails every n-th call.
func oneIn(n int64) func(context.Context) error {
	var calls atomic.Int64
	return func(context.Context) error {
		if calls.Add(1)%n == 0 {
			return errors.New("connection reset")
		}
		return nil
	}
}

// TestRow51: an engine that works is well, however much it has to do and however slow its store is. It is ill within two cycles when the
// store fails, and when the store has not answered for 30 seconds.
func TestRow51(t *testing.T) {
	for _, c := range []struct {
		name string
		kept *trying
	}{
		{"slow claims", &trying{claim: lasts(5 * time.Second)}},
		{"slow commits", &trying{update: lasts(300 * time.Millisecond)}},
		{"both", &trying{claim: lasts(time.Second), update: lasts(20 * time.Second)}},
		{"every tenth commit fails", &trying{update: oneIn(10)}},
	} {
		t.Run("storm/"+c.name, func(t *testing.T) { storm(t, c.kept) })
	}
	t.Run("many groups are due, and each needs a commit of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kept := &trying{Store: memory.New()}
			bell, stop := begin(t, kept, &inbox{})
			for i := range 100 {
				e := critical("x")
				e.Tenant = fmt.Sprint(i)
				require.NoError(t, bell.Submit(t.Context(), e))
			}
			settle(time.Minute)
			kept.set(func() { kept.update, kept.before = lasts(2*time.Second), tooLarge })
			for range 240 {
				settle(500 * time.Millisecond)
				require.NoError(t, bell.Health(t.Context()))
			}
			stop()
			time.Sleep(time.Minute) // until the last outcomes are stored
		})
	})
	for _, c := range []struct {
		name   string
		turn   func(*trying)
		what   string
		within time.Duration
	}{
		{"the store takes no commit", func(s *trying) { s.update = fails }, "no space left", 2 * time.Second},
		{"the store answers no claim", func(s *trying) { s.claim = fails }, "no space left", 2 * time.Second},
		{"commits hang", func(s *trying) { s.update = hangs }, "answered no commit for 31s", 36 * time.Second},
		{"claims hang", func(s *trying) { s.claim = hangs }, "31s late to look for due work", 32 * time.Second},
	} {
		t.Run("ill/"+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &trying{Store: memory.New()}
				bell, stop := begin(t, kept, &inbox{})
				defer stop()
				settle(time.Hour)
				kept.set(func() { c.turn(kept) })
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // as a sender that does not wait for ever
				defer cancel()
				go bell.Submit(ctx, critical("x"))
				began := time.Now()
				for bell.Health(t.Context()) == nil && time.Since(began) < time.Hour {
					settle(500 * time.Millisecond)
				}
				require.ErrorContains(t, bell.Health(t.Context()), c.what)
				assert.LessOrEqual(t, time.Since(began), c.within)
				settle(10 * time.Minute)
				require.Error(t, bell.Health(t.Context()), "as long as it lasts")
			})
		})
	}
	t.Run("what is no fault of the store", func(t *testing.T) { blameless(t) })
}

func fails(context.Context) error { return errors.New("no space left") }

// storm submits for ten minutes, with -short for two, with a crowd each minute, and asks for the health every half second.
func storm(t *testing.T, kept *trying) {
	synctest.Test(t, func(t *testing.T) {
		kept.Store = memory.New()
		in := &inbox{}
		bell, stop := begin(t, kept, in)
		var calls sync.WaitGroup
		turns := 1200
		if testing.Short() {
			turns = 240
		}
		for i := range turns {
			n := 1 - i%2
			if i%120 == 0 {
				n = 60
			}
			for j := range n {
				e := critical("x")
				e.Tenant = fmt.Sprint(i, "-", j)
				calls.Go(func() { _ = bell.Submit(t.Context(), e) })
			}
			settle(500 * time.Millisecond)
			require.NoError(t, bell.Health(t.Context()), "after %v, %d messages", time.Duration(i)*500*time.Millisecond, len(in.lines()))
		}
		calls.Wait()
		assert.Greater(t, len(in.lines()), turns/100)
		stop()
		time.Sleep(time.Hour) // until the last outcomes are stored
	})
}

// blameless: calls that people cancel, conflicts, records of newer versions and notifiers that hang make no engine ill.
func blameless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &trying{Store: memory.New()}
		release := make(chan struct{})
		deaf := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
			<-release
			return notify.Receipt{}, nil
		})
		bell, stop := begin(t, kept, deaf)
		require.NoError(t, bell.Submit(t.Context(), critical("hung")))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 120 {
			require.ErrorIs(t, bell.Submit(gone, critical("x")), context.Canceled)
			for _, fault := range []error{store.ErrConflict, store.ErrNewer} {
				kept.set(func() { kept.update = func(context.Context) error { return fault } })
				require.ErrorIs(t, bell.Submit(t.Context(), critical("x")), fault)
			}
			kept.set(func() { kept.update = nil })
			settle(500 * time.Millisecond)
			require.NoError(t, bell.Health(t.Context()))
		}
		close(release)
		stop()
	})
}

// TestRow57: Run ends in StopWithin and a second, whatever is offered and whatever hangs. An offered event stays queued until a commit
// holds it, and what is lost is told.
func TestRow57(t *testing.T) {
	const stopWithin = 10 * time.Second
	for _, c := range []struct {
		name string
		turn func(*trying)
		most time.Duration
	}{
		{"a store that is well", func(*trying) {}, 100 * time.Millisecond},
		{"a slow store", func(s *trying) { s.claim, s.update = lasts(50*time.Millisecond), lasts(200*time.Millisecond) }, stopWithin + time.Second},
		{"a store that fails", func(s *trying) { s.claim, s.update = fails, fails }, stopWithin + time.Second},
		{"a store that hangs", func(s *trying) { s.claim, s.update = hangs, hangs }, stopWithin + time.Second},
		{"a store that is deaf, too", func(s *trying) { s.claim, s.update = deafly, deafly }, stopWithin + time.Second},
	} {
		t.Run("RunUnderOffers/"+c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &trying{Store: memory.New()}
				bell, stop := begin(t, kept, &inbox{})
				ended, producers := make(chan struct{}), sync.WaitGroup{}
				for p := range 4 {
					producers.Go(func() {
						for i := 0; ; i++ {
							bell.Offer(critical(fmt.Sprint("n", p, "-", i%50)))
							select {
							case <-ended:
								return
							case <-time.After(20 * time.Millisecond):
							}
						}
					})
				}
				settle(5 * time.Second)
				kept.set(func() { c.turn(kept) })
				settle(time.Second)
				stopped := time.Now()
				stop()
				assert.LessOrEqual(t, time.Since(stopped), c.most)
				close(ended)
				producers.Wait()
				time.Sleep(time.Hour) // until a deaf call has ended
			})
		})
	}
	t.Run("offers through an outage", outage)
	t.Run("losses are told after all", losses)
	t.Run("an offer that the store refuses", refusedOffer)
}

func deafly(context.Context) error {
	time.Sleep(10 * time.Minute)
	return errors.New("no answer")
}

// outage offers more than fits while the store is away for five minutes. It is back with a commit that succeeds without an answer.
func outage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, count := &trying{Store: memory.New()}, meters.New()
		bell, err := tocsin.New(&tocsin.Config{Store: kept, Notifier: &inbox{}, MeterProvider: count, Classes: []event.Class{slow}})
		require.NoError(t, err)
		stop := run(t, bell)
		settle(time.Minute)
		kept.set(func() { kept.claim, kept.update = fails, fails })
		offered := time.Now()
		var taken, committed []store.EventID
		for i := range 1100 {
			e := event.Event{ID: fmt.Sprintf("%04d", i), Type: slow.Name, Subject: fmt.Sprint(i), Summary: "offered"}
			if bell.Offer(e) {
				taken = append(taken, store.NewEventID("", "app", e.ID))
			}
			time.Sleep(200 * time.Millisecond)
		}
		require.Len(t, taken, 1024)
		settle(time.Until(offered.Add(5 * time.Minute)))
		var mu sync.Mutex
		unknown := 0
		note := func(sc store.Scope) error {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range sc.Events {
				if slices.Contains(taken, id) && !slices.Contains(committed, id) {
					committed = append(committed, id)
				}
			}
			if unknown++; unknown == 3 {
				return store.ErrUnknown
			}
			return nil
		}
		kept.set(func() { kept.claim, kept.update, kept.after = nil, nil, note })
		settle(3 * time.Second)
		mu.Lock()
		assert.Equal(t, taken, committed, "all of them, in their order")
		mu.Unlock()
		assert.EqualValues(t, 1024, count.Count("tocsin.intake.events", "outcome", "accepted", "type", slow.Name)+
			count.Count("tocsin.intake.events", "outcome", "duplicate", "type", slow.Name))
		assert.EqualValues(t, 76, count.Count("tocsin.intake.events", "outcome", "dropped", "error.type", "overflow"))
		alerts, err := kept.Read(t.Context(), store.Query{Kind: core.KindAlert, Limit: 2000})
		require.NoError(t, err)
		for _, row := range alerts {
			assert.EqualValues(t, 1, row.Rec.(*core.Alert).Count, "none twice")
		}
		assert.Len(t, alerts, 1024+1)
		finding, err := bell.Incident(t.Context(), inc("tocsin.overflow/offers#1"))
		require.NoError(t, err)
		assert.Contains(t, finding.Title, "76 offered events found no room")
		stop()
	})
}

// losses offers too much before a Run that ends before the store is back. The next Run stores what is queued and tells what was lost.
func losses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		kept, count := &trying{Store: memory.New(), claim: fails, update: fails}, meters.New()
		bell, err := tocsin.New(&tocsin.Config{
			Store: kept, Notifier: &inbox{}, MeterProvider: count, Classes: []event.Class{slow}, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		})
		require.NoError(t, err)
		for i := range 1100 {
			bell.Offer(event.Event{Type: slow.Name, Subject: fmt.Sprint(i), Summary: "offered"})
		}
		stop := run(t, bell)
		settle(time.Minute)
		stop()
		assert.Contains(t, logged.String(), "offered events are not stored; they are lost unless Run is called again\" events=1024")
		assert.Contains(t, logged.String(), "losses=\"76 offered events found no room and are lost\"")
		kept.set(func() { kept.claim, kept.update = nil, nil })
		stop = run(t, bell)
		settle(time.Second)
		assert.EqualValues(t, 1024, count.Count("tocsin.intake.events", "outcome", "accepted", "type", slow.Name))
		finding, err := bell.Incident(t.Context(), inc("tocsin.overflow/offers#1"))
		require.NoError(t, err)
		assert.Contains(t, finding.Title, "76 offered events found no room and are lost")
		stop()
	})
}

// refusedOffer: an event that the store cannot take holds up no other, and is told.
func refusedOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, count := &trying{Store: memory.New()}, meters.New()
		bell, err := tocsin.New(&tocsin.Config{Store: kept, Notifier: &inbox{}, MeterProvider: count, Classes: []event.Class{slow}})
		require.NoError(t, err)
		bad := store.NewEventID("", "app", "17")
		kept.before = func(sc store.Scope) error {
			if slices.Contains(sc.Events, bad) {
				return store.ErrNewer
			}
			return nil
		}
		for i := range 100 {
			bell.Offer(event.Event{ID: fmt.Sprint(i), Type: slow.Name, Subject: fmt.Sprint(i), Summary: "offered"})
		}
		defer run(t, bell)()
		settle(time.Second)
		assert.EqualValues(t, 99, count.Count("tocsin.intake.events", "outcome", "accepted", "type", slow.Name))
		assert.EqualValues(t, 1, count.Count("tocsin.intake.events", "outcome", "dropped", "error.type", "data"))
		finding, err := bell.Incident(t.Context(), inc("tocsin.overflow/offers#1"))
		require.NoError(t, err)
		assert.Contains(t, finding.Title, "1 offered events were refused by the store and are lost")
		require.NoError(t, bell.Health(t.Context()))
	})
}
