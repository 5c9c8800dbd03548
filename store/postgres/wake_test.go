package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// hinted waits for a hint and takes it. It returns false if the test's deadline comes first.
func hinted(t *testing.T, wake <-chan struct{}) {
	t.Helper()
	select {
	case <-wake:
	case <-t.Context().Done():
		require.Fail(t, "no hint came")
	}
}

// TestAHintComesFromOthers commits work on one replica. Another replica must get one hint for each commit that leaves
// work, and none for the others.
func TestAHintComesFromOthers(t *testing.T) {
	db := newDatabase(t)
	a, b := db.mustOpen(2), db.mustOpen(2)
	wakeA, wakeB := a.Wake(), b.Wake()
	hinted(t, wakeA) // the hint of starting to listen
	hinted(t, wakeB)
	for i, id := range []string{"1", "2"} {
		tasks := []store.Task{task(id, key("x")), task("more "+id, key("x"))}
		require.NoError(t, update(t.Context(), a, store.Scope{}, store.Batch{Tasks: tasks}))
		hinted(t, wakeB)
		assert.Len(t, claim(t, b, at(60*i), "b"), 1)
	}
	require.NoError(t, update(t.Context(), b, store.Scope{}, store.Batch{
		Put: []store.Change{{Key: key("x"), Rec: "x", Priority: 1, Due: start}},
	}))
	hinted(t, wakeA)

	// Notifications arrive in order. If one of these commits had sent a hint, a would have it before the last one.
	lease := &store.Lease{Owner: "b", Until: at(30)}
	born := task("born", key("y"))
	born.Lease = lease
	require.NoError(t, update(t.Context(), b, store.Scope{}, store.Batch{
		Tasks: []store.Task{born}, Put: []store.Change{{Key: key("z"), Rec: "z", Priority: 1, Due: at(60)}},
	}))
	assert.Equal(t, 0, len(wakeA), "tasks that are born leased or due later need no hint")
	assert.Equal(t, 0, len(wakeB), "a replica ignores its own hints")
}

// TestTheListenerComesBack cuts the listener's connection. It must reconnect and send a hint.
func TestTheListenerComesBack(t *testing.T) {
	db := newDatabase(t)
	s := db.mustOpen(1)
	wake := s.Wake()
	hinted(t, wake)
	db.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN ' || $1",
		pgx.Identifier{db.schema}.Sanitize())
	hinted(t, wake)
}

// TestCloseStopsTheListener relies on goleak, which finds goroutines that are left behind.
func TestCloseStopsTheListener(t *testing.T) {
	s := newDatabase(t).mustOpen(1)
	wake := s.Wake()
	require.NoError(t, s.Store.Close())
	select {
	case _, open := <-wake:
		assert.True(t, open)
	case <-time.After(0):
	}
}
