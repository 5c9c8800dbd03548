//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package sqlite

import (
	"errors"
	"os"
)

// tryLock returns an error: without a file lock two processes could overwrite each other's records.
func tryLock(string) (*os.File, bool, error) {
	return nil, false, errors.ErrUnsupported
}
