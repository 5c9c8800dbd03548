package memory_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

func TestACursorOfAnotherStoreIsRefused(t *testing.T) {
	s := memory.New()
	for name, after := range map[string]string{"no base64": "!", "too short": "AAU", "no parts": "AA"} {
		_, err := s.Read(t.Context(), store.Query{Kind: "alert", After: after})
		assert.ErrorContains(t, err, "not a cursor of this store", name)
	}
}

func TestLogIsKeptUpToABound(t *testing.T) {
	s := memory.New()
	doc := bytes.Repeat([]byte("x"), 1<<20)
	for i := range 80 {
		mustUpdate(t, s, store.Batch{Now: at(i), Log: doc})
	}
	mustUpdate(t, s, store.Batch{Now: at(80)}) // an empty log document: no row
	rows := read(t, s, store.Query{Kind: "log"})
	require.NotEmpty(t, rows)
	assert.Len(t, rows, 63, "64 MiB, less the overhead of the rows")
	assert.Equal(t, store.Entry{Seq: 18, At: at(17), Kind: "log", Doc: doc}, rows[0].Rec)
	assert.Equal(t, store.Key{Kind: "log", ID: "00000000000000000018"}, rows[0].Key)

	before := rows[10].Cursor
	assert.Equal(t, rows[11].Key, read(t, s, store.Query{Kind: "log", After: before})[0].Key)
	byKey := []store.Key{rows[0].Key}
	for _, id := range []string{"00000000000000000001", "x", "18"} {
		byKey = append(byKey, store.Key{Kind: "log", ID: id})
	}
	assert.Len(t, read(t, s, store.Query{Keys: byKey}), 1)
	mustUpdate(t, s, store.Batch{Log: bytes.Repeat(doc, 65)})
	assert.Empty(t, read(t, s, store.Query{Kind: "log"}), "a row beyond the bound is not kept either")
}

// TestTrimTakesTheOldestFirst trims records, dead tasks and the log with a small limit.
func TestTrimTakesTheOldestFirst(t *testing.T) {
	s := memory.New()
	trim := func(limit, want int) {
		t.Helper()
		n, err := s.Trim(t.Context(), at(11), limit)
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}
	mustUpdate(t, s, store.Batch{
		Now: at(10), Log: []byte("first"),
		Put:   []store.Change{{Key: key("e3"), Rec: 1, Ended: at(3)}, {Key: key("e1"), Rec: 1, Ended: at(1)}, {Key: key("e2"), Rec: 1, Ended: at(2)}},
		Tasks: []store.Task{born(task("dead", at(0)), at(30))},
	})
	settle(t, s, at(10), store.Settle{Claim: fenced("dead", 1), Dead: "no"})
	trim(2, 2)
	assert.Equal(t, []string{"e3"}, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "alert"}))
	trim(2, 2)
	assert.Empty(t, read(t, s, store.Query{Tenant: "shop", Kind: "task"}))
	assert.Len(t, read(t, s, store.Query{Kind: "log"}), 1)
	trim(2, 1)
	trim(2, 0)
}
