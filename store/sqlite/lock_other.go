//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package sqlite

import (
	"errors"
	"os"
)

// tryLock cannot keep a second process out here, and two would overwrite each other's work.
func tryLock(string) (*os.File, bool, error) {
	return nil, false, errors.ErrUnsupported
}
