package postgres_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
	"github.com/tocsin-dev/tocsin/store/postgres/postgrestest"
)

// BenchmarkUpdate repeats 5,000 alerts of 500 bytes on a server that syncs. The names say how many records and event ids
// one Update has, and how many writers run concurrently.
func BenchmarkUpdate(b *testing.B) {
	bench := newRepeats(b)
	for _, c := range []struct{ writers, batch int }{
		{1, 1}, {4, 1}, {64, 1}, {1, 10}, {4, 10}, {1, 100}, {4, 100}, {1, 1_000}, {2, 1_000}, {4, 1_000},
	} {
		b.Run(fmt.Sprintf("writers=%d/batch=%d", c.writers, c.batch), func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			began := time.Now()
			var all sync.WaitGroup
			for range c.writers {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						bench.commit(b, c.batch)
					}
				})
			}
			all.Wait()
			b.ReportMetric(float64(b.N*c.batch)/time.Since(began).Seconds(), "events/s")
		})
	}
}

// BenchmarkEventIDs measures the cost of a row for each event id: 1,000 alerts a commit without ids, with ids, and with
// ids while a million are stored.
func BenchmarkEventIDs(b *testing.B) {
	bench := newRepeats(b)
	run := func(b *testing.B) {
		for b.Loop() {
			bench.commit(b, 1_000)
		}
		b.ReportMetric(float64(b.N)*1_000/b.Elapsed().Seconds(), "events/s")
	}
	bench.anonymous = true
	b.Run("none", run)
	bench.anonymous = false
	b.Run("few", run)
	_, err := bench.pool.Exec(b.Context(), `INSERT INTO tocsin.seen
		SELECT decode(md5(n::text), 'hex'), $1::bigint + n FROM generate_series(1::bigint, 1000000) n`, start.UnixNano())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("million", run)
}

const benchAlerts = 5_000

type repeats struct {
	s         store.Store
	pool      *pgxpool.Pool
	doc       string
	anonymous bool // without event ids
	last      atomic.Uint64
}

// newRepeats creates 5,000 alerts on a server that syncs.
func newRepeats(b *testing.B) *repeats {
	server := postgrestest.Own(b, "shared_buffers=256MB", "max_wal_size=4GB")
	pool, err := pgxpool.New(b.Context(), server.DSN()+" pool_max_conns=64")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	s, err := postgres.New(b.Context(), pool, postgres.Config{Codec: text{}})
	if err != nil {
		b.Fatal(err)
	}
	r := &repeats{s: s, pool: pool, doc: strings.Repeat("x", 500)}
	for i := 0; i < benchAlerts; i += 1_000 {
		r.commit(b, 1_000)
	}
	return r
}

func (r *repeats) commit(b *testing.B, n int) {
	var sc store.Scope
	last := r.last.Add(uint64(n))
	for i := last - uint64(n); i < last; i++ {
		sc.Write = append(sc.Write, key(fmt.Sprintf("%06d", i*7919%benchAlerts)))
		id := store.NewEventID("shop", "prometheus", string(binary.BigEndian.AppendUint64(nil, i)))
		if !r.anonymous {
			sc.Events = append(sc.Events, id)
		}
	}
	now := start.Add(time.Duration(last) * time.Millisecond / 10)
	err := r.s.Update(b.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		batch := store.Batch{Now: now, Log: []byte(r.doc)}
		for _, k := range sc.Write {
			batch.Put = append(batch.Put, store.Change{
				Key: k, Version: v.Records[k].Version, Rec: r.doc, State: "firing", Priority: 3,
				Refs: []store.Ref{{Tenant: "shop", Kind: "incident", Name: k.ID[:5]}},
			})
		}
		return batch, store.Need{}, nil
	})
	if err != nil {
		b.Error(err)
	}
}
