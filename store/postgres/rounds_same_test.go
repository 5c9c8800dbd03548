package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

// TestARoundIsAsIfOneAfterTheOther runs calls that share rounds, and the same calls one by one on a store in memory.
// Their views, their results and the final state must be equal. The calls overlap heavily: they use few records, refs,
// lanes, tags and event ids.
func TestARoundIsAsIfOneAfterTheOther(t *testing.T) {
	seeds := 8
	switch {
	case os.Getenv("TOCSIN_LONG") == "1":
		seeds = 500
	case testing.Short():
		seeds = 2
	}
	db := newDatabase(t)
	for seed := range uint64(seeds) {
		db.schema = fmt.Sprint("same ", seed)
		db.exec(`DROP SCHEMA IF EXISTS "` + db.schema + `" CASCADE`)
		s, m := newShared(t, db), memory.New()
		d := drawing{rng: rand.New(rand.NewPCG(seed, 1))}
		for n := range 4 {
			var calls []func() error
			var drawn []*drawn
			for range 12 {
				x := d.draw()
				drawn = append(drawn, x)
				calls = append(calls, func() error { return s.Update(t.Context(), x.scope, x.decide) })
			}
			answers := s.together(t, calls...)
			for i, x := range drawn {
				seen := x.seen
				err := m.Update(t.Context(), x.scope, x.decide)
				require.Equal(t, x.seen, seen, "seed %d, round %d, call %d", seed, n, i)
				require.Equal(t, err == nil, answers[i] == nil, "seed %d, round %d, call %d: %v, in memory %v", seed, n, i, answers[i], err)
			}
			d.claimed = claim(t, s, at(n), "a")
			require.Equal(t, claim(t, m, at(n), "a"), d.claimed, "seed %d, round %d", seed, n)
			require.Equal(t, everything(t, m), everything(t, s), "seed %d, round %d", seed, n)
		}
		require.NoError(t, s.Close())
		require.NoError(t, m.Close())
		db.exec(`DROP SCHEMA "` + db.schema + `" CASCADE`)
	}
}

// everything reads all rows of a store, without the names that each store chooses.
func everything(t *testing.T, s store.Store) (all []store.Snapshot) {
	t.Helper()
	for _, q := range []store.Query{{Tenant: "shop", Kind: "alert"}, {Tenant: "shop", Kind: store.KindTask}, {Kind: store.KindLog}} {
		q.Timeline = true
		rows, err := s.Read(t.Context(), q)
		require.NoError(t, err)
		for _, row := range rows {
			row.Cursor = ""
			if e, ok := row.Rec.(store.Entry); ok { // a log row: numbers may have gaps
				row.Key, e.Seq = store.Key{}, 0
				row.Rec = e
			}
			all = append(all, row)
		}
	}
	return all
}

// drawing draws random calls.
type drawing struct {
	rng     *rand.Rand
	claimed []store.Task
	tasks   int
}

// drawn is a call whose decision depends only on its view and its draws.
type drawn struct {
	scope store.Scope
	later []store.Key // keys of a Need
	plan  func(v store.View) store.Batch
	seen  string
}

func (x *drawn) decide(v store.View) (store.Batch, store.Need, error) {
	var n store.Need
	for _, k := range x.later {
		if _, held := v.Records[k]; !held {
			n.Write = append(n.Write, k)
		}
	}
	if !n.Empty() {
		return store.Batch{}, n, nil
	}
	x.seen = fmt.Sprint(v)
	return x.plan(v), store.Need{}, nil
}

func (d *drawing) key() store.Key { return key(string(rune('a' + d.rng.IntN(4)))) }

func (d *drawing) ref() store.Ref {
	return store.Ref{Tenant: "shop", Kind: "group", Name: fmt.Sprint(d.rng.IntN(3))}
}

func (d *drawing) draw() *drawn {
	x := &drawn{}
	for range d.rng.IntN(3) {
		x.scope.Write = append(x.scope.Write, d.key())
	}
	for range d.rng.IntN(2) {
		x.scope.Read, x.later = append(x.scope.Read, d.key()), append(x.later, d.key())
	}
	for range d.rng.IntN(3) {
		x.scope.Refs = append(x.scope.Refs, d.ref())
		x.scope.Events = append(x.scope.Events, eventID(fmt.Sprint(d.rng.IntN(20))))
	}
	for _, task := range d.claimed {
		if d.rng.IntN(2) == 0 {
			x.scope.Claims = append(x.scope.Claims, store.Claim{ID: task.ID, Fence: task.Lease.Fence})
		}
	}
	var b store.Batch
	b.Now = at(d.rng.IntN(100))
	if d.rng.IntN(2) == 0 {
		b.Log = fmt.Append(nil, d.rng.IntN(1_000))
	}
	for range d.rng.IntN(3) {
		d.tasks++
		b.Tasks = append(b.Tasks, task(fmt.Sprintf("%04d", d.tasks), d.key()))
		last := &b.Tasks[len(b.Tasks)-1]
		last.Tag, last.Payload = fmt.Sprint(d.rng.IntN(2)), []byte("call")
	}
	if d.rng.IntN(4) == 0 {
		b.Cancel = []store.CancelTag{{Record: d.key(), Tag: fmt.Sprint(d.rng.IntN(2))}}
	}
	ends := []store.Settle{{}, {Retry: at(d.rng.IntN(9))}, {Dead: "no such number"}}[d.rng.IntN(3)]
	touches, deletes, refs, stale := d.key(), d.rng.IntN(8) == 0, []store.Ref{d.ref(), d.ref()}, d.rng.IntN(12) == 0
	x.plan = func(v store.View) store.Batch {
		b := b
		for i, c := range x.scope.Claims {
			if v.Valid[i] {
				b.Settle = append(b.Settle, store.Settle{Claim: c, Retry: ends.Retry, Dead: ends.Dead})
			}
		}
		if snap, held := v.Records[touches]; held {
			put := store.Change{
				Key: touches, Version: snap.Version, Rec: fmt.Sprint(snap.Rec, "."), State: "open", Priority: 3, Refs: refs,
				Entries: []store.Entry{{Seq: snap.Version, At: b.Now, Kind: "x", Doc: []byte("x")}},
			}
			if deletes {
				put.Rec = nil
			}
			if stale {
				put.Version++
			}
			b.Put = append(b.Put, put)
		}
		return b
	}
	return x
}
