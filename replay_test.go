package tocsin_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/incident"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/sim"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// logging is a store that the engine does not know for memory, and may have lost a row of its input log.
type logging struct {
	store.Store
	lost uint64
}

func (l *logging) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	rows, err := l.Store.Read(ctx, q)
	return slices.DeleteFunc(rows, func(row store.Snapshot) bool {
		e, ok := row.Rec.(store.Entry)
		return ok && e.Seq == l.lost
	}), err
}

// TestReplay: the input log of an engine that was stopped and started anew all the time, with notifiers that fail, gives its
// timelines again, word for word.
func TestReplay(t *testing.T) {
	lines, seeds := 0, uint64(20)
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			kept := &logging{Store: memory.New()}
			want := restless(t, kept, seed)
			again, err := sim.Replay(t.Context(), twoLevels(), kept)
			require.NoError(t, err)
			got := make(map[string][]incident.Entry)
			for _, e := range again.Entries() {
				got[e.About] = append(got[e.About], e.Entry)
			}
			for id := range want {
				require.Equal(t, texts(want[id]), texts(got[id]), "seed %d, %s", seed, id)
				lines += len(want[id])
			}
			kept.lost = 1
			short, err := sim.Replay(t.Context(), twoLevels(), kept)
			require.NoError(t, err)
			assert.NotEqual(t, again.Entries(), short.Entries(), "seed %d: without the first row", seed)
		})
	}
	require.Greater(t, lines, 50*int(seeds))
	t.Logf("%d logs, %d lines, seeds from 0", seeds, lines)
}

func texts(entries []incident.Entry) []string {
	var out []string
	for i := range entries {
		out = append(out, entries[i].At.UTC().Format(time.RFC3339Nano)+" "+string(entries[i].Word.Kind())+" "+entries[i].Line(entries[i].At))
	}
	return out
}

// restless lets an engine live through the acts of a script, ended and begun anew before every third, and returns the timelines
// of its incidents.
func restless(t *testing.T, kept store.Store, seed uint64) map[string][]incident.Entry {
	rng := rand.New(rand.NewPCG(seed, 3))
	var mu sync.Mutex
	moods := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		switch rng.IntN(4) {
		case 0:
			return notify.Receipt{}, errors.New("busy")
		case 1:
			return notify.Receipt{}, notify.Permanent(errors.New("gone"))
		}
		return notify.Receipt{}, nil
	})
	var bell *tocsin.Engine
	stop := func() {}
	for i, a := range script(seed) {
		if i%3 == 0 {
			stop()
			bell, stop = begin(t, kept, moods)
		}
		time.Sleep(a.after)
		synctest.Wait()
		if a.command != nil {
			refusedOrNil(t, bell.Do(t.Context(), a.command))
		} else {
			require.NoError(t, bell.Submit(t.Context(), a.event))
		}
		synctest.Wait()
	}
	time.Sleep(afterwards)
	stop()
	timelines := make(map[string][]incident.Entry)
	incidents, err := bell.Incidents(t.Context(), tocsin.Query{Limit: 1000})
	require.NoError(t, err)
	for _, inc := range incidents {
		timelines[inc.ID], err = bell.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
	}
	return timelines
}

func begin(t *testing.T, kept store.Store, n notify.Notifier) (*tocsin.Engine, func()) {
	bell, err := tocsin.New(&tocsin.Config{
		Catalog: twoLevels(), Store: kept, Notifiers: map[string]notify.Notifier{"slack": n, "sms": n}, PublicURL: bellURL, LinkKeys: [][]byte{linkKey},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	return bell, func() {
		cancel()
		require.NoError(t, <-done)
	}
}
