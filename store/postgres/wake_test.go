package postgres_test

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
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

// forging is a connection through a proxy with a pool of its own: the proxy tells its own number instead of the server's process id.
type forging struct{ net.Conn }

func (f forging) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if i := bytes.Index(b[:n], []byte{'K', 0, 0, 0, 12}); i >= 0 && i+6 < n { // BackendKeyData
		b[i+6] ^= 0x55
	}
	return n, err
}

// TestNobodyListensBehindAPool: a LISTEN would stay on a connection of the proxy, and fill the memory of whoever gets that next.
func TestNobodyListensBehindAPool(t *testing.T) {
	db := newDatabase(t)
	for _, tt := range []struct {
		name    string
		pooled  bool
		listens int
	}{{"at the server", false, 1}, {"behind a pool", true, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := pgxpool.ParseConfig(db.dsn + " default_query_exec_mode=exec")
			require.NoError(t, err)
			var dialled atomic.Int32
			dial := config.ConnConfig.DialFunc
			config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				dialled.Add(1)
				if tt.pooled && err == nil {
					conn = forging{conn}
				}
				return conn, err
			}
			pool, err := pgxpool.NewWithConfig(t.Context(), config)
			require.NoError(t, err)
			defer pool.Close()
			s, err := postgres.New(t.Context(), pool, postgres.Config{Codec: text{}, Schema: db.schema})
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			before := dialled.Load()
			wake := s.Wake()
			if tt.listens > 0 {
				hinted(t, wake)
			}
			time.Sleep(300 * time.Millisecond)
			assert.Equal(t, tt.listens, db.listeners())
			assert.EqualValues(t, tt.listens, dialled.Load()-before)
			assert.Empty(t, wake)
		})
	}
}

// listeners counts the connections that listen for hints of the schema.
func (d *database) listeners() (n int) {
	d.t.Helper()
	conn, err := pgx.Connect(d.t.Context(), d.dsn)
	require.NoError(d.t, err)
	defer conn.Close(d.t.Context())
	require.NoError(d.t, conn.QueryRow(d.t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN ' || $1",
		pgx.Identifier{d.schema}.Sanitize()).Scan(&n))
	return n
}
