package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
	"github.com/tocsin-dev/tocsin/store/sqlite"
)

// TestRow23: engines that open a store, live and close it, one after the other, leave no goroutine and no memory behind.
func TestRow23(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		lives(t, sized(1_000, 1_000), func() (store.Store, error) { return memory.New(), nil })
	})
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "db")
		lives(t, sized(10, 1_000), func() (store.Store, error) { return sqlite.Open(path) })
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := postgrestest.DSN(t)
		lives(t, sized(5, 200), func() (store.Store, error) { return postgres.Open(t.Context(), dsn) })
	})
}

func lives(t *testing.T, n uint64, open func() (store.Store, error)) {
	const warm = 5
	goroutines := runtime.NumGoroutine()
	var before int64
	for i := range warm + n {
		if i == warm {
			before = heap()
		}
		life(t, i, open)
	}
	grown := heap() - before
	after := rest(goroutines)
	assert.LessOrEqual(t, after, goroutines)
	assert.Less(t, grown, int64(5<<20))
	t.Logf("%d lives: %d goroutines before and %d after, the heap has grown by %d KiB", n, goroutines, after, grown>>10)
}

// life opens a store, lets an engine send one message, and ends both. Each has a tenant of its own: an alert that goes on and off is told
// once.
func life(t *testing.T, i uint64, open func() (store.Store, error)) {
	kept, err := open()
	require.NoError(t, err)
	sent := make(chan struct{}, 1)
	n := notify.NotifierFunc(func(context.Context, notify.Message) (notify.Receipt, error) {
		select {
		case sent <- struct{}{}:
		default: // there was one already
		}
		return notify.Receipt{}, nil
	})
	class := event.Class{Name: "pay.slow"}
	bell, err := tocsin.New(&tocsin.Config{Notifier: n, Store: kept, Classes: []event.Class{class}})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- bell.Run(ctx) }()
	begins, ends := class.Trigger("slow"), class.Resolve()
	begins.Tenant, ends.Tenant = fmt.Sprint(i), fmt.Sprint(i)
	require.NoError(t, bell.Submit(ctx, begins))
	require.NoError(t, bell.Submit(ctx, ends))
	<-sent
	stop()
	require.NoError(t, <-done)
	require.NoError(t, kept.Close())
}

// rest returns how many goroutines there are, once there are no more than n: some end a moment after they are told to.
func rest(n int) int {
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > n && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	return runtime.NumGoroutine()
}

// heap returns how many bytes are in use once what is not is collected.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first has finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
