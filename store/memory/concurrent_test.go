package memory_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// readHolds lets writers move a reason while others decide by what they read of it. The log is written in commit order,
// so it shows whether a decision rested on a reason that had moved on before the commit.
func readHolds(t *testing.T, s *memory.Store) {
	const rounds = 300
	var all sync.WaitGroup
	for writer := range 2 {
		all.Go(func() {
			for range rounds {
				err := s.Update(t.Context(), store.Scope{Write: []store.Key{key("reason")}},
					func(v store.View) (store.Batch, store.Need, error) {
						old := v.Records[key("reason")].Version
						return store.Batch{
							Put: []store.Change{{Key: key("reason"), Version: old, Rec: writer}},
							Log: fmt.Appendf(nil, "wrote %d", old+1),
						}, store.Need{}, nil
					})
				assert.NoError(t, err)
			}
		})
		all.Go(func() {
			mine := key(fmt.Sprint("alert", writer))
			for range rounds {
				err := s.Update(t.Context(), store.Scope{Write: []store.Key{mine}, Read: []store.Key{key("reason")}},
					func(v store.View) (store.Batch, store.Need, error) {
						seen := v.Records[key("reason")].Version
						return store.Batch{
							Put: []store.Change{{Key: mine, Version: v.Records[mine].Version, Rec: seen}},
							Log: fmt.Appendf(nil, "read %d", seen),
						}, store.Need{}, nil
					})
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	current := 0
	rows := read(t, s, store.Query{Kind: "log", Limit: 4 * rounds})
	require.Len(t, rows, 4*rounds)
	for _, row := range rows {
		var what string
		var version int
		_, err := fmt.Sscan(string(row.Rec.(store.Entry).Doc), &what, &version)
		require.NoError(t, err)
		if what == "wrote" {
			current++
		}
		require.Equal(t, current, version, row.Key.ID)
	}
}

// TestConcurrentCalls runs every method against every other; the counters must add up, and no task may be delivered
// twice while its lease holds.
func TestConcurrentCalls(t *testing.T) {
	const workers, rounds = 4, 250
	s := memory.New()
	var all sync.WaitGroup
	var mu sync.Mutex
	delivered := map[string]int{}
	for w := range workers {
		all.Go(func() { // submits
			for i := range rounds {
				k := key(fmt.Sprint(i % 5))
				event := store.NewEventID("shop", fmt.Sprint(w), fmt.Sprint(i))
				err := s.Update(t.Context(), store.Scope{Events: []store.EventID{event}},
					func(v store.View) (store.Batch, store.Need, error) {
						old, held := v.Records[k]
						if !held {
							return store.Batch{}, store.Need{Write: []store.Key{k}, Refs: []store.Ref{ref("all")}}, nil
						}
						count, _ := old.Rec.(int)
						x := task(fmt.Sprintf("%d/%d", w, i), at(i))
						x.Record = k
						return store.Batch{
							Now: at(i), Log: []byte("x"), Tasks: []store.Task{x},
							Put: []store.Change{{
								Key: k, Version: old.Version, Rec: count + 1, State: fmt.Sprint(i % 2), Priority: p3,
								Due: at(i), Refs: []store.Ref{ref("all")},
							}},
						}, store.Need{}, nil
					})
				assert.NoError(t, err)
			}
		})
		all.Go(func() { // delivers
			for range rounds {
				c, err := s.Claim(t.Context(), store.ClaimRequest{
					Now: at(rounds), Owner: fmt.Sprint(w), Queues: []string{"sms"}, Limit: 3, LeaseFor: time.Hour,
				})
				assert.NoError(t, err)
				for _, x := range c.Tasks {
					held := fenced(x.ID, x.Lease.Fence)
					assert.NoError(t, update(t, s, store.Scope{Claims: []store.Claim{held}},
						store.Batch{Now: at(rounds), Settle: []store.Settle{{Claim: held}}}))
					mu.Lock()
					delivered[x.ID]++
					mu.Unlock()
				}
			}
		})
		all.Go(func() { // looks on
			for range rounds {
				_, err := s.Read(t.Context(), store.Query{Tenant: "shop", Kind: "alert", State: "1", Timeline: true})
				assert.NoError(t, err)
				_, err = s.Trim(t.Context(), at(0), 10)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	for {
		c := claim(t, s, at(rounds))
		if len(c.Tasks) == 0 {
			break
		}
		for _, x := range c.Tasks {
			settle(t, s, at(rounds), store.Settle{Claim: fenced(x.ID, x.Lease.Fence)})
			delivered[x.ID]++
		}
	}
	require.Len(t, delivered, workers*rounds)
	for id, times := range delivered {
		assert.Equal(t, 1, times, id)
	}
	total := 0
	for _, row := range read(t, s, store.Query{Ref: ref("all")}) {
		total += row.Rec.(int)
	}
	assert.Equal(t, workers*rounds, total)
}
