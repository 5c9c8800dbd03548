package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// BenchmarkUpdate commits batches of events, merged as an engine merges them: one row for each record and one timeline
// entry for each event. "uniform" has 2,000 keys and a task for each event; "storm" has 20 keys and a task for each
// record.
func BenchmarkUpdate(b *testing.B) {
	for _, shape := range []struct {
		name string
		keys int
	}{{"uniform", 2_000}, {"storm", 20}} {
		for _, size := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", shape.name, size), func(b *testing.B) {
				s, err := openTexts(filepath.Join(b.TempDir(), "db"))
				require.NoError(b, err)
				defer s.Close()
				rnd := rand.New(rand.NewPCG(1, 2))
				body := strings.Repeat("x", 230)
				seq := make([]uint64, shape.keys)
				events := 0
				for b.Loop() {
					batch := store.Batch{Now: time.Unix(1_900_000_000, 0), Log: []byte(strings.Repeat("l", 20*size))}
					var sc store.Scope
					byKey := map[int]int{}
					for range size {
						n := rnd.IntN(shape.keys)
						k := store.Key{Tenant: "t", Kind: "alert", ID: fmt.Sprintf("checkout!%06d", n)}
						at, ok := byKey[n]
						if !ok {
							at = len(batch.Put)
							byKey[n] = at
							sc.Write = append(sc.Write, k)
							batch.Put = append(batch.Put, store.Change{
								Key: k, Rec: body, State: "firing", Priority: 3,
								Refs: []store.Ref{{Tenant: "t", Kind: "group", Name: "g"}},
							})
						}
						seq[n]++
						c := &batch.Put[at]
						c.Entries = append(c.Entries, store.Entry{Seq: seq[n], At: batch.Now, Kind: "fired", Doc: []byte(body)})
						if shape.name == "uniform" || !ok {
							batch.Tasks = append(batch.Tasks, store.Task{
								ID: fmt.Sprintf("%06d.%06d", n, seq[n]), Record: k, Queue: "sms", Order: "sms", Priority: 3,
								Rank: int64(events), Due: batch.Now, Kind: "page", Payload: []byte(body),
							})
						}
						events++
					}
					require.NoError(b, s.Update(b.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
						for i := range batch.Put {
							batch.Put[i].Version = v.Records[batch.Put[i].Key].Version
						}
						return batch, store.Need{}, nil
					}))
				}
				b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
