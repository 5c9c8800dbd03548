package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

const waitFor, tick = 10 * time.Second, time.Millisecond

// shared is a handle with a single connection. The test holds it to make calls wait.
type shared struct {
	*handle
	counter
}

func newShared(t *testing.T, db *database) *shared {
	s := &shared{}
	config, err := pgxpool.ParseConfig(db.dsn + " pool_max_conns=1")
	require.NoError(t, err)
	config.ConnConfig.Tracer = &s.counter
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	kept, err := postgres.New(t.Context(), pool, postgres.Config{Codec: text{}, Schema: db.schema})
	require.NoError(t, err)
	s.handle = &handle{kept, db, pool}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// together makes calls wait, in their order, until all have arrived. They then share one round. It returns their errors.
func (s *shared) together(t *testing.T, calls ...func() error) []error {
	t.Helper()
	conn, err := s.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	look := func() error { return update(t.Context(), s, store.Scope{}, store.Batch{}) }
	ended := make([]chan error, len(calls))
	start := func(call func() error) chan error {
		c := make(chan error, 1)
		go func() {
			err := errors.New("the goroutine has ended")
			defer func() { c <- err }()
			defer func() {
				if found := recover(); found != nil {
					err = fmt.Errorf("panic: %v", found)
				}
			}()
			err = call()
		}()
		return c
	}
	var first []chan error
	require.Eventually(t, func() bool { return s.Makers() == 0 }, waitFor, tick)
	for n := range postgres.RoundsAtOnce {
		first = append(first, start(look))
		require.Eventually(t, func() bool { return s.Makers() == n+1 && s.Waiting() == 0 }, waitFor, tick)
	}
	for i, call := range calls {
		ended[i] = start(call)
		require.Eventually(t, func() bool { return s.Waiting() == i+1 }, waitFor, tick)
	}
	s.trips = 0
	conn.Release()
	for _, c := range first {
		require.NoError(t, <-c)
	}
	answers := make([]error, len(calls))
	for i, c := range ended {
		answers[i] = <-c
	}
	s.trips -= len(first)
	return answers
}

// TestCallsShareACommit makes 40 calls on one record and 40 calls on others wait. All must share one transaction.
func TestCallsShareACommit(t *testing.T) {
	s := newShared(t, newDatabase(t))
	var calls []func() error
	for i := range 80 {
		k := key("hot")
		if i%2 == 0 {
			k = key(fmt.Sprint(i))
		}
		calls = append(calls, func() error { return count(t.Context(), s, k, eventID(fmt.Sprint(i))) })
	}
	for _, err := range s.together(t, calls...) {
		require.NoError(t, err)
	}
	assert.Equal(t, 2, s.trips)
	rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{key("hot"), key("8")}})
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, "1", rows[0].Rec)
	assert.Equal(t, "40", rows[1].Rec)
	assert.EqualValues(t, 40, rows[1].Version)
}

// TestNeedsAreLookedUpTogether runs calls with Needs in one round. All Needs must cost one round trip together, and no
// record may be locked twice.
func TestNeedsAreLookedUpTogether(t *testing.T) {
	s := newShared(t, newDatabase(t))
	group := store.Key{Tenant: "shop", Kind: "group", ID: "g"}
	var calls []func() error
	for i := range 20 {
		alert := key(fmt.Sprint(i))
		calls = append(calls, func() error {
			return s.Update(t.Context(), store.Scope{Write: []store.Key{alert}}, func(v store.View) (store.Batch, store.Need, error) {
				if _, held := v.Records[group]; !held {
					return store.Batch{}, store.Need{Write: []store.Key{group}}, nil
				}
				return store.Batch{Now: start, Put: []store.Change{one(v.Records[alert]), one(v.Records[group])}}, store.Need{}, nil
			})
		})
	}
	for _, err := range s.together(t, calls...) {
		require.NoError(t, err)
	}
	assert.Equal(t, 3, s.trips)
	assert.Equal(t, "20", value(t, s, group))
}

// TestNeighboursOfAFault lets calls fail in every way among others. Each call must get its own result. Failed calls must
// leave nothing, not even event ids, and the others must be applied.
func TestNeighboursOfAFault(t *testing.T) {
	lane := key("lane")
	born := store.Task{ID: "born", Record: lane, Queue: "sms", Order: "sms", Priority: 1, Due: start, Lease: &store.Lease{Until: at(1)}}
	for _, c := range []struct {
		name, want string
		decide     func(store.View) (store.Batch, store.Need, error)
	}{
		{"an error", "own", func(store.View) (b store.Batch, n store.Need, err error) { return b, n, errors.New("own") }},
		{"a panic", "panic: own", func(store.View) (store.Batch, store.Need, error) { panic("own") }},
		{"the end of the goroutine", "ended", func(store.View) (b store.Batch, n store.Need, err error) {
			runtime.Goexit()
			return
		}},
		{"a need of nothing", "already satisfies", func(store.View) (b store.Batch, n store.Need, err error) {
			return b, store.Need{Write: []store.Key{key("a")}}, nil
		}},
		{"another version", store.ErrConflict.Error(), batch(store.Batch{Put: []store.Change{{Key: key("a"), Version: 7, Rec: "x"}}})},
		{"no document", "want string", batch(store.Batch{Put: []store.Change{{Key: key("new"), Rec: 7}}})},
		{"a name that no database takes", "is no text", batch(store.Batch{Put: []store.Change{{Key: key("new"), Rec: "x", State: "\xff"}}})},
		{"an id in use", "in use", batch(store.Batch{Tasks: []store.Task{task("taken", lane)}})},
		{"a lane that is not empty", "not empty", batch(store.Batch{Tasks: []store.Task{born}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShared(t, newDatabase(t))
			require.NoError(t, update(t.Context(), s, store.Scope{}, store.Batch{Tasks: []store.Task{task("taken", lane)}}))
			fault := func() error {
				sc := store.Scope{Write: []store.Key{key("a")}, Events: []store.EventID{eventID("of the fault")}}
				return s.Update(t.Context(), sc, c.decide)
			}
			add := func(id string) func() error {
				return func() error { return count(t.Context(), s, key("a"), eventID(id)) }
			}
			answers := s.together(t, add("1"), fault, add("2"), add("2"))
			assert.ErrorContains(t, answers[1], c.want)
			for _, i := range []int{0, 2, 3} {
				assert.NoError(t, answers[i])
			}
			assert.Equal(t, "2", value(t, s, key("a")))
			for _, id := range []string{"1", "2", "of the fault"} {
				require.NoError(t, count(t.Context(), s, key("a"), eventID(id)))
			}
			assert.Equal(t, "3", value(t, s, key("a")), "only the id of the fault was not applied before")
		})
	}
}

// batch returns a decide that returns b for any view.
func batch(b store.Batch) func(store.View) (store.Batch, store.Need, error) {
	b.Now = start
	return func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil }
}

// TestACallerThatGivesUp ends the context of a waiting call, and of a call that has decided. The others must go on.
func TestACallerThatGivesUp(t *testing.T) {
	s := newShared(t, newDatabase(t))
	waits, stop := context.WithCancel(t.Context())
	decides, halt := context.WithCancel(t.Context())
	add := func(id string) func() error {
		return func() error { return count(t.Context(), s, key("a"), eventID(id)) }
	}
	answers := s.together(t,
		add("1"),
		func() error {
			return s.Update(decides, store.Scope{Write: []store.Key{key("a")}}, func(v store.View) (store.Batch, store.Need, error) {
				halt()
				return store.Batch{Now: start, Put: []store.Change{one(v.Records[key("a")])}}, store.Need{}, nil
			})
		},
		func() error {
			return s.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
				stop()
				return store.Batch{}, store.Need{}, nil
			})
		},
		func() error { return count(waits, s, key("b"), eventID("2")) },
		add("3"),
	)
	require.ErrorIs(t, answers[1], context.Canceled)
	require.ErrorIs(t, answers[1], store.ErrUnknown)
	require.ErrorIs(t, answers[3], context.Canceled)
	require.NotErrorIs(t, answers[3], store.ErrUnknown)
	assert.Nil(t, value(t, s, key("b")))
	for _, i := range []int{0, 2, 4} {
		assert.NoError(t, answers[i])
	}
	assert.Contains(t, []any{"2", "3"}, value(t, s, key("a")))
}

// TestUrgentCallsOvertake: urgent calls decide first, but none of the others is overtaken more than eight times.
func TestUrgentCallsOvertake(t *testing.T) {
	s := newShared(t, newDatabase(t))
	came := ""
	join := func(name rune) func() error {
		return func() error {
			return s.Update(t.Context(), store.Scope{Urgent: name < 'a'}, func(store.View) (store.Batch, store.Need, error) {
				came += string(name)
				return store.Batch{}, store.Need{}, nil
			})
		}
	}
	var calls []func() error
	for _, name := range "abABCDEcFGHIJ" {
		calls = append(calls, join(name))
	}
	for _, err := range s.together(t, calls...) {
		require.NoError(t, err)
	}
	assert.Equal(t, "ABCDEFGHabIJc", came)
}
