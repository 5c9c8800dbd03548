package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestOddData: what the server cannot keep is a data error of the call alone. Calls that share its transaction succeed, and no outcome is
// unknown.
func TestOddData(t *testing.T) {
	h := newDatabase(t).mustOpen(2)
	noise := func(size int) string { // letters that no compression shortens
		r := rand.New(rand.NewPCG(1, 2))
		text := make([]byte, size)
		for i := range text {
			text[i] = byte('a' + r.IntN(26))
		}
		return string(text)
	}
	far := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	zero := store.Key{Tenant: "a\x00", Kind: "alert", ID: "x"}
	for name, odd := range map[string]struct {
		scope store.Scope
		batch store.Batch
	}{
		"a long key":                {batch: store.Batch{Put: []store.Change{{Key: key(noise(9_000)), Rec: "x"}}}},
		"a long state":              {batch: store.Batch{Put: []store.Change{{Key: key("state"), Rec: "x", State: noise(9_000)}}}},
		"a long ref":                {batch: store.Batch{Put: []store.Change{{Key: key("ref"), Rec: "x", Refs: []store.Ref{{Name: noise(9_000)}}}}}},
		"a long id of a task":       {batch: store.Batch{Tasks: []store.Task{task(noise(9_000), key("r"))}}},
		"a zero byte in a key":      {batch: store.Batch{Put: []store.Change{{Key: zero, Rec: "x"}}}},
		"a zero byte in the scope":  {scope: store.Scope{Write: []store.Key{zero}}, batch: store.Batch{Put: []store.Change{{Key: key("scope"), Rec: "x"}}}},
		"a zero byte in a ref":      {scope: store.Scope{Refs: []store.Ref{{Name: "\x00"}}}, batch: store.Batch{Log: []byte("x")}},
		"a zero byte in a tag":      {batch: store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "\xff"}}, Log: []byte("x")}},
		"an instant far ahead":      {batch: store.Batch{Put: []store.Change{{Key: key("far"), Rec: "x", Priority: 3, Due: far}}}},
		"a record without a form":   {batch: store.Batch{Put: []store.Change{{Key: key("form"), Rec: 7}}}},
		"a contract that is broken": {batch: store.Batch{Put: []store.Change{{Key: key("refs"), Rec: "x", Refs: make([]store.Ref, 17)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for i := range 10 {
				all.Go(func() { assert.NoError(t, count(t.Context(), h, key("neighbour"), eventID(fmt.Sprint(name, i)))) })
			}
			err := update(t.Context(), h, odd.scope, odd.batch)
			all.Wait()
			require.ErrorIs(t, err, store.ErrData)
			require.NotErrorIs(t, err, store.ErrUnknown)
			for _, put := range odd.batch.Put {
				rows, err := h.Read(t.Context(), store.Query{Keys: []store.Key{put.Key}})
				assert.Empty(t, rows)
				if put.Key == zero {
					require.ErrorIs(t, err, store.ErrData)
				} else {
					require.NoError(t, err)
				}
			}
		})
	}
	assert.Equal(t, "110", value(t, h, key("neighbour")))
}

// TestOddDataInEveryMode: the server refuses a zero byte alike however statements reach it.
func TestOddDataInEveryMode(t *testing.T) {
	for _, mode := range []string{"cache_statement", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			db := newDatabase(t)
			db.dsn += " default_query_exec_mode=" + mode
			h := db.mustOpen(2)
			require.NoError(t, count(t.Context(), h, key("a"), eventID("1")))
			for _, odd := range []string{"a\x00b", "\xff"} {
				err := update(t.Context(), h, store.Scope{Write: []store.Key{key(odd)}}, store.Batch{Log: []byte("x")})
				require.ErrorIs(t, err, store.ErrData)
				err = update(t.Context(), h, store.Scope{}, store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: odd}}, Log: []byte("x")})
				require.ErrorIs(t, err, store.ErrData)
				_, err = h.Read(t.Context(), store.Query{Keys: []store.Key{key(odd)}})
				require.ErrorIs(t, err, store.ErrData)
				_, err = h.Read(t.Context(), store.Query{Ref: store.Ref{Kind: "x", Name: odd}})
				require.ErrorIs(t, err, store.ErrData)
			}
			require.NoError(t, count(t.Context(), h, key("a"), eventID("2")))
		})
	}
}
