package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/postgres"
)

const leaseFor = time.Second // in real time

// deliver claims tasks, prints a line for each as the receiver, and settles it, until it is killed or its parent ends.
func deliver(ctx context.Context, s *postgres.Store, told *bufio.Scanner) error {
	go func() {
		told.Scan()
		os.Exit(0)
	}()
	owner := fmt.Sprint(os.Getpid())
	receiver, err := os.OpenFile(os.Args[1], os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for {
		c, err := s.Claim(ctx, store.ClaimRequest{
			Now: time.Now(), Owner: owner, Queues: map[string]int{"sms": 20}, Limit: 20, LeaseFor: leaseFor,
		})
		if err != nil { // the server has crashed
			fmt.Fprintln(os.Stderr, "claim:", err)
			continue
		}
		for _, x := range c.Tasks {
			if _, err := fmt.Fprintf(receiver, "%s %s %d %s\n", x.Record.ID, x.ID, x.Lease.Fence, owner); err != nil {
				return err
			}
			if _, err := settle(ctx, s, store.Claim{ID: x.ID, Fence: x.Lease.Fence}); err != nil {
				fmt.Fprintln(os.Stderr, "settle:", err)
			}
		}
		if len(c.Tasks) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// TestReplicaHistories delivers tasks of many lanes by three processes. It kills some, and pauses some for longer than
// their leases. Every task must be delivered, first deliveries of a lane must be in order, and a repeat must have a
// higher fence.
func TestReplicaHistories(t *testing.T) {
	const lanes, depth, replicas = 40, 20, 3
	db := newDatabase(t)
	s := db.mustOpen(2)
	var b store.Batch
	for lane := range lanes {
		for i := range depth {
			x := task(fmt.Sprintf("%02d/%02d", lane, i), key(fmt.Sprintf("%02d", lane)))
			x.Due, x.Rank = start.AddDate(-20, 0, 0), int64(i)
			b.Tasks = append(b.Tasks, x)
		}
	}
	require.NoError(t, update(t.Context(), s, store.Scope{}, b))
	receiver := filepath.Join(t.TempDir(), "receiver")
	require.NoError(t, os.WriteFile(receiver, nil, 0o600))

	working := make([]*process, replicas)
	for i := range working {
		working[i] = db.begin("deliver", receiver)
	}
	kills, pauses := 0, 0
	left := func() int {
		rows, err := s.Read(t.Context(), store.Query{Tenant: "shop", Kind: "task", Limit: lanes * depth})
		require.NoError(t, err)
		return len(rows)
	}
	for left() > 0 {
		time.Sleep(time.Duration(50+rand.IntN(150)) * time.Millisecond)
		i := rand.IntN(replicas)
		if rand.IntN(2) == 0 {
			require.NoError(t, working[i].Process.Kill())
			_ = working[i].Wait()
			working[i] = db.begin("deliver", receiver)
			kills++
			continue
		}
		pauses++
		victim := working[i]
		victim.signal(syscall.SIGSTOP)
		time.AfterFunc(3*leaseFor/2, func() { _ = victim.Process.Signal(syscall.SIGCONT) })
	}
	text, err := os.ReadFile(receiver)
	require.NoError(t, err)
	checkDeliveries(t, string(text), lanes, depth)
	t.Logf("%d processes killed, %d paused", kills, pauses)
}

func checkDeliveries(t *testing.T, text string, lanes, depth int) {
	t.Helper()
	fences := map[string]int{}
	next := map[string]int{}
	twice, stale := 0, 0
	for line := range strings.Lines(text) {
		var lane, id, owner string
		var fence int
		_, err := fmt.Sscan(line, &lane, &id, &fence, &owner)
		require.NoError(t, err, line)
		last, again := fences[id]
		switch {
		case !again:
			assert.Equal(t, fmt.Sprintf("%s/%02d", lane, next[lane]), id, "first deliveries are in order")
			next[lane]++
		case fence < last:
			stale++ // from a process that was paused before it sent; the receiver can refuse it by its fence
		default:
			assert.Greater(t, fence, last, "a repeat of %s has a higher fence", id)
		}
		if again {
			twice++
		}
		fences[id] = max(fence, last)
	}
	assert.Len(t, fences, lanes*depth, "everything is delivered")
	t.Logf("%d deliveries, %d of them repeats, %d stale", lanes*depth+twice, twice, stale)
}
