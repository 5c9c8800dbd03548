//go:build !unix

package execaction

import "os/exec"

// contain does nothing: this system has no process groups.
func contain(*exec.Cmd) (end func()) { return func() {} }
