//go:build unix

package execaction

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// contain starts the program in a process group of its own, and kills the whole group when the context ends.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}
