package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// TestRow28 fills the disk. Updates that create records must fail with a clear error. Work on stored records must go on
// as long as it has space: tasks are claimed and settled, deadlines are set, commands are carried out. No acknowledged
// commit may be lost, and after the disk has space again all work must go on in the same process.
func TestRow28(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, not tested: a full disk; it takes root to mount a small one")
	}
	dir := t.TempDir()
	do(t, "mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", dir)
	defer unmount(t, dir)
	path := filepath.Join(dir, "db")
	s, err := openTexts(path)
	require.NoError(t, err)
	defer func() { _ = s.Close() }()

	n := 0
	for err == nil {
		n++
		err = commitNext(t.Context(), s, 0, n)
		require.Less(t, n, 100_000, "the disk does not get full")
	}
	n--
	t.Logf("full after %d commits: %v", n, err)
	require.ErrorContains(t, err, "disk is full")
	require.NotErrorIs(t, err, store.ErrUnknown)
	const refused = "only work on stored records goes on"
	require.ErrorContains(t, commitNext(t.Context(), s, 1, 1), refused)
	require.Equal(t, n, committed(t, s.Store, 0), "exactly the acknowledged commits are there")
	for range 2 { // the second repeats the first
		require.NoError(t, acknowledge(t, s, 0))
	}

	due := time.Unix(1_900_000_000, 0)
	sent := 0
	for range 300 { // each settles a task, and so makes the next task the head of the lane
		claimed, err := s.Claim(t.Context(), store.ClaimRequest{
			Now: due, Owner: "a", Queues: map[string]int{"sms": 10}, Limit: 10, LeaseFor: time.Minute,
		})
		require.NoError(t, err)
		if len(claimed.Tasks) == 0 {
			break
		}
		settleAll(t, s, claimed.Tasks)
		sent += len(claimed.Tasks)
	}
	assert.Positive(t, sent)
	assert.Len(t, pending(t, s), max(0, n-sent))
	require.ErrorContains(t, commitNext(t.Context(), s, 1, 1), refused)
	acknowledged := 1
	for err = nil; err == nil; acknowledged++ {
		err = acknowledge(t, s, acknowledged)
	}
	require.ErrorContains(t, err, refused, "commands do not take all of the reserve")
	assert.Greater(t, acknowledged, 100)
	settleAll(t, s, nil)

	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"))
	_, err = s.Claim(t.Context(), store.ClaimRequest{Now: due}) // as the engine does each second
	require.NoError(t, err)
	require.NoError(t, commitNext(t.Context(), s, 0, n+1))
	require.NoError(t, s.Check(t.Context()))
	require.NoError(t, s.Close())
	s, err = openTexts(path)
	require.NoError(t, err)
	rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{countKey(0)}})
	require.NoError(t, err)
	assert.EqualValues(t, n+1, rows[0].Version)
	t.Logf("%d tasks were sent while the disk was full, and %d commands carried out", sent, acknowledged-1)
}

// acknowledge carries out a command on a stored record, once.
func acknowledge(t *testing.T, s store.Store, n int) error {
	k := otherKey(0, 0)
	sc := store.Scope{Write: []store.Key{k}, Events: []store.EventID{store.NewEventID("", "command", fmt.Sprint(n))}}
	return s.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		if v.Seen[0] {
			return store.Batch{}, store.Need{}, nil
		}
		now := time.Unix(1_900_000_000, 0)
		return store.Batch{Now: now, Log: []byte("acknowledge"), Put: []store.Change{{
			Key: k, Version: v.Records[k].Version, Rec: "acknowledged", State: "open", Priority: 3,
			Entries: []store.Entry{{Seq: 1<<41 + uint64(n), At: now, Kind: "ack", Doc: []byte("by ben")}},
		}}}, store.Need{}, nil
	})
}

func settleAll(t *testing.T, s store.Store, tasks []store.Task) {
	t.Helper()
	var sc store.Scope
	b := store.Batch{Now: time.Unix(1_900_000_000, 0)}
	for _, x := range tasks {
		c := store.Claim{ID: x.ID, Fence: x.Lease.Fence}
		sc.Claims = append(sc.Claims, c)
		b.Settle = append(b.Settle, store.Settle{Claim: c})
	}
	k := otherKey(0, 0)
	sc.Write = []store.Key{k}
	require.NoError(t, s.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		b.Put = []store.Change{{
			Key: k, Version: v.Records[k].Version, Rec: "sent", State: "open", Priority: 3,
			Entries: []store.Entry{{Seq: 1 << 40, At: b.Now, Kind: "sent", Doc: fmt.Append(nil, len(tasks))}},
		}}
		return b, store.Need{}, nil
	}))
}

func pending(t *testing.T, s store.Store) []store.Snapshot {
	t.Helper()
	rows, err := s.Read(t.Context(), store.Query{Tenant: "t", Kind: "task", Limit: 1_000_000})
	require.NoError(t, err)
	return rows
}
