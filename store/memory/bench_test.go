package memory_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

type alert struct{ Count int }

// BenchmarkUpdate repeats alerts: each Update changes one record and applies one event id. Two of the allocations are the
// caller's: the new value and the list of changes.
func BenchmarkUpdate(b *testing.B) {
	for _, alerts := range []int{20, 5_000, 100_000} {
		b.Run(fmt.Sprintf("alerts=%d", alerts), func(b *testing.B) { benchmarkUpdate(b, alerts) })
	}
}

func benchmarkUpdate(b *testing.B, alerts int) {
	s := memory.New()
	keys := make([]store.Key, alerts)
	refs := make([][]store.Ref, alerts)
	for i := range keys {
		keys[i] = store.Key{Tenant: "shop", Kind: "alert", ID: fmt.Sprintf("prometheus/%08d", i)}
		refs[i] = []store.Ref{{Tenant: "shop", Name: fmt.Sprintf("inc:%d", i/100)}}
	}
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	repeat := func(i int) {
		k := i % alerts
		now = now.Add(time.Millisecond)
		var id store.EventID
		binary.BigEndian.PutUint64(id[:], uint64(i))
		sc := store.Scope{Write: keys[k : k+1], Events: []store.EventID{id}}
		err := s.Update(b.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
			old := v.Records[keys[k]]
			var next alert
			if old.Version > 0 {
				next = *old.Rec.(*alert)
			}
			next.Count++
			return store.Batch{Now: now, Put: []store.Change{{
				Key: keys[k], Version: old.Version, Rec: &next, State: "firing", Priority: 3, Refs: refs[k],
			}}}, store.Need{}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range alerts {
		repeat(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		repeat(alerts + i)
	}
}

// TestARepeatAllocatesNothing counts the store's own allocations when a record is written again.
func TestARepeatAllocatesNothing(t *testing.T) {
	s := memory.New()
	sc := store.Scope{Write: []store.Key{key("a")}, Refs: []store.Ref{ref("x")}}
	put := []store.Change{{Key: key("a"), Rec: &alert{}, State: "firing", Priority: p3, Refs: []store.Ref{ref("x")}}}
	decide := func(v store.View) (store.Batch, store.Need, error) {
		put[0].Version = v.Records[put[0].Key].Version
		return store.Batch{Put: put}, store.Need{}, nil
	}
	ctx := t.Context()
	allocs := testing.AllocsPerRun(1_000, func() {
		if err := s.Update(ctx, sc, decide); err != nil {
			t.Error(err)
		}
	})
	assert.Zero(t, allocs)
}
