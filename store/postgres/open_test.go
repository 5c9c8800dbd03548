package postgres_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store/postgres"
)

// TestOpenNamesTheServer: the error of Open says which server, and why, without the password.
func TestOpenNamesTheServer(t *testing.T) {
	t.Setenv("PGHOST", "")
	t.Setenv("PGSERVICE", "")
	for _, tt := range []struct{ name, dsn, want string }{
		{"nothing", "", "postgres: open: the connection string is empty, expected one such as postgres://user@host/database"},
		{"a URL that is none", "postgres://ana:hush%@db.example/x", "postgres: open: cannot parse `postgres://ana:xxxxx@db.example/x`"},
		{"nobody listens", "postgres://ana:hush@127.0.0.1:1/x", "127.0.0.1:1"},
		{"nobody listens, in words", "host=127.0.0.1 port=1 user=ana password=hush", "127.0.0.1:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer stop()
			_, err := postgres.Open(ctx, tt.dsn)
			assert.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hush")
		})
	}
}

// TestOpenEnds: a program whose database is not there learns it within a minute, whether or not its context ends.
func TestOpenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config, err := pgxpool.ParseConfig("host=db.example user=ana password=hush")
		require.NoError(t, err)
		config.ConnConfig.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"192.0.2.1"}, nil }
		config.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route to host") }
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		require.NoError(t, err)
		defer pool.Close()
		began := time.Now()
		_, err = postgres.New(context.Background(), pool, postgres.Config{})
		assert.ErrorContains(t, err, "no route to host")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}
