package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRow02 cuts the power: a child commits on a file system of its own, which is shut down with all data that is not
// synced. Every acknowledged commit must be there. The control with synchronous=NORMAL must lose commits; otherwise the
// test proves nothing. It needs root and half a minute: 8 cuts of each kind with TOCSIN_POWERCUT set, otherwise none.
func TestRow02(t *testing.T) {
	if os.Getenv("TOCSIN_POWERCUT") == "" {
		t.Skip("SKIPPED, not tested: power cuts; set TOCSIN_POWERCUT, as root")
	}
	const cuts = 8
	lost := func(mode string) (cutsThatLost, total int) {
		for range cuts {
			n := cutPower(t, mode)
			total += n
			if n > 0 {
				cutsThatLost++
			}
		}
		return cutsThatLost, total
	}
	full, rows := lost("commit")
	t.Logf("FULL: %d of %d cuts lost %d answered commits", full, cuts, rows)
	assert.Zero(t, rows)
	normal, rows := lost("weaken")
	t.Logf("NORMAL: %d of %d cuts lost %d answered commits", normal, cuts, rows)
	assert.Positive(t, normal, "the cut does not tell synced from unsynced")
}

// cutPower lets a child commit for a while, cuts the power, and returns the number of lost acknowledged commits.
func cutPower(t *testing.T, mode string) (lost int) {
	t.Helper()
	dir := t.TempDir()
	image, mount := filepath.Join(dir, "image"), filepath.Join(dir, "mount")
	require.NoError(t, os.Mkdir(mount, 0o700))
	do(t, "truncate", "-s", "300M", image)
	do(t, "mkfs.ext4", "-q", "-F", image)
	do(t, "mount", "-o", "loop", image, mount)
	mounted := true
	defer func() {
		if mounted {
			unmount(t, mount)
		}
	}()
	child, out := start(t, mode, filepath.Join(mount, "db"))
	cutting, cut := make(chan struct{}), make(chan struct{})
	time.AfterFunc(1500*time.Millisecond, func() {
		defer close(cut)
		// With a real power cut no call returns after it. Here the process goes on, and an fsync on the aborted journal
		// may succeed. So calls from now on do not count as acknowledged.
		close(cutting)
		shutDown(t, mount)
		kill(child)
	})
	acked := answers(out, cutting)
	<-cut
	_ = child.Wait()
	unmount(t, mount)
	mounted = false
	do(t, "mount", "-o", "loop", image, mount)
	mounted = true
	require.Positive(t, acked[0]+acked[1]+acked[2]+acked[3], "nothing was answered before the cut")
	return verify(t, filepath.Join(mount, "db"), acked)
}

// shutDown stops a file system without writing to its disk.
func shutDown(t *testing.T, mount string) {
	const shutdown, noLogFlush = 0x8004587d, 2 // FS_IOC_SHUTDOWN
	f, err := os.Open(mount)
	if !assert.NoError(t, err) {
		return
	}
	defer f.Close()
	flag := uint32(noLogFlush)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&flag)))
	assert.Zero(t, errno)
}

// unmount retries until the kernel has closed the files of the ended child.
func unmount(t *testing.T, mount string) {
	t.Helper()
	err := syscall.Unmount(mount, 0)
	for range 200 {
		if err != syscall.EBUSY {
			break
		}
		time.Sleep(50 * time.Millisecond)
		err = syscall.Unmount(mount, 0)
	}
	require.NoError(t, err)
}

func do(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}
