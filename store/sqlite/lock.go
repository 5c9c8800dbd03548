package sqlite

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// lockFile makes the file at path this process's own until it is closed or the process ends. Where another has it, the error
// says which. SQLite itself would let many processes write in turn, and each would work on records that another has changed.
func lockFile(path string) (*os.File, error) {
	f, held, err := tryLock(path)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if held {
		return nil, fmt.Errorf("the database is in use by %s", holder(path))
	}
	host, _ := os.Hostname()
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "process %d on %s", os.Getpid(), host) // for the message only
	}
	return f, nil
}

// holder reads who has the lock.
func holder(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "another process"
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 300))
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return "another process"
	}
	return string(text)
}
