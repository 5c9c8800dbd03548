package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
