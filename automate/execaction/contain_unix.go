//go:build unix

package execaction

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// contain starts the program in a process group of its own. When the context ends, and when end is called after the program has ended, every
// process that it started is killed.
func contain(cmd *exec.Cmd) (end func()) {
	mark := markName + "=" + rand.Text()
	cmd.Env = append(cmd.Env, mark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		killMarked(mark)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.Cancel = kill
	return func() {
		if cmd.Process != nil {
			_ = kill()
		}
	}
}
