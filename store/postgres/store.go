package postgres

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

// Config configures a [Store]. The zero Config is what [Open] uses.
type Config struct {
	// Codec turns records into documents and back. Defaults to [respond.Codec].
	Codec store.Codec
	// Schema is the schema of the database in which the tables lie; it is created if it is missing. Every replica names the
	// same. Defaults to "tocsin".
	Schema string
}

// Store keeps everything in a PostgreSQL database. Open or New makes one. Every method may be called concurrently, here and
// in other replicas at once.
type Store struct {
	pool    *pgxpool.Pool
	ownPool bool
	codec   store.Codec
	name    string // of the schema, and of the channel of hints
	schema  string // the name, quoted
	handle  string // tells our own hints from those of others
	cache   cache

	answersWithin time.Duration

	mu       sync.Mutex // guards what is below
	closed   bool
	rounds   rounds
	wake     chan struct{} // nil until it is asked for
	stopWake context.CancelFunc
	working  sync.WaitGroup // what makes rounds, and what listens
}

var (
	_ store.Store = (*Store)(nil)
	_ store.Waker = (*Store)(nil)
)

const defaultSchema = "tocsin"

// Open connects to the database that dsn names, as a URL or in the form of libpq, and brings the tables up to date. While the
// server does not take connections, or cannot be found, it tries again until ctx ends, so give that a deadline. The pool is
// closed with the store.
func Open(ctx context.Context, dsn string) (*Store, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	config.ConnConfig.ConnectTimeout = cmp.Or(config.ConnConfig.ConnectTimeout, connectsWithin)
	config.PingTimeout = cmp.Or(config.PingTimeout, connectsWithin)
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

// New makes a Store over a pool, which stays the caller's to close, and brings the tables up to date as Open does. One
// connection is enough.
func New(ctx context.Context, pool *pgxpool.Pool, c Config) (*Store, error) {
	schema := cmp.Or(c.Schema, defaultSchema)
	if len(schema) > 63 || strings.ContainsAny(schema, "\x00'") {
		return nil, fmt.Errorf("postgres: schema %q, want a name of at most 63 bytes without quotes", schema)
	}
	s := &Store{
		pool: pool, codec: c.Codec, name: schema, schema: pgx.Identifier{schema}.Sanitize(), handle: rand.Text(),
		answersWithin: answersWithin,
	}
	if s.codec == nil {
		s.codec = respond.Codec{}
	}
	if err := s.persist(ctx, endless, s.migrate); err != nil {
		return nil, fmt.Errorf("postgres: open: %w", err)
	}
	return s, nil
}

// sql returns a statement for the schema in which the tables lie. Statements are written for the default one.
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

// Close ends the store's service: it stops listening, waits for the Updates under way and, after Open, for all calls, and closes
// the pool.
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
