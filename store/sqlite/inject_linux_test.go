package sqlite_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestInjectedFaults makes a system call of a child fail, or kills the child at it. After a failed fsync of a commit or
// checkpoint, the store must refuse every call. Every acknowledged commit must be there.
func TestInjectedFaults(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED, not tested: failing system calls; install strace")
	}
	for _, tt := range []struct{ name, calls, fault, says string }{
		{"EIO at fsync", "fsync,fdatasync", "error=EIO", "disk I/O error"},
		{"EIO at write", "pwrite64", "error=EIO", "disk I/O error"},
		{"no room at write", "pwrite64", "error=ENOSPC", "disk is full"},
		{"killed at fsync", "fsync,fdatasync", "signal=KILL", ""},
		{"killed at write", "pwrite64", "signal=KILL", ""},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "db")
			s, err := openTexts(path) // creates the file, so that the fault does not hit that
			require.NoError(t, err)
			require.NoError(t, s.Close())
			for _, when := range []string{"12", "25", "60"} {
				said, acked := faulty(t, path, strace, "-f", "-qq", "-o", "/dev/null",
					"-e", "trace="+tt.calls, "-e", "inject="+tt.calls+":"+tt.fault+":when="+when)
				assert.Contains(t, said, tt.says)
				assert.Zero(t, verify(t, path, acked))
			}
		})
	}
}

// faulty runs a child that commits until a call fails. It returns the child's last words and its acknowledged commits.
func faulty(t *testing.T, path string, wrap ...string) (said string, acked [writers]int) {
	t.Helper()
	child, out := prepareChild(t, "commit", path, wrap...)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	require.NoError(t, child.Start())
	timer := time.AfterFunc(20*time.Second, func() { kill(child) })
	acked = answers(out, nil)
	assert.True(t, timer.Stop(), "nothing failed")
	kill(child)
	_ = child.Wait()
	return stderr.String(), acked
}
