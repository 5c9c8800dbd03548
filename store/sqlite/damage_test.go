//go:build unix

package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// fillUp commits rows of every kind, and returns the number of commits.
func fillUp(t *testing.T, s store.Store) int {
	t.Helper()
	const commits = 40
	for n := 1; n <= commits; n++ {
		require.NoError(t, commitNext(t.Context(), s, 0, n))
	}
	claimed, err := s.Claim(t.Context(), store.ClaimRequest{
		Now: time.Unix(1_900_000_000, 0), Owner: "a", Queues: map[string]int{"sms": 1}, Limit: 1, LeaseFor: time.Minute,
	})
	require.NoError(t, err)
	c := store.Claim{ID: claimed.Tasks[0].ID, Fence: 1}
	require.NoError(t, s.Update(t.Context(), store.Scope{Claims: []store.Claim{c}},
		func(store.View) (store.Batch, store.Need, error) {
			return store.Batch{
				Now: time.Unix(1_900_000_000, 0), Settle: []store.Settle{{Claim: c, Dead: "no such number"}},
			}, store.Need{}, nil
		}))
	return commits
}

// contents prints everything that Read returns, by every kind of Query.
func contents(ctx context.Context, s store.Store) (string, error) {
	var b bytes.Buffer
	queries := []store.Query{
		{Tenant: "t", Kind: "count", Timeline: true},
		{Tenant: "t", Kind: "other"},
		{Tenant: "t", Kind: "other", State: "open"},
		{Tenant: "t", Kind: "task"},
		{Tenant: "t", Kind: "task", State: "dead"},
		{Kind: "log"},
	}
	keys := store.Query{Limit: 1_000}
	for i := range 50 {
		keys.Keys = append(keys.Keys, otherKey(0, i))
		if i%10 == 0 {
			queries = append(queries, store.Query{Ref: store.Ref{Tenant: "t", Kind: "n", Name: fmt.Sprint(i)}})
		}
	}
	for _, q := range append(queries, keys) {
		q.Limit = 1_000
		rows, err := s.Read(ctx, q)
		if err != nil {
			return "", err
		}
		for _, r := range rows {
			if x, ok := r.Rec.(store.Task); ok && x.Lease != nil {
				fmt.Fprintf(&b, "%+v ", *x.Lease)
				x.Lease = nil
				r.Rec = x
			}
			fmt.Fprintf(&b, "%v %d %+v %+v\n", r.Key, r.Version, r.Rec, r.Entries)
		}
	}
	err := s.Update(ctx, store.Scope{Events: []store.EventID{appliedID(0, 1), appliedID(0, 40), appliedID(0, 41)}},
		func(v store.View) (store.Batch, store.Need, error) {
			fmt.Fprintln(&b, v.Seen)
			return store.Batch{}, store.Need{}, errLooked
		})
	if err != errLooked {
		return "", err
	}
	return b.String(), nil
}

// TestRow30 damages the file at 2,000 places, by flipping a bit or cutting the file off. Opening, reading or Check must
// report it, unless the place is unused. No read may return a changed value. 100 places with -short.
func TestRow30(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	s, err := openTexts(path)
	require.NoError(t, err)
	fillUp(t, s)
	want, err := contents(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	places := 2_000
	if testing.Short() {
		places = 100
	}
	found := map[string]int{}
	for i := range places {
		bad := bytes.Clone(good)
		at := rand.IntN(len(bad))
		what := fmt.Sprintf("byte %d of %d, bit %d", at, len(bad), i%8)
		if i%10 == 0 {
			bad, what = bad[:at], fmt.Sprintf("cut to %d of %d bytes", at, len(bad))
		} else {
			bad[at] ^= 1 << (i % 8)
		}
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		found[judge(t, path, want, what)]++
		for _, rest := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + rest)
		}
	}
	t.Logf("%d bytes, %d places: %v", len(good), places, found)
	assert.Zero(t, found["silent"])
	assert.Positive(t, found["reading"])
}

// judge returns the call that noticed the damage.
func judge(t *testing.T, path, want, what string) string {
	t.Helper()
	s, err := openTexts(path)
	if err != nil {
		return "opening"
	}
	defer func() { _ = s.Close() }()
	got, err := contents(t.Context(), s)
	if err != nil {
		return "reading"
	}
	if err := s.Check(t.Context()); err != nil {
		return "check"
	}
	if got != want {
		assert.Equal(t, want, got, what)
		return "silent"
	}
	return "nothing was hit"
}

// TestRow30Log damages the write-ahead log. Commits before the damage must be there, and no commit after it.
func TestRow30Log(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db")
	s, err := openTexts(path)
	require.NoError(t, err)
	commits := fillUp(t, s)
	db, err := os.ReadFile(path)
	require.NoError(t, err)
	wal, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	cutOff := 0
	places := 100
	if testing.Short() {
		places = 20
	}
	for i := range places {
		bad := bytes.Clone(wal)
		at := 32 + rand.IntN(len(bad)-32)
		bad[at] ^= 1 << (i % 8)
		if i%10 == 0 {
			bad = bad[:at]
		}
		require.NoError(t, os.WriteFile(path, db, 0o600))
		require.NoError(t, os.WriteFile(path+"-wal", bad, 0o600))
		_ = os.Remove(path + "-shm")
		s, err := openTexts(path)
		require.NoError(t, err)
		if n := committed(t, s.Store, 0); n < commits {
			cutOff++
		}
		require.NoError(t, s.Store.Check(t.Context()))
		require.NoError(t, s.Close())
	}
	assert.Positive(t, cutOff)
	t.Logf("%d bytes of log, %d places, cut off at %d of them", len(wal), places, cutOff)
}
