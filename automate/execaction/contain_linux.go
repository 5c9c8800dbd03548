package execaction

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// sweeps bounds how often killMarked looks for processes. A process that starts others while it is looked for needs a second look.
const sweeps = 10

// killMarked kills the processes whose environment holds the mark, such as those that have left the process group with setsid. It finds none
// that has cleared its environment, or that runs as another user.
func killMarked(mark string) {
	for range sweeps {
		found := 0
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range all {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil || !marked(path, mark) {
				continue
			}
			p, err := os.FindProcess(pid) // from here on the number is not given to another process
			if err != nil {
				continue
			}
			if marked(path, mark) && p.Signal(syscall.SIGKILL) == nil {
				found++
			}
			_ = p.Release()
		}
		if found == 0 {
			return
		}
	}
}

// marked reports whether the environment of a process holds the mark. That of a dead process is empty.
func marked(path, mark string) bool {
	env, err := os.ReadFile(path)
	return err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+mark+"\x00"))
}
