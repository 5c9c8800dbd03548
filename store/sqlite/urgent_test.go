package sqlite_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestUrgentCallsOvertake: while a call decides, others come. The urgent update and the claim for P1 go first, and their commit does not
// wait for the others.
func TestUrgentCallsOvertake(t *testing.T) {
	s := fresh(t)
	var mu sync.Mutex
	var came []string
	say := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		came = append(came, what)
	}
	var all sync.WaitGroup
	wait := func(call func()) {
		all.Go(call)
		time.Sleep(20 * time.Millisecond) // until it waits for its turn
	}
	join := func(name string, n int, urgent bool) {
		wait(func() {
			sc := store.Scope{Urgent: urgent, Events: []store.EventID{{byte(n)}}}
			err := s.Update(t.Context(), sc, func(store.View) (store.Batch, store.Need, error) {
				say(name)
				return store.Batch{Now: time.Unix(1_900_000_000, 0)}, store.Need{}, nil
			})
			assert.NoError(t, err)
		})
	}
	err := s.Update(t.Context(), store.Scope{Events: []store.EventID{{1}}}, func(store.View) (store.Batch, store.Need, error) {
		join("a", 2, false)
		join("b", 3, false)
		wait(func() {
			_, err := s.Claim(t.Context(), store.ClaimRequest{Now: time.Unix(1_900_000_000, 0), MaxPriority: 1})
			assert.NoError(t, err)
		})
		join("U", 4, true)
		return store.Batch{Now: time.Unix(1_900_000_000, 0)}, store.Need{}, nil
	})
	require.NoError(t, err)
	all.Wait()
	assert.Equal(t, []string{"U", "a", "b"}, came)
	assert.Equal(t, 2, number(t, s.path, "SELECT count(*) FROM seen"), "the first commit holds the urgent call, the second the others")
}
