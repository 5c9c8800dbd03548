package tocsin_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

// shared is a store that engines share: each looks at it every second. The one whose process is gone reaches it no more.
type shared struct {
	store.Store
	hints chan struct{}
	gone  atomic.Bool
}

func share(kept store.Store) *shared { return &shared{Store: kept, hints: make(chan struct{})} }

func (s *shared) Wake() <-chan struct{} { return s.hints }

var errGone = errors.New("the process is gone")

func (s *shared) Update(ctx context.Context, sc store.Scope, decide func(store.View) (store.Batch, store.Need, error)) error {
	if s.gone.Load() {
		return errGone
	}
	return s.Store.Update(ctx, sc, decide)
}

func (s *shared) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if s.gone.Load() {
		return store.Claimed{}, errGone
	}
	return s.Store.Claim(ctx, r)
}

// patient is a plan whose first page is tried for an hour.
func patient(t *testing.T, kept store.Store, n notify.Notifier) (*tocsin.Engine, func()) {
	c := twoLevels()
	c.Policies["two"].Levels[0].Wait = time.Hour
	bell, err := tocsin.New(&tocsin.Config{Catalog: c, Store: kept, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}})
	require.NoError(t, err)
	return bell, run(t, bell)
}

// TestRow03 ends a process again and again while messages have been accepted and nothing is recorded of it yet. Each of them,
// and no other, is sent once more for it, under its key; none is lost.
func TestRow03(t *testing.T) {
	const crashes, events = 8, 20
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		heard, flying, want := map[string]int{}, map[string]bool{}, map[string]int{}
		kept := memory.New()
		number := 0
		for life := range crashes + 1 {
			own := share(kept)
			bell, stop := patient(t, own, notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
				mu.Lock()
				defer mu.Unlock()
				if own.gone.Load() {
					return notify.Receipt{}, errGone
				}
				for _, p := range pagesIn(m) {
					heard[p.Key]++
					flying[p.Key] = true
				}
				mu.Unlock()
				time.Sleep(time.Second) // until the provider answers
				mu.Lock()
				for _, p := range pagesIn(m) {
					if !own.gone.Load() {
						delete(flying, p.Key)
					}
				}
				return notify.Receipt{}, nil
			}))
			settle(time.Duration(life%4) * 15 * time.Second) // in some lives it takes over what another one left
			for range events {
				require.NoError(t, bell.Submit(t.Context(), critical(fmt.Sprint(number))))
				number++
			}
			settle(time.Duration(life%2)*time.Second + 500*time.Millisecond)
			if life == crashes {
				settle(2 * time.Minute)
				stop()
				break
			}
			own.gone.Store(true)
			mu.Lock()
			assert.NotEmpty(t, flying, "life %d", life)
			for key := range flying {
				want[key]++
			}
			clear(flying)
			mu.Unlock()
			stop()
		}
		for i := range number {
			want[inc(fmt.Sprintf("pay.%d/checkout#1", i))+"-1-0"]++
		}
		assert.Equal(t, want, heard)
		repeats := 0
		for _, times := range heard {
			repeats += times - 1
		}
		t.Logf("%d pages, %d crashes, %d repeats", number, crashes, repeats)
	})
}

// TestRow07 has a provider that is broken for ten minutes, and three replicas. None tries a message while another one does,
// and each is accepted once.
func TestRow07(t *testing.T) {
	const replicas, events = 3, 30
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		accepted, tries, flying := map[string]int{}, map[string]int{}, map[string]int{}
		back := time.Now().Add(10 * time.Minute)
		provider := notify.NotifierFunc(func(_ context.Context, m notify.Message) (notify.Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			for _, p := range pagesIn(m) {
				tries[p.Key]++
				flying[p.Key]++
				assert.Equal(t, 1, flying[p.Key], "%s is under way twice", p.Key)
			}
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			for _, p := range pagesIn(m) {
				flying[p.Key]--
				if time.Now().After(back) {
					accepted[p.Key]++
				}
			}
			if !time.Now().After(back) {
				return notify.Receipt{}, errors.New("answered 500")
			}
			return notify.Receipt{}, nil
		})
		kept := memory.New()
		var engines []*tocsin.Engine
		for range replicas {
			bell, stop := patient(t, share(kept), provider)
			defer stop()
			engines = append(engines, bell)
		}
		want := map[string]int{}
		for i := range events {
			require.NoError(t, engines[i%replicas].Submit(t.Context(), critical(fmt.Sprint(i))))
			want[inc(fmt.Sprintf("pay.%d/checkout#1", i))+"-1-0"] = 1
		}
		settle(30 * time.Minute)
		assert.Equal(t, want, accepted)
		total := 0
		for key := range want {
			assert.Greater(t, tries[key], 3, "%s was given up", key)
			total += tries[key]
		}
		t.Logf("%d messages, %d tries", events, total)
	})
}
