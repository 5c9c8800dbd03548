package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRow34 lets many replicas migrate at once; one of them must do it. Then replicas of this version work beside a
// replica of the next version, which has migrated further.
func TestRow34(t *testing.T) {
	db := newDatabase(t)
	var all sync.WaitGroup
	handles := make([]*handle, 6)
	for i := range handles {
		all.Go(func() {
			h, err := db.open(1)
			assert.NoError(t, err)
			handles[i] = h
		})
	}
	all.Wait()
	for _, h := range handles {
		require.NotNil(t, h)
		defer h.Close()
	}

	id := 0
	work := func(h *handle) {
		t.Helper()
		id++
		require.NoError(t, count(t.Context(), h, key("a"), eventID(string(rune('0'+id)))))
	}
	work(handles[0])
	db.exec("BEGIN; ALTER TABLE " + db.table("record") + " ADD COLUMN later text NOT NULL DEFAULT ''; " +
		"CREATE INDEX later ON " + db.table("record") + " (later); INSERT INTO " + db.table("version") + " VALUES (2); COMMIT")
	work(handles[0]) // prepares its statements
	opened := db.mustOpen(1)
	work(opened)
	assert.Equal(t, "3", value(t, handles[1], key("a")))

	db.exec("INSERT INTO " + db.table("version") + " VALUES (3)")
	_, err := db.open(1)
	require.ErrorContains(t, err, "version 3")
	work(handles[0]) // a running replica goes on working
}

// TestTheSchemaMayBeThere opens a store in an existing schema, without the privilege to create one.
func TestTheSchemaMayBeThere(t *testing.T) {
	db := newDatabase(t)
	db.exec("CREATE SCHEMA " + pgx.Identifier{db.schema}.Sanitize())
	h := db.mustOpen(1)
	require.NoError(t, count(t.Context(), h, key("a"), eventID("1")))
}
