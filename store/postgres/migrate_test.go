package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRow34 lets many replicas migrate at once, of which one does it, and then has replicas of this version beside one of the
// next, which has migrated further.
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
	work(handles[0]) // with statements that it has prepared before
	opened := db.mustOpen(1)
	work(opened)
	assert.Equal(t, "3", value(t, handles[1], key("a")))

	db.exec("INSERT INTO " + db.table("version") + " VALUES (3)")
	_, err := db.open(1)
	require.ErrorContains(t, err, "version 3")
	work(handles[0]) // what runs goes on
}

// TestTheSchemaMayBeThere needs no right to create one where somebody has.
func TestTheSchemaMayBeThere(t *testing.T) {
	db := newDatabase(t)
	db.exec("CREATE SCHEMA " + pgx.Identifier{db.schema}.Sanitize())
	h := db.mustOpen(1)
	require.NoError(t, count(t.Context(), h, key("a"), eventID("1")))
}
