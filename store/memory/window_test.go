package memory

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/store"
)

// TestTheWindowIsBounded adds one id more than the window holds. storetest allows a store to remember more; this store
// must not.
func TestTheWindowIsBounded(t *testing.T) {
	w := window{seen: make(map[store.EventID]struct{})}
	ids := make([]store.EventID, windowIDs+1)
	for i := range ids {
		binary.BigEndian.PutUint64(ids[i][:], uint64(i))
	}
	w.add(ids[:windowIDs])
	w.add(ids[:windowIDs]) // a repeat is not a newer id
	assert.True(t, w.has(ids[0]))
	w.add(ids[windowIDs:])
	assert.False(t, w.has(ids[0]))
	assert.True(t, w.has(ids[1]))
	assert.Len(t, w.seen, windowIDs)
}
