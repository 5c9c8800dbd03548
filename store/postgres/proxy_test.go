package postgres_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// newProxy starts a proxy before the server of a DSN, and closes it with the test.
func newProxy(t *testing.T, dsn string) (p *postgrestest.Proxy, through string) {
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p, err = postgrestest.NewProxy(pgconn.NetworkAddress(config.Host, config.Port))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p, fmt.Sprintf("%s host=127.0.0.1 port=%d sslmode=disable", dsn, p.Port())
}

// TestUnknownOutcome loses a commit on its way to the server, and in another call the answer on its way back. The caller
// cannot tell them apart. It repeats both with their event ids, and each must count once. A connection lost before the
// commit is retried without an error.
func TestUnknownOutcome(t *testing.T) {
	db := newDatabase(t)
	p, through := newProxy(t, db.dsn)
	direct := db.dsn
	db.dsn = through
	s := db.mustOpen(1)
	db.dsn = direct
	for i, c := range []struct {
		name      string
		fault     postgrestest.Fault
		committed bool
	}{{"commit", postgrestest.DropCommit, false}, {"reply", postgrestest.DropReply, true}} {
		t.Run(c.name, func(t *testing.T) {
			sc := store.Scope{Write: []store.Key{key("a")}, Events: []store.EventID{eventID(c.name)}}
			apply := func(v store.View) (store.Batch, store.Need, error) {
				if v.Seen[0] {
					return store.Batch{}, store.Need{}, nil
				}
				return store.Batch{
					Now: start, Log: []byte("x"), Put: []store.Change{one(v.Records[key("a")])},
					Tasks: []store.Task{task(c.name, key("a"))},
				}, store.Need{}, nil
			}
			p.Arm(c.fault)
			require.ErrorIs(t, s.Update(t.Context(), sc, apply), store.ErrUnknown)
			assert.Equal(t, c.committed, value(t, s, key("a")) == fmt.Sprint(i+1))
			for range 2 {
				require.NoError(t, s.Update(t.Context(), sc, apply))
				assert.Equal(t, fmt.Sprint(i+1), value(t, s, key("a")))
				for kind, tenant := range map[string]string{"task": "shop", "log": ""} {
					rows, err := s.Read(t.Context(), store.Query{Tenant: tenant, Kind: kind})
					require.NoError(t, err)
					assert.Len(t, rows, i+1, kind)
				}
			}
		})
	}
	p.Arm(postgrestest.DropAnswers)
	require.NoError(t, count(t.Context(), s, key("a"), eventID("lost at the beginning")))
	assert.Equal(t, "3", value(t, s, key("a")))
	assert.True(t, p.Met())
}
