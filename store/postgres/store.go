package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// Config configures a [Store]. [Open] uses the zero Config.
type Config struct {
	// Codec encodes records. Defaults to [codec.New].
	Codec store.Codec
	// Schema is the database schema of the tables. It is created if it is missing. All replicas must use the same.
	// Defaults to "tocsin".
	Schema string
}

// Store is a store in a PostgreSQL database. Open or New makes it. Every method may be called concurrently, also in other
// processes.
type Store struct {
	pool    *pgxpool.Pool
	ownPool bool
	codec   store.Codec
	name    string // of the schema, and of the NOTIFY channel
	schema  string // quoted name
	handle  string // in hints, to recognise our own
	pooled  bool   // a proxy with a pool of its own stands before the server
	cache   cache

	answersWithin time.Duration

	mu       sync.Mutex // guards the fields below
	closed   bool
	rounds   rounds
	wake     chan struct{} // nil until the first call of Wake
	stopWake context.CancelFunc
	working  sync.WaitGroup // goroutines that run rounds or listen
}

var (
	_ store.Store = (*Store)(nil)
	_ store.Waker = (*Store)(nil)
)

const defaultSchema = "tocsin"

// Open connects to the database of dsn, a URL or a libpq connection string, and migrates the tables. While the server is
// unreachable it tries again until ctx ends, for at most a minute. Behind a proxy that pools connections it prepares no statements, whatever
// default_query_exec_mode the dsn sets. Close closes the pool.
func Open(ctx context.Context, dsn string) (*Store, error) {
	if dsn == "" && os.Getenv("PGHOST") == "" && os.Getenv("PGSERVICE") == "" {
		return nil, errors.New("postgres: open: the connection string is empty, expected one such as postgres://user@host/database")
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	config.ConnConfig.ConnectTimeout = cmp.Or(config.ConnConfig.ConnectTimeout, connectsWithin)
	config.PingTimeout = cmp.Or(config.PingTimeout, connectsWithin)
	ctx, stop := context.WithTimeout(ctx, opensWithin) // for both tries
	defer stop()
	s, err := openPool(ctx, config)
	if errors.Is(err, errPrepares) {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
		return openPool(ctx, config)
	}
	return s, err
}

func openPool(ctx context.Context, config *pgxpool.Config) (*Store, error) {
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	s, err := New(ctx, pool, Config{})
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.ownPool = true
	return s, nil
}

// New makes a Store on a pool, and migrates the tables. It tries for as long as Open does. One connection is enough. Behind a proxy that pools
// connections, the pool must not prepare statements: set default_query_exec_mode=exec. Close does not close the pool.
func New(ctx context.Context, pool *pgxpool.Pool, c Config) (*Store, error) {
	schema := cmp.Or(c.Schema, defaultSchema)
	if len(schema) > 63 || strings.ContainsAny(schema, "\x00'") {
		return nil, fmt.Errorf("postgres: schema %q: want a name of at most 63 bytes without quotes", schema)
	}
	s := &Store{
		pool: pool, codec: c.Codec, name: schema, schema: pgx.Identifier{schema}.Sanitize(), handle: rand.Text(),
		answersWithin: answersWithin,
	}
	if s.codec == nil {
		s.codec = codec.New()
	}
	ctx, stop := context.WithTimeout(ctx, opensWithin)
	defer stop()
	for _, step := range [...]func(context.Context, *pgxpool.Conn) error{s.meet, s.migrate} {
		if err := s.persist(ctx, endless, step); err != nil {
			return nil, fmt.Errorf("postgres: open: %w", err)
		}
	}
	return s, nil
}

// errPrepares means that the pool prepares statements, which a proxy may run on another connection than the one that prepared them.
var errPrepares = errors.New("a proxy such as PgBouncer pools the connections to the server, " +
	"expected a pool that prepares no statements: set default_query_exec_mode=exec in the connection string")

// meet learns whether a proxy with a pool of its own stands before the server.
func (s *Store) meet(ctx context.Context, conn *pgxpool.Conn) (err error) {
	s.pooled, err = behindPool(ctx, conn.Conn())
	mode := s.pool.Config().ConnConfig.DefaultQueryExecMode
	if err == nil && s.pooled && mode != pgx.QueryExecModeExec && mode != pgx.QueryExecModeSimpleProtocol {
		return errPrepares
	}
	return err
}

// sql replaces the default schema in a statement by the configured one.
func (s *Store) sql(statement string) string {
	if s.schema == `"`+defaultSchema+`"` {
		return statement
	}
	return strings.ReplaceAll(statement, defaultSchema+".", s.schema+".")
}

// enter begins a call.
func (s *Store) enter(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// Close stops listening and waits for running Updates. After Open it also waits for all other calls, and closes the pool.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.closed = true
	stop := s.stopWake
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
	s.working.Wait()
	if s.ownPool {
		s.pool.Close()
	}
	return nil
}
