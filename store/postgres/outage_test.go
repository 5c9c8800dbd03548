package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// TestRow29 lets a pool connect to a read-only server that then becomes writable. The pool's old connections stay
// read-only and must be dropped.
func TestRow29(t *testing.T) {
	server := postgrestest.Own(t, "fsync=off")
	db := databaseOn(t, server.DSN())
	db.mustOpen(1) // creates the tables
	db.exec("ALTER ROLE postgres SET default_transaction_read_only = on")
	s := db.mustOpen(3)
	err := update(t.Context(), s, store.Scope{}, store.Batch{Put: []store.Change{{Key: key("a"), Rec: "x"}}})
	require.ErrorContains(t, err, "read-only")
	_, err = s.Claim(t.Context(), store.ClaimRequest{Now: at(0), Queues: map[string]int{"sms": 1}, Limit: 1, LeaseFor: 1})
	require.ErrorContains(t, err, "read-only")

	var held []*pgxpool.Conn // all the connections that the pool may have, read-only
	for range 3 {
		conn, err := s.pool.Acquire(t.Context())
		require.NoError(t, err)
		held = append(held, conn)
	}
	for _, conn := range held {
		conn.Release()
	}
	db.exec("ALTER ROLE postgres RESET default_transaction_read_only")
	require.NoError(t, update(t.Context(), s, store.Scope{}, store.Batch{Put: []store.Change{{Key: key("a"), Rec: "x"}}}))
	assert.Equal(t, "x", value(t, s, key("a")))
}

// TestRow31 starts without a server, and stops it midway. Calls must fail, and succeed again with all committed data once
// the server is back.
func TestRow31(t *testing.T) {
	server := postgrestest.Own(t) // with fsync: acknowledged commits must survive the crash
	db := databaseOn(t, server.DSN())
	server.Crash()

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := postgres.Open(ctx, server.DSN())
	require.Error(t, err, "down at the start, and the context ends")

	opened := make(chan *handle, 1)
	go func() {
		h, err := db.open(2)
		assert.NoError(t, err, "down at the start, and then there")
		opened <- h
	}()
	time.Sleep(50 * time.Millisecond) // by now it is trying or about to try; both must work
	require.NoError(t, server.Restart())
	s := <-opened
	require.NotNil(t, s)
	defer s.Close()
	require.NoError(t, count(t.Context(), s, key("a"), eventID("1")))

	server.Crash()
	require.Error(t, count(t.Context(), s, key("a"), eventID("2")))
	_, err = s.Read(t.Context(), store.Query{Tenant: "shop", Kind: "alert"})
	require.Error(t, err)
	_, err = s.Claim(t.Context(), store.ClaimRequest{Now: at(0)})
	require.Error(t, err)
	_, err = s.Trim(t.Context(), at(0), 1)
	require.Error(t, err)

	require.NoError(t, server.Restart())
	require.NoError(t, count(t.Context(), s, key("a"), eventID("2")), "without restarting the store")
	require.NoError(t, count(t.Context(), s, key("a"), eventID("1")), "a repeat of an Update acknowledged before the crash")
	assert.Equal(t, "2", value(t, s, key("a")))
}

// TestRow32 causes a deadlock and serialization failures. No caller may get an error.
func TestRow32(t *testing.T) {
	db := newDatabase(t)
	db.dsn += " deadlock_timeout=300ms default_transaction_isolation=serializable"
	s := db.mustOpen(4)
	for _, id := range []string{"a", "b"} {
		require.NoError(t, count(t.Context(), s, key(id), eventID(id)))
	}
	t.Run("deadlock", func(t *testing.T) {
		ctx := t.Context()
		conn, err := pgx.Connect(ctx, db.dsn)
		require.NoError(t, err)
		defer conn.Close(context.WithoutCancel(ctx))
		for try := range 5 { // the server may end either side
			lock := func(id string) error {
				_, err := conn.Exec(ctx, "SELECT FROM "+db.table("record")+" WHERE id = $1 FOR UPDATE", id)
				return err
			}
			_, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL deadlock_timeout = '10s'")
			require.NoError(t, err)
			require.NoError(t, lock("b")) // against the lock order
			done := make(chan error)
			go func() {
				b := store.Batch{Put: []store.Change{}}
				done <- s.Update(ctx, store.Scope{Write: []store.Key{key("a"), key("b")}}, func(v store.View) (store.Batch, store.Need, error) {
					b.Now = start
					b.Put = []store.Change{one(v.Records[key("a")]), one(v.Records[key("b")])}
					return b, store.Need{}, nil
				})
			}()
			db.awaitWaiting(1)
			require.NoError(t, lock("a"), "try %d", try)
			_, err = conn.Exec(ctx, "COMMIT")
			require.NoError(t, err)
			require.NoError(t, <-done)
		}
		assert.Equal(t, "6", value(t, s, key("b")))
	})
	t.Run("serialization", func(t *testing.T) {
		db.exec("CREATE SEQUENCE " + db.table("tries"))
		db.exec(fmt.Sprintf(`CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('%s') <= 10 THEN RAISE EXCEPTION USING MESSAGE = 'serialization', ERRCODE = '40001'; END IF;
			RETURN NEW; END $$`, db.table("fail"), db.table("tries")))
		db.exec("CREATE TRIGGER fail BEFORE UPDATE ON " + db.table("record") + " FOR EACH ROW EXECUTE FUNCTION " + db.table("fail") + "()")
		require.NoError(t, count(t.Context(), s, key("a"), eventID("c")), "after ten failures")
		assert.Equal(t, "7", value(t, s, key("a")))
	})
	t.Run("load", func(t *testing.T) {
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for i := range 50 {
					assert.NoError(t, count(t.Context(), s, key(fmt.Sprint(i%3)), eventID(fmt.Sprint(w, "/", i))))
				}
			})
		}
		all.Wait()
		assert.Equal(t, "68", value(t, s, key("0")))
	})
}

// awaitWaiting waits until so many statements on the schema wait for a lock.
func (d *database) awaitWaiting(n int) {
	d.t.Helper()
	ctx := d.t.Context()
	conn, err := pgx.Connect(ctx, d.dsn)
	require.NoError(d.t, err)
	defer conn.Close(context.WithoutCancel(ctx))
	require.Eventually(d.t, func() bool {
		var waiting int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
			pgx.Identifier{d.schema}.Sanitize()).Scan(&waiting)
		return err == nil && waiting >= n
	}, 10*time.Second, time.Millisecond)
}

// TestOneConnectionOnly runs every method concurrently on a pool of one connection.
func TestOneConnectionOnly(t *testing.T) {
	s := newDatabase(t).mustOpen(1)
	<-s.Wake()
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 10 {
				assert.NoError(t, count(t.Context(), s, key("a"), eventID(fmt.Sprint(w, "/", i))))
				_, err := s.Read(t.Context(), store.Query{Tenant: "shop", Kind: "alert", Timeline: true})
				assert.NoError(t, err)
				_, err = s.Claim(t.Context(), store.ClaimRequest{Now: at(0), Queues: map[string]int{"sms": 1}, Limit: 1, LeaseFor: 1})
				assert.NoError(t, err)
				_, err = s.Trim(t.Context(), at(0), 1)
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.Equal(t, "40", value(t, s, key("a")))
}

// TestKilledBackends kills server connections during calls. Calls with an unknown outcome are repeated with their event
// ids, and must count once.
func TestKilledBackends(t *testing.T) {
	const workers, rounds = 4, 200
	db := newDatabase(t)
	s := db.mustOpen(workers)
	ctx, stop := context.WithCancel(t.Context())
	var killer, all sync.WaitGroup
	kills := 0
	killer.Go(func() {
		conn, err := pgx.Connect(context.WithoutCancel(ctx), db.dsn)
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for ctx.Err() == nil && kills < 60 {
			time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
			tag, err := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE pid <> pg_backend_pid() AND query LIKE '%' || $1 || '%' ORDER BY random() LIMIT 1`,
				pgx.Identifier{db.schema}.Sanitize())
			assert.NoError(t, err)
			kills += int(tag.RowsAffected())
		}
	})
	var unknown, failed atomic.Int64
	for w := range workers {
		all.Go(func() {
			for i := range rounds {
				for {
					err := count(t.Context(), s, key("a"), eventID(fmt.Sprint(w, "/", i)))
					if err == nil {
						break
					}
					failed.Add(1)
					if errors.Is(err, store.ErrUnknown) {
						unknown.Add(1)
					}
				}
			}
		})
	}
	all.Wait()
	stop()
	killer.Wait()
	t.Logf("%d connections killed, %d calls failed, of them unknown: %d", kills, failed.Load(), unknown.Load())
	assert.Positive(t, kills)
	assert.Equal(t, fmt.Sprint(workers*rounds), value(t, s, key("a")))
}

// TestRow01 crashes a syncing server several times while events come in. Each event is repeated until it is acknowledged;
// none may be missing or counted twice.
func TestRow01(t *testing.T) {
	const crashes = 5
	server := postgrestest.Own(t)
	in := send(t, databaseOn(t, server.DSN()).mustOpen(4), "crash")
	for range crashes {
		time.Sleep(time.Duration(100+rand.IntN(200)) * time.Millisecond)
		server.Crash()
		require.NoError(t, server.Restart())
	}
	in.check(t)
}
