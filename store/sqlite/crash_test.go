//go:build unix

package sqlite_test

import (
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

// TestRow01 kills a committing process at random moments. Every acknowledged commit must be there, and every commit must
// be whole. 200 kills with TOCSIN_LONG set, otherwise 10.
func TestRow01(t *testing.T) {
	kills := 10
	if long() {
		kills = 200
	}
	path := filepath.Join(t.TempDir(), "db")
	answered := 0
	for range kills {
		child, out := start(t, "commit", path)
		require.True(t, out.Scan(), "nothing was answered")
		timer := time.AfterFunc(time.Duration(rand.IntN(250))*time.Millisecond, func() { kill(child) })
		acked := answers(out, nil)
		timer.Stop()
		_ = child.Wait()
		assert.Zero(t, verify(t, path, acked))
		for w := range writers {
			answered = max(answered, acked[w])
		}
	}
	assert.Positive(t, answered)
	t.Logf("%d kills, %d commits answered by one of %d writers, 0 lost", kills, answered, writers)
}

// TestRow14 kills a process right after it has acknowledged a commit. The commit must be there. 200 kills with
// TOCSIN_LONG set, otherwise 10.
func TestRow14(t *testing.T) {
	kills := 10
	if long() {
		kills = 200
	}
	path := filepath.Join(t.TempDir(), "db")
	for n := 1; n <= kills; n++ {
		child, out := start(t, "answer", path)
		require.True(t, out.Scan(), "no answer")
		kill(child)
		_ = child.Wait()
		s, err := openTexts(path)
		require.NoError(t, err)
		rows, err := s.Read(t.Context(), store.Query{Keys: []store.Key{countKey(0)}})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		assert.EqualValues(t, n, rows[0].Version)
		assert.Equal(t, fmt.Sprint("answered ", n), out.Text())
		require.NoError(t, s.Close())
	}
}

// answerOnce commits once, prints a line, and waits to be killed.
func answerOnce(path string) error {
	s, err := openTexts(path)
	if err != nil {
		return err
	}
	rows, err := s.Read(context.Background(), store.Query{Keys: []store.Key{countKey(0)}})
	if err != nil {
		return err
	}
	n := 1
	if len(rows) > 0 {
		n += int(rows[0].Version)
	}
	if err := commitNext(context.Background(), s, 0, n); err != nil {
		return err
	}
	fmt.Println("answered", n)
	time.Sleep(time.Minute) // until it is killed
	return nil
}

// TestTwoProcesses checks that a second process cannot open the file, and that the error names the first.
func TestTwoProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	child, out := start(t, "hold", path)
	defer func() { _ = child.Wait() }()
	defer kill(child)
	require.True(t, out.Scan(), "the child did not open it")
	_, err := openTexts(path)
	require.Error(t, err)
	host, _ := os.Hostname()
	assert.ErrorContains(t, err, fmt.Sprintf("in use by process %d on %s", child.Process.Pid, host))
	kill(child)
	_ = child.Wait()
	s, err := openTexts(path)
	require.NoError(t, err, "a lock ends with its process")
	_, err = openTexts(path)
	assert.ErrorContains(t, err, fmt.Sprintf("in use by process %d", os.Getpid()))
	require.NoError(t, s.Close())
}
