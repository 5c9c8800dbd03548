package memory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestAHundredThousandAtOneInstant makes as many tasks and as many records due at once and takes them in pages.
func TestAHundredThousandAtOneInstant(t *testing.T) {
	const n, page = 100_000, 1_000
	s := memory.New()
	for i := 0; i < n; i += page {
		var b store.Batch
		for j := i; j < i+page; j++ {
			j := (j * 7_919) % n // not in order
			k := key(fmt.Sprintf("%06d", j))
			priority := uint8(1 + j*5/n)
			x := task(fmt.Sprintf("%06d", j), at(10))
			x.Record, x.Priority, x.Rank = k, priority, at(10).UnixNano()+int64(priority)
			b.Tasks = append(b.Tasks, x)
			b.Put = append(b.Put, store.Change{Key: k, Rec: j, Priority: priority, Due: at(10), Refs: []store.Ref{ref("all")}})
		}
		mustUpdate(t, s, b)
	}
	assert.Equal(t, at(10), claim(t, s, at(9)).Next)

	for i := 0; i < n; i += page {
		c := claimAs(t, s, store.ClaimRequest{Now: at(10), Limit: page})
		require.Len(t, c.Tasks, page)
		require.Len(t, c.Due, page)
		var b store.Batch
		for j := range page {
			want := fmt.Sprintf("%06d", i+j)
			require.Equal(t, want, c.Tasks[j].ID)
			require.Equal(t, key(want), c.Due[j])
			b.Put = append(b.Put, store.Change{Key: c.Due[j], Version: 1, Rec: 0, Priority: p3, Refs: []store.Ref{ref("all")}})
		}
		mustUpdate(t, s, b)
		if i+page < n {
			require.Equal(t, at(10), c.Next)
		} else {
			require.Equal(t, at(40), c.Next, "the leases end")
		}
	}
	assert.Len(t, claim(t, s, at(40)).Tasks, 1_000)
	assert.Len(t, rowIDs(t, s, store.Query{Ref: ref("all"), Limit: page}), n)
	assert.Len(t, rowIDs(t, s, store.Query{Tenant: "shop", Kind: "task", State: "leased", Limit: page}), n)
}

// TestALaneOfAHundredThousand cancels from the midst of one lane and takes the rest one by one.
func TestALaneOfAHundredThousand(t *testing.T) {
	const n = 100_000
	s := memory.New()
	var b store.Batch
	for i := range n {
		x := task(fmt.Sprintf("%06d", i), at(0))
		if i%1_000 > 0 {
			x.Tag = "page"
		}
		b.Tasks = append(b.Tasks, x)
	}
	mustUpdate(t, s, b)
	mustUpdate(t, s, store.Batch{Cancel: []store.CancelTag{{Record: key("r"), Tag: "page"}}})
	for i := 0; i < n; i += 1_000 {
		c := claim(t, s, at(0))
		require.Equal(t, []string{fmt.Sprintf("%06d", i)}, ids(c.Tasks))
		settle(t, s, at(0), store.Settle{Claim: fenced(c.Tasks[0].ID, 1)})
	}
	assert.Zero(t, claim(t, s, at(0)))
}
