package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestRow33 opens a store on a read-only database, which returns the same SQLSTATE as a standby or a reader endpoint.
// Reads must work. Every Update must fail, even if it would only look at a record.
func TestRow33(t *testing.T) {
	db := newDatabase(t)
	primary := db.mustOpen(1)
	require.NoError(t, count(t.Context(), primary, key("a"), eventID("1")))
	require.NoError(t, update(t.Context(), primary, store.Scope{}, store.Batch{Tasks: []store.Task{task("page", key("a"))}}))

	db.dsn += " default_transaction_read_only=on"
	reader := db.mustOpen(2)
	assert.Equal(t, "1", value(t, reader, key("a")))
	refuses(t, reader)
	assert.Equal(t, "1", value(t, primary, key("a")))
	assert.Len(t, claim(t, primary, at(0), "primary"), 1)
}

// refuses checks that every kind of Update fails.
func refuses(t *testing.T, reader store.Store) {
	looks := func(store.View) (store.Batch, store.Need, error) { return store.Batch{}, store.Need{}, nil }
	calls := map[string]func() error{
		"an event that came before": func() error { return count(t.Context(), reader, key("a"), eventID("1")) },
		"an event that is new":      func() error { return count(t.Context(), reader, key("a"), eventID("2")) },
		"a look at a record": func() error {
			return reader.Update(t.Context(), store.Scope{Write: []store.Key{key("a")}}, looks)
		},
		"a look under a share lock": func() error {
			return reader.Update(t.Context(), store.Scope{Read: []store.Key{key("a")}}, looks)
		},
		"a look at a ref": func() error {
			return reader.Update(t.Context(), store.Scope{Refs: []store.Ref{{Tenant: "shop", Kind: "by", Name: "a"}}}, looks)
		},
		"a look at a claim": func() error {
			return reader.Update(t.Context(), store.Scope{Claims: []store.Claim{{ID: "page", Fence: 1}}}, looks)
		},
		"due keys": func() error {
			_, err := reader.Claim(t.Context(), store.ClaimRequest{Now: at(0)})
			return err
		},
		"a claim": func() error {
			_, err := reader.Claim(t.Context(), store.ClaimRequest{Now: at(0), Queues: map[string]int{"sms": 1}, Limit: 1, LeaseFor: 1})
			return err
		},
		"a trim": func() error {
			_, err := reader.Trim(t.Context(), at(0), 1)
			return err
		},
	}
	t.Run("refused", func(t *testing.T) {
		for name, call := range calls {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // each is tried a few times
				assert.ErrorContains(t, call(), "SQLSTATE 25006")
			})
		}
	})
}
