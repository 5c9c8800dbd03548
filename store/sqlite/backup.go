package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a compacted copy of the committed data into a new file at path. The store keeps working meanwhile. Open
// opens the copy like any other file. When Backup returns nil, the copy is complete, synced to disk and has its final
// name; before that, path does not exist.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.writer.refusal(ctx); err != nil {
		return err
	}
	if err := s.backup(ctx, path); err != nil {
		return fmt.Errorf("sqlite: backup: %w", err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, os.ErrExist)
	}
	partial := path + ".partial"
	if err := os.RemoveAll(partial); err != nil { // left by an interrupted Backup
		return err
	}
	if err := os.WriteFile(partial, nil, 0o600); err != nil { // SQLite would let others read it
		return err
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO ?", partial); err != nil {
		_ = os.Remove(partial)
		return err
	}
	if err := syncPath(partial); err != nil { // SQLite does not sync it
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath syncs a file, or the names in a folder, to disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
