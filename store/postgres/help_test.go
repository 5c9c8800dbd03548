package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	if job := os.Getenv(envJob); job != "" {
		os.Exit(work(job))
	}
	code := postgrestest.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// text is the codec for records that are strings. It knows schema 1.
type text struct{}

func (text) Encode(_ string, _ uint16, rec any) ([]byte, error) {
	s, ok := rec.(string)
	if !ok {
		return nil, fmt.Errorf("record is of type %T, want string", rec)
	}
	return []byte(s), nil
}

func (text) Decode(_ string, schema uint16, doc []byte) (any, error) {
	if schema > 1 {
		return nil, fmt.Errorf("schema %d: %w", schema, store.ErrNewer)
	}
	return string(doc), nil
}

// database is a schema on a server, for one test.
type database struct {
	t      *testing.T
	dsn    string
	direct string // for exec, if dsn leads through a proxy
	schema string
}

// newDatabase creates a schema on the server that all tests share.
func newDatabase(t *testing.T) *database { return databaseOn(t, postgrestest.DSN(t)) }

func databaseOn(t *testing.T, dsn string) *database {
	d := &database{t: t, dsn: dsn, schema: fmt.Sprintf("test %d %s", os.Getpid(), strings.ToLower(t.Name()))}
	d.schema = d.schema[:min(len(d.schema), 50)] + fmt.Sprint(len(t.Name()))
	t.Cleanup(func() { d.exec("DROP SCHEMA IF EXISTS " + pgx.Identifier{d.schema}.Sanitize() + " CASCADE") })
	return d
}

// exec runs a statement on its own connection, without waiting for a standby.
func (d *database) exec(statement string, args ...any) {
	d.t.Helper()
	ctx := context.WithoutCancel(d.t.Context())
	conn, err := pgx.Connect(ctx, cmp.Or(d.direct, d.dsn)+" default_transaction_read_only=off synchronous_commit=local")
	require.NoError(d.t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement, args...)
	require.NoError(d.t, err, statement)
}

// table returns the quoted name of a table.
func (d *database) table(name string) string { return pgx.Identifier{d.schema, name}.Sanitize() }

// handle is a store with its own pool, as another process would have.
type handle struct {
	*postgres.Store
	db   *database
	pool *pgxpool.Pool
}

func (h *handle) Close() error {
	err := h.Store.Close()
	h.pool.Close()
	return err
}

// open opens a handle with at most so many connections. The test may close it itself.
func (d *database) open(connections int) (*handle, error) {
	pool, err := pgxpool.New(d.t.Context(), fmt.Sprintf("%s pool_max_conns=%d", d.dsn, connections))
	if err != nil {
		return nil, err
	}
	s, err := postgres.New(d.t.Context(), pool, postgres.Config{Codec: text{}, Schema: d.schema})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &handle{s, d, pool}, nil
}

func (d *database) mustOpen(connections int) *handle {
	d.t.Helper()
	h, err := d.open(connections)
	require.NoError(d.t, err)
	d.t.Cleanup(func() { _ = h.Close() })
	return h
}

// Instants of these tests are virtual.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// at returns the instant that many seconds after the start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func key(id string) store.Key { return store.Key{Tenant: "shop", Kind: "alert", ID: id} }

func eventID(id string) store.EventID { return store.NewEventID("shop", "prometheus", id) }

// task returns a P3 task in the lane "sms" of a record, due at the start.
func task(id string, record store.Key) store.Task {
	return store.Task{ID: id, Record: record, Queue: "sms", Order: "sms", Priority: 3, Rank: start.UnixNano(), Due: start}
}

// update commits b, and ignores the View.
func update(ctx context.Context, s store.Store, sc store.Scope, b store.Batch) error {
	b.Now = start
	return s.Update(ctx, sc, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
}

// count adds one to a counter record, once for each event id.
func count(ctx context.Context, s store.Store, k store.Key, id store.EventID) error {
	sc := store.Scope{Write: []store.Key{k}, Events: []store.EventID{id}}
	return s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		if v.Seen[0] {
			return store.Batch{}, store.Need{}, nil
		}
		return store.Batch{Now: start, Put: []store.Change{one(v.Records[k])}}, store.Need{}, nil
	})
}

// one returns the Change that adds one to a counter record.
func one(old store.Snapshot) store.Change {
	n, _ := old.Rec.(string)
	i, _ := strconv.Atoi(n)
	return store.Change{Key: old.Key, Version: old.Version, Rec: strconv.Itoa(i + 1)}
}

// value returns the value of a record.
func value(t *testing.T, s store.Store, k store.Key) any {
	t.Helper()
	rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{k}})
	require.NoError(t, err)
	if len(rows) == 0 {
		return nil
	}
	return rows[0].Rec
}

// claim leases every due task of "sms" for 30 s.
func claim(t *testing.T, s store.Store, now time.Time, owner string) []store.Task {
	t.Helper()
	c, err := s.Claim(t.Context(), store.ClaimRequest{
		Now: now, Owner: owner, Queues: map[string]int{"sms": 1_000}, Limit: 1_000, LeaseFor: 30 * time.Second,
	})
	require.NoError(t, err)
	return c.Tasks
}

// settle settles a claim, and reports whether the claim was valid.
func settle(ctx context.Context, s store.Store, c store.Claim) (valid bool, err error) {
	err = s.Update(ctx, store.Scope{Claims: []store.Claim{c}}, func(v store.View) (store.Batch, store.Need, error) {
		if valid = v.Valid[0]; !valid {
			return store.Batch{}, store.Need{}, nil
		}
		return store.Batch{Now: start, Settle: []store.Settle{{Claim: c}}}, store.Need{}, nil
	})
	return valid, err
}
