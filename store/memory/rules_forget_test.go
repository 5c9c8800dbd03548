package memory_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// apply commits event ids and nothing else.
func apply(t *testing.T, s *memory.Store, now time.Time, events ...store.EventID) {
	t.Helper()
	require.NoError(t, update(t, s, store.Scope{Events: events}, store.Batch{Now: now}))
}

func seen(t *testing.T, s *memory.Store, id store.EventID) bool {
	t.Helper()
	return look(t, s, store.Scope{Events: []store.EventID{id}}).Seen[0]
}

func seenForADay(t *testing.T, s *memory.Store) {
	one, two, three := store.NewEventID("t", "s", "1"), store.NewEventID("t", "s", "2"), store.NewEventID("t", "s", "3")
	assert.False(t, seen(t, s, one))
	apply(t, s, at(0), one, one)
	assert.True(t, seen(t, s, one))
	apply(t, s, at(0).Add(-2*day), two) // another group's instant lies behind
	apply(t, s, at(0).Add(day))
	assert.True(t, seen(t, s, one))
	assert.True(t, seen(t, s, two))
	apply(t, s, at(0).Add(day), one) // a repeat is not a new beginning
	apply(t, s, at(1).Add(day))
	assert.False(t, seen(t, s, one))
	assert.False(t, seen(t, s, two))

	apply(t, s, at(2).Add(day), three)
	_, err := s.Trim(t.Context(), at(2).Add(2*day), 0)
	require.NoError(t, err)
	assert.True(t, seen(t, s, three), "its day is just over")
	_, err = s.Trim(t.Context(), at(3).Add(2*day), 0)
	require.NoError(t, err)
	assert.False(t, seen(t, s, three))
}

func seenUntilAMillion(t *testing.T, s *memory.Store) {
	first := store.NewEventID("t", "s", "first")
	apply(t, s, at(0), first)
	batch := make([]store.EventID, 0, 100_000)
	for i := range 1_000_000 - 1 {
		var id store.EventID
		binary.BigEndian.PutUint64(id[:], uint64(i))
		if batch = append(batch, id); len(batch) == cap(batch) {
			apply(t, s, at(1), batch...)
			batch = batch[:0]
		}
	}
	apply(t, s, at(1), batch...)
	assert.True(t, seen(t, s, first))
	apply(t, s, at(1), batch...)
	assert.True(t, seen(t, s, first), "repeats are not newer ones")
	apply(t, s, at(1), store.NewEventID("t", "s", "last"))
	assert.False(t, seen(t, s, first))
	assert.True(t, seen(t, s, batch[0]))
}

func trimming(t *testing.T, s *memory.Store) {
	trim := func(before time.Time, limit int) int {
		t.Helper()
		n, err := s.Trim(t.Context(), before, limit)
		require.NoError(t, err)
		return n
	}
	alerts := func() []string { return rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert"}) }
	ended := func(id string, end time.Time) store.Change {
		return store.Change{Key: key(id), Rec: 1, Priority: 1, Due: at(0), Ended: end, Entries: []store.Entry{{Seq: 1}}}
	}
	mustUpdate(t, s, store.Batch{
		Now: at(10), Log: []byte("first"),
		Put:   []store.Change{ended("e3", at(3)), ended("e1", at(1)), ended("e2", at(2)), ended("open", time.Time{})},
		Tasks: []store.Task{born(task("dead", at(0)), at(30)), inLane(task("waits", at(0)), "mail")},
	})
	settle(t, s, at(10), store.Settle{Claim: fenced("dead", 1), Dead: "no"})
	mustUpdate(t, s, store.Batch{Now: at(20), Log: []byte("second")})

	assert.Equal(t, 0, trim(at(1), 9), "ended at the instant is not before it")
	assert.Equal(t, 0, trim(at(5), 0))
	assert.Equal(t, 2, trim(at(5), 2))
	assert.Equal(t, []string{"e3", "open"}, alerts())
	mustUpdate(t, s, store.Batch{Put: []store.Change{{Key: key("e3"), Version: 1, Rec: 2, Priority: 1}}}) // reopened
	assert.Equal(t, 0, trim(at(10), 9))
	assert.Equal(t, 2, trim(at(11), 9), "the dead task and the first row")
	assert.Equal(t, []string{"e3", "open"}, alerts())
	assert.Equal(t, []string{"waits"}, tasksIn(t, s, ""))
	rows := read(t, s, store.Query{Kind: "log"})
	require.Len(t, rows, 1)
	assert.Equal(t, "second", string(rows[0].Rec.(store.Entry).Doc))
	assert.Equal(t, []store.Key{key("open")}, claimAs(t, s, store.ClaimRequest{Now: at(50)}).Due)
}
