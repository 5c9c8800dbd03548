package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// pair is a primary and its standby.
type pair struct{ primary, standby *postgrestest.Server }

// newPair starts a primary and a standby. waitsFor is the primary's synchronous_standby_names: "*" for any, "" for none.
func newPair(t *testing.T, waitsFor string) *pair {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED, not tested with -short: standbys take seconds to make")
	}
	primary := postgrestest.Own(t, "synchronous_standby_names="+waitsFor, "fsync=off")
	return &pair{primary, postgrestest.OwnStandby(t, primary, "fsync=off")}
}

// TestStandby runs one pair through every state of a standby, up to a failover. With TOCSIN_LONG=1 many more pairs fail
// over, each at another moment.
func TestStandby(t *testing.T) {
	servers := newPair(t, "*")
	for _, part := range []struct {
		name string
		do   func(*testing.T, *pair)
	}{{"Row33", onlyReads}, {"gone", acknowledgesNothing}, {"Row29", failsOver}} {
		if !t.Run(part.name, func(t *testing.T) { part.do(t, servers) }) {
			return
		}
	}
	if os.Getenv("TOCSIN_LONG") != "1" {
		t.Log("TOCSIN_LONG is unset: one fail-over only")
		return
	}
	for range 20 {
		t.Run("Row29", func(t *testing.T) { failsOver(t, newPair(t, "*")) })
	}
}

// is runs a query that returns a boolean. It returns false if there are no tables yet.
func (d *database) is(query string) (answer bool) {
	d.t.Helper()
	ctx := d.t.Context()
	conn, err := pgx.Connect(ctx, d.dsn)
	require.NoError(d.t, err)
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.QueryRow(ctx, query).Scan(&answer) == nil && answer
}

// onlyReads opens a store on a standby that is behind. Reads must work, Updates must fail.
func onlyReads(t *testing.T, p *pair) {
	db, behind := databaseOn(t, p.primary.DSN()), databaseOn(t, p.standby.DSN())
	t.Cleanup(func() { behind.dsn = db.dsn }) // drops the schema on the primary
	first := db.mustOpen(1)
	require.NoError(t, count(t.Context(), first, key("a"), eventID("1")))
	require.NoError(t, update(t.Context(), first, store.Scope{}, store.Batch{Tasks: []store.Task{task("page", key("a"))}}))
	replayed := func() bool { return behind.is("SELECT count(*) = 1 FROM " + behind.table("task")) }
	require.Eventually(t, replayed, 10*time.Second, time.Millisecond)
	behind.exec("SELECT pg_wal_replay_pause()")
	defer behind.exec("SELECT pg_wal_replay_resume()")
	require.NoError(t, count(t.Context(), first, key("a"), eventID("2")))

	reader := behind.mustOpen(2)
	assert.Equal(t, "1", value(t, reader, key("a")))
	refuses(t, reader)
	assert.Equal(t, "2", value(t, first, key("a")))
	assert.Len(t, claim(t, first, at(0), "primary"), 1)
}

// acknowledgesNothing stops the standby. No commit may be acknowledged without it, whatever the server's default is, not
// even a repeat.
func acknowledgesNothing(t *testing.T, p *pair) {
	db := databaseOn(t, p.primary.DSN())
	db.mustOpen(1) // creates the tables
	p.standby.Crash()
	waits := func() bool { return db.is("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'") }
	levels := map[string]*handle{}
	for _, level := range []string{"on", "off", "local"} {
		at := *db
		at.dsn += " synchronous_commit=" + level
		levels[level] = at.mustOpen(1)
		for _, try := range []string{"first", "repeated"} {
			ctx, cancel := context.WithCancel(t.Context())
			answer := make(chan error, 1)
			go func() { answer <- count(ctx, levels[level], key(level), eventID(level)) }()
			require.Eventually(t, func() bool { return len(answer) > 0 || waits() }, 10*time.Second, time.Millisecond)
			cancel()
			require.ErrorIs(t, <-answer, store.ErrUnknown, "%s, %s", level, try)
			require.Eventually(t, func() bool { return !waits() }, 10*time.Second, time.Millisecond)
		}
	}
	require.NoError(t, p.standby.Restart())
	for level, s := range levels {
		require.NoError(t, count(t.Context(), s, key(level), eventID(level)), level)
		assert.Equal(t, "1", value(t, s, key(level)), level)
	}
}

// TestLostTail promotes a standby that lacks the last commit of the primary. A store that has cached that commit must
// decide by the new server's record, even if another replica has written the same version number again.
func TestLostTail(t *testing.T) {
	p := newPair(t, "")
	primary, standby := p.primary, p.standby
	db := databaseOn(t, primary.DSN()+" host="+primary.Host()+","+standby.Host())
	knows, other := db.mustOpen(1), db.mustOpen(1)
	put(t, knows, key("a"), "kept")
	behind := *db
	behind.dsn = standby.DSN()
	replayed := func() bool { return behind.is("SELECT count(*) = 1 FROM " + db.table("record") + " WHERE version = 1") }
	require.Eventually(t, replayed, 10*time.Second, time.Millisecond)
	standby.Crash()
	put(t, knows, key("a"), "lost")
	primary.Crash()
	require.NoError(t, standby.Restart())
	require.NoError(t, standby.Promote())
	put(t, other, key("a"), "new")
	assert.Equal(t, store.Snapshot{Key: key("a"), Version: 2, Rec: "new"}, seenBy(t, knows, key("a")))
}
