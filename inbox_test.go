package tocsin_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestInbox: events that a store got by itself are taken once, whether they come before Run or beside it, and one that nobody
// can read is laid aside with a finding.
func TestInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, in := memory.New(), &inbox{}
		n := 0
		put := func(payload []byte) {
			t.Helper()
			n++
			id := fmt.Sprint("in-", n)
			task := store.Task{
				ID: id, Record: store.Key{Kind: "inbox", ID: id}, Queue: core.QueueInbox, Priority: 1, Due: time.Unix(0, 0), Kind: "event", Payload: payload,
			}
			err := kept.Update(t.Context(), store.Scope{}, func(store.View) (store.Batch, store.Need, error) {
				return store.Batch{Now: time.Now(), Tasks: []store.Task{task}}, store.Need{}, nil
			})
			require.NoError(t, err)
		}
		event := func(summary string) []byte {
			e := critical(summary)
			e.ID = summary
			doc, err := json.Marshal(e)
			require.NoError(t, err)
			return doc
		}
		put(event("before"))
		bell, stop := begin(t, kept, in)
		defer stop()
		settle(time.Second)
		put(event("before")) // with the id of one that was taken
		put([]byte("{"))
		put(event("beside"))
		settle(11 * time.Minute) // memory tells nobody: the next look comes by itself
		rows, err := kept.Read(t.Context(), store.Query{Kind: "task", State: "dead"})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		al, err := kept.Read(t.Context(), store.Query{Kind: core.KindAlert})
		require.NoError(t, err)
		counts := map[string]uint64{}
		for _, row := range al {
			a := row.Rec.(*core.Alert)
			counts[a.Class] = a.Count
		}
		assert.Equal(t, map[string]uint64{"pay.before": 1, "pay.beside": 1, "tocsin.dead-letter": 1}, counts)
		for _, err := range bell.DeadLetters(t.Context(), "") {
			require.NoError(t, err, "it is no letter")
		}
	})
}
