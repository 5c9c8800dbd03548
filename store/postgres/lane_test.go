package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestALaneNeverStandsStill adds a task to a lane on one replica while another replica settles the lane's last task. One
// of them must make the new task the head. Two replicas that add to an empty lane must make only one head. The lane's
// record does not exist, and is in no scope.
func TestALaneNeverStandsStill(t *testing.T) {
	const rounds = 60
	db := newDatabase(t)
	a, b := db.mustOpen(1), db.mustOpen(1)
	both := func(one, other func() error) {
		t.Helper()
		var all sync.WaitGroup
		for _, call := range []func() error{one, other} {
			all.Go(func() { assert.NoError(t, call()) })
		}
		all.Wait()
	}
	for round := range rounds {
		lane := key(fmt.Sprint(round))
		add := func(s store.Store, name string) error {
			return update(t.Context(), s, store.Scope{}, store.Batch{Tasks: []store.Task{task(fmt.Sprint(round, name), lane)}})
		}
		both(func() error { return add(a, "x") }, func() error { return add(b, "y") })
		first := claim(t, a, start, "a")
		require.Len(t, first, 1, "a lane has one head")
		require.NoError(t, done(t, a, first[0]))
		last := claim(t, a, start, "a")
		require.Len(t, last, 1, "the next one is the head")

		both(func() error { return done(t, a, last[0]) }, func() error { return add(b, "z") })
		next := claim(t, a, start, "a")
		require.Len(t, next, 1, "the lane stands still")
		require.NoError(t, done(t, a, next[0]))
	}
}

// done settles a task with a valid claim.
func done(t *testing.T, s store.Store, x store.Task) error {
	valid, err := settle(t.Context(), s, store.Claim{ID: x.ID, Fence: x.Lease.Fence})
	assert.True(t, valid)
	return err
}
