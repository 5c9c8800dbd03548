package sqlite

import (
	"errors"
	"fmt"
	"os"

	"github.com/tocsin-dev/tocsin/store"
)

// files are the database file as it was opened, and its write-ahead log as it was at the latest commit.
type files struct {
	path      string
	main, log os.FileInfo
}

// claim makes a new file readable by its owner only. It refuses a file that has a second name: SQLite keeps the log beside the
// name by which it opened the file, so whoever uses the other name does not see the log.
func (f *files) claim(path string) (err error) {
	f.path = path
	if f.main, err = os.Stat(path); err != nil {
		return err
	}
	if f.main.Size() == 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
	}
	return f.single(f.main)
}

func (f *files) single(main os.FileInfo) error {
	if n := links(main); n != 1 {
		return fmt.Errorf("%s has %d names (hard links), expected one: who opens it by another name damages it", f.path, n)
	}
	return nil
}

// inPlace returns an error if the names no longer lead to the opened files, so that the next start would not find what was
// committed.
func (f *files) inPlace() error {
	main, err := os.Stat(f.path)
	if err != nil || !os.SameFile(main, f.main) {
		return fmt.Errorf("%s was removed or replaced while it was open: %w", f.path, errors.Join(store.ErrUnknown, err))
	}
	if err := f.single(main); err != nil {
		return fmt.Errorf("%w: %w", store.ErrUnknown, err)
	}
	log, err := os.Stat(f.path + "-wal")
	if f.log == nil {
		f.log = log // SQLite makes it for the first commit
	}
	if err != nil || !os.SameFile(log, f.log) {
		return fmt.Errorf("%s-wal was removed or replaced while it was open: %w", f.path, errors.Join(store.ErrUnknown, err))
	}
	f.log = log
	return nil
}
