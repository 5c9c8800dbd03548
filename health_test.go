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
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// moody is a store that fails, or does not answer, when it is told to.
type moody struct {
	store.Store
	mu    sync.Mutex
	fault error
	hangs bool
	slow  time.Duration // of a claim; set before the first
}

// be makes it fail with the fault, or hang; with neither it is well.
func (m *moody) be(fault error, hangs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault, m.hangs = fault, hangs
}

func (m *moody) mood() (fault error, hangs bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fault, m.hangs
}

func (m *moody) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	fault, hangs := m.mood()
	if hangs {
		<-ctx.Done()
		return store.Claimed{}, ctx.Err()
	}
	if fault != nil {
		return store.Claimed{}, fault
	}
	time.Sleep(m.slow)
	return m.Store.Claim(ctx, r)
}

func (m *moody) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if fault, _ := m.mood(); fault != nil {
		return fault
	}
	return m.Store.Update(ctx, sc, decide)
}

func TestHealth(t *testing.T) {
	ill := func(t *testing.T, of *tocsin.Engine, what string) {
		t.Helper()
		require.ErrorContains(t, of.Health(t.Context()), what)
	}
	within := func(t *testing.T, tell func(*moody, *tocsin.Engine)) {
		synctest.Test(t, func(t *testing.T) {
			kept := &moody{Store: memory.New()}
			in := &inbox{}
			bell, err := tocsin.New(&tocsin.Config{
				Catalog: twoLevels(), Store: kept, StopWithin: time.Second, Notifiers: map[string]notify.Notifier{"slack": in, "sms": in},
			})
			require.NoError(t, err)
			ill(t, bell, "Run is not under way")
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- bell.Run(ctx) }()
			settle(time.Hour)
			require.NoError(t, bell.Health(ctx), "idle")
			tell(kept, bell)
			cancel()
			require.NoError(t, <-done)
			ill(t, bell, "Run is not under way")
		})
	}
	t.Run("the disk is full", func(t *testing.T) {
		within(t, func(kept *moody, bell *tocsin.Engine) {
			kept.be(errors.New("no space left"), false)
			require.Error(t, bell.Submit(t.Context(), critical("x")))
			assert.NoError(t, bell.Health(t.Context()), "a commit that fails alone")
			settle(time.Second)
			ill(t, bell, "no space left")
			kept.be(nil, false)
			require.NoError(t, bell.Submit(t.Context(), critical("x")))
			synctest.Wait()
			assert.NoError(t, bell.Health(t.Context()))
		})
	})
	t.Run("the store is away while nobody submits", func(t *testing.T) {
		within(t, func(kept *moody, bell *tocsin.Engine) {
			require.NoError(t, bell.Submit(t.Context(), critical("x")))
			settle(time.Second)
			kept.be(errors.New("connection refused"), false)
			settle(10 * time.Minute)
			ill(t, bell, "connection refused")
			kept.be(nil, false)
			settle(2 * time.Second)
			assert.NoError(t, bell.Health(t.Context()))
		})
	})
	t.Run("the store hangs", func(t *testing.T) {
		within(t, func(kept *moody, bell *tocsin.Engine) {
			kept.be(nil, true)
			require.NoError(t, bell.Submit(t.Context(), critical("x")))
			settle(29 * time.Second)
			require.NoError(t, bell.Health(t.Context()))
			settle(2 * time.Second)
			ill(t, bell, "late to look for due work")
		})
	})
}

// TestHealthUnderLoad: an engine that finds work at every look is well. It is late only when the store holds up a look.
func TestHealthUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, in := &moody{Store: memory.New(), slow: 400 * time.Millisecond}, &inbox{}
		bell, stop := begin(t, kept, in)
		defer stop()
		for i := range 120 {
			e := critical("x")
			e.Tenant = fmt.Sprint(i)
			require.NoError(t, bell.Submit(t.Context(), e))
			settle(500 * time.Millisecond)
			require.NoError(t, bell.Health(t.Context()), "after %v, %d messages", time.Duration(i)*500*time.Millisecond, len(in.lines()))
		}
		assert.Greater(t, len(in.lines()), 100)
		kept.be(nil, true)
		require.NoError(t, bell.Submit(t.Context(), critical("x")))
		settle(32 * time.Second)
		assert.ErrorContains(t, bell.Health(t.Context()), "late to look for due work")
	})
}
