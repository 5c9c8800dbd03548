package memory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/memory"
)

const p3 = uint8(3)

var (
	start     = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	errLooked = errors.New("looked only")
)

// at returns the instant that many seconds after the start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func key(id string) store.Key { return store.Key{Tenant: "shop", Kind: "alert", ID: id} }

func ref(name string) store.Ref { return store.Ref{Tenant: "shop", Name: name} }

// task returns a P3 task in the lane "sms" of record r. Its rank is its due instant.
func task(id string, due time.Time) store.Task {
	return store.Task{
		ID: id, Record: key("r"), Queue: "sms", Order: "sms", Priority: p3, Rank: due.UnixNano(), Due: due,
	}
}

// inLane returns t in a lane of its own record.
func inLane(t store.Task, order string) store.Task {
	t.Order = order
	return t
}

func born(t store.Task, until time.Time) store.Task {
	t.Lease = &store.Lease{Owner: "birth", Until: until}
	return t
}

// update commits b, and ignores the View.
func update(t *testing.T, s *memory.Store, sc store.Scope, b store.Batch) error {
	t.Helper()
	return s.Update(t.Context(), sc, func(store.View) (store.Batch, store.Need, error) { return b, store.Need{}, nil })
}

func mustUpdate(t *testing.T, s *memory.Store, b store.Batch) {
	t.Helper()
	require.NoError(t, update(t, s, store.Scope{}, b))
}

func fenced(id string, fence uint64) store.Claim { return store.Claim{ID: id, Fence: fence} }

// settle ends claims that must be valid.
func settle(t *testing.T, s *memory.Store, now time.Time, settles ...store.Settle) {
	t.Helper()
	var sc store.Scope
	for _, x := range settles {
		sc.Claims = append(sc.Claims, x.Claim)
	}
	require.NoError(t, update(t, s, sc, store.Batch{Now: now, Settle: settles}))
}

// look returns the View of a scope, and commits nothing.
func look(t *testing.T, s *memory.Store, sc store.Scope) store.View {
	t.Helper()
	out := store.View{Records: map[store.Key]store.Snapshot{}, Refs: map[store.Ref][]store.Key{}}
	err := s.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		for k, r := range v.Records {
			out.Records[k] = r
		}
		for r, keys := range v.Refs {
			out.Refs[r] = append([]store.Key(nil), keys...)
		}
		out.Seen = append(out.Seen, v.Seen...)
		out.Valid = append(out.Valid, v.Valid...)
		return store.Batch{}, store.Need{}, errLooked
	})
	require.ErrorIs(t, err, errLooked)
	return out
}

// claim leases every due task of "sms" for 30 s.
func claim(t *testing.T, s *memory.Store, now time.Time) store.Claimed {
	t.Helper()
	c, err := s.Claim(t.Context(), store.ClaimRequest{
		Now: now, Owner: "replica-1", Queues: map[string]int{"sms": 1_000_000}, Limit: 1_000, LeaseFor: 30 * time.Second,
	})
	require.NoError(t, err)
	return c
}

func ids(tasks []store.Task) []string {
	out := []string{}
	for _, x := range tasks {
		out = append(out, x.ID)
	}
	return out
}

func read(t *testing.T, s *memory.Store, q store.Query) []store.Snapshot {
	t.Helper()
	rows, err := s.Read(t.Context(), q)
	require.NoError(t, err)
	return rows
}

// rowIDs returns the ids of all rows of a query, page by page.
func rowIDs(t *testing.T, s *memory.Store, q store.Query) []string {
	t.Helper()
	out := []string{}
	for {
		rows := read(t, s, q)
		if len(rows) == 0 {
			return out
		}
		for _, row := range rows {
			out = append(out, row.Key.ID)
		}
		q.After = rows[len(rows)-1].Cursor
	}
}
