//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
)

// writers is how many goroutines of a child commit concurrently.
const writers = 4

// start runs this binary as a child on a file. The scanner reads its standard output line by line.
func start(t *testing.T, mode, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd, out := prepareChild(t, mode, path)
	require.NoError(t, cmd.Start())
	return cmd, out
}

// prepareChild prepares a child without starting it. With by, that program starts the child.
func prepareChild(t *testing.T, mode, path string, by ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	args := append(by, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), childMode+"="+mode, childPath+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // kill also reaches processes that the child starts
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	return cmd, bufio.NewScanner(out)
}

// kill kills a child and every process that it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// commitForEver commits in several goroutines. After each commit it prints the writer and its number of commits.
func commitForEver(path string, weak bool) error {
	s, err := openTexts(path)
	if err != nil {
		return err
	}
	if weak {
		if err := s.Weaken(); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			rows, err := s.Read(context.Background(), store.Query{Keys: []store.Key{countKey(w)}})
			n := 0
			if len(rows) > 0 {
				n = int(rows[0].Version)
			}
			for err == nil {
				n++
				if err = commitNext(context.Background(), s, w, n); err == nil {
					mu.Lock()
					_, err = fmt.Fprintln(os.Stdout, w, n)
					mu.Unlock()
				}
			}
			errs <- err
		}()
	}
	return <-errs
}

func countKey(writer int) store.Key {
	return store.Key{Tenant: "t", Kind: "count", ID: fmt.Sprint(writer)}
}

func otherKey(writer, n int) store.Key {
	return store.Key{Tenant: "t", Kind: "other", ID: fmt.Sprintf("%d.%d", writer, n)}
}

func appliedID(writer, n int) store.EventID {
	return store.NewEventID("t", fmt.Sprint(writer), fmt.Sprint(n))
}

// commitNext makes the n-th commit of a writer. It changes every table, and up to 50 records more.
func commitNext(ctx context.Context, s store.Store, writer, n int) error {
	k := countKey(writer)
	now := time.Unix(1_900_000_000, 0)
	sc := store.Scope{Write: []store.Key{k}, Events: []store.EventID{appliedID(writer, n)}}
	for i := range 1 + rand.IntN(50) {
		sc.Write = append(sc.Write, otherKey(writer, i))
	}
	return s.Update(ctx, sc, func(v store.View) (store.Batch, store.Need, error) {
		if got := v.Records[k].Version; got != uint64(n-1) || v.Seen[0] {
			return store.Batch{}, store.Need{}, fmt.Errorf("commit %d of writer %d stands after %d, seen %v", n, writer, got, v.Seen[0])
		}
		b := store.Batch{Now: now, Log: fmt.Appendf(nil, "%d %d", writer, n)}
		for _, key := range sc.Write {
			c := store.Change{Key: key, Version: v.Records[key].Version, Rec: fmt.Sprint(n), State: "open", Priority: 3, Due: now}
			if key == k {
				c.Entries = []store.Entry{{Seq: uint64(n), At: now, Kind: "counted", Doc: fmt.Append(nil, n)}}
				c.Refs = []store.Ref{{Tenant: "t", Kind: "n", Name: fmt.Sprint(n)}}
			}
			b.Put = append(b.Put, c)
		}
		b.Tasks = []store.Task{{
			ID: fmt.Sprintf("%d.%d", writer, n), Record: k, Queue: "sms", Order: "sms", Priority: 3, Due: now, Kind: "page",
			Payload: make([]byte, 200),
		}}
		return b, store.Need{}, nil
	})
}

// committed returns how many commits of a writer a store holds, and checks every table against that number.
func committed(t *testing.T, s store.Store, writer int) int {
	t.Helper()
	k := countKey(writer)
	rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{k}, Timeline: true})
	require.NoError(t, err)
	n := 0
	if len(rows) > 0 {
		n = int(rows[0].Version)
		require.Equal(t, fmt.Sprint(n), rows[0].Rec)
		require.Len(t, rows[0].Entries, n, "the timeline has one line for each commit")
		byRef, err := s.Read(t.Context(), store.Query{Ref: store.Ref{Tenant: "t", Kind: "n", Name: fmt.Sprint(n)}})
		require.NoError(t, err)
		require.Contains(t, keysOf(byRef), k)
		last, err := s.Read(t.Context(), store.Query{Keys: []store.Key{
			{Tenant: "t", Kind: "task", ID: fmt.Sprintf("%d.%d", writer, n)},
			{Tenant: "t", Kind: "task", ID: fmt.Sprintf("%d.%d", writer, n+1)},
			otherKey(writer, 0),
		}})
		require.NoError(t, err)
		require.Len(t, last, 2, "the task of the last commit, none of the next, and the records written beside it")
		require.Equal(t, fmt.Sprint(n), last[0].Rec)
	}
	var sc store.Scope
	for i := range n + 1 {
		sc.Events = append(sc.Events, appliedID(writer, i+1))
	}
	require.ErrorIs(t, s.Update(t.Context(), sc, func(v store.View) (store.Batch, store.Need, error) {
		for i, seen := range v.Seen {
			require.Equal(t, i < n, seen, "event %d of %d", i+1, n)
		}
		return store.Batch{}, store.Need{}, errLooked
	}), errLooked)
	return n
}

var errLooked = errors.New("looked only")

func keysOf(rows []store.Snapshot) []store.Key {
	var keys []store.Key
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return keys
}

// answers reads a child's output to its end. It returns how many commits of each writer were acknowledged before over was
// closed.
func answers(out *bufio.Scanner, over <-chan struct{}) (acked [writers]int) {
	for more := true; more; more = out.Scan() { // the first line may have been read already
		select {
		case <-over:
			continue
		default:
		}
		var w, n int
		if _, err := fmt.Sscan(out.Text(), &w, &n); err == nil && w < writers {
			acked[w] = max(acked[w], n)
		}
	}
	return acked
}

// verify opens the file of a killed child, and returns how many acknowledged commits are missing.
func verify(t *testing.T, path string, acked [writers]int) (lost int) {
	t.Helper()
	s, err := openTexts(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	total := 0
	for w := range writers {
		n := committed(t, s, w)
		lost += max(0, acked[w]-n)
		total += n
	}
	require.Equal(t, total, logged(t, s), "the log has one row for each commit")
	require.NoError(t, s.Store.Check(t.Context()))
	return lost
}

// logged counts the rows of the log.
func logged(t *testing.T, s store.Store) int {
	t.Helper()
	n := 0
	q := store.Query{Kind: "log", Limit: 1_000}
	for {
		rows, err := s.Read(t.Context(), q)
		require.NoError(t, err)
		if len(rows) == 0 {
			return n
		}
		n += len(rows)
		q.After = rows[len(rows)-1].Cursor
	}
}

// holdOpen opens a store, prints a line, and waits to be killed.
func holdOpen(path string) error {
	s, err := openTexts(path)
	if err != nil {
		return err
	}
	fmt.Println("open")
	time.Sleep(time.Minute)
	return s.Close()
}
