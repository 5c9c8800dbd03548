package sqlite

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// lockFile locks the file at path until it is closed or the process ends. If another process holds the lock, the error
// names it. Without this lock SQLite would let several processes write in turns, each with a stale cache of records.
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
		_, _ = fmt.Fprintf(f, "process %d on %s", os.Getpid(), host) // for the error message only
	}
	return f, nil
}

// holder returns the process and host that the lock file names.
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
