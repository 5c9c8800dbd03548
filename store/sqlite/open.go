package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/codec"
)

// Config sets the encoding of records. nil means the encoding of an engine.
type Config struct {
	// Codec encodes records. Defaults to [codec.New].
	Codec store.Codec
	// Schema is the schema number that Codec writes. Defaults to [codec.Schema].
	Schema uint16
	// Logger receives a warning when a reader holds up the write-ahead log. Defaults to [slog.Default] at the time of the warning.
	Logger *slog.Logger
}

// Open opens or creates the file at path, with the driver modernc.org/sqlite. The folder must exist. The caller closes
// the store.
func Open(path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("sqlite: open: the path is empty, expected that of a file")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", path, err)
	}
	if at, err := os.Stat(abs); err == nil && at.IsDir() {
		return nil, fmt.Errorf("sqlite: open %q: it is a folder, expected the path of a file", abs)
	}
	if _, err := os.Stat(filepath.Dir(abs)); err != nil {
		return nil, fmt.Errorf("sqlite: open %q: the folder must exist: %w", abs, err)
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(abs), RawQuery: "_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %q: %w", abs, err)
	}
	db.SetMaxOpenConns(openConns)
	db.SetMaxIdleConns(openConns)
	s, err := on(db, &Config{})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("sqlite: open %q: %w", abs, err)
	}
	s.own = true
	return s, nil
}

// openConns is the number of connections of a store from Open: one to write, the others to read.
const openConns = 4

// New makes a store on a database that was opened with any SQLite driver. Its file must be on a local disk, and no other
// process may write to it. The store holds one connection for writing and needs at least one more. Close does not close
// db.
func New(db *sql.DB, c *Config) (*Store, error) {
	if c == nil {
		c = &Config{}
	}
	s, err := on(db, c)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open: %w", err)
	}
	return s, nil
}

// on makes a store on the database.
func on(db *sql.DB, c *Config) (*Store, error) {
	s := &Store{
		db: db, codec: c.Codec, schema: cmp.Or(c.Schema, codec.Schema), logger: c.Logger,
		queries: make(queries), commit: newCommit(), scratch: newScratch(),
	}
	if s.codec == nil {
		s.codec = codec.New()
	}
	if err := s.open(context.Background()); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if s.db.Stats().MaxOpenConnections == 1 {
		return errors.New("the database is limited to one connection, expected two or more: one to write, the rest to read")
	}
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	file, err := fileOf(ctx, s.conn)
	if err != nil {
		return err
	}
	if err := s.files.claim(file); err != nil {
		return err
	}
	if s.lock, err = lockFile(file + "-lock"); err != nil {
		return err
	}
	if err := prepare(ctx, s.conn); err != nil {
		return err
	}
	if err := migrate(ctx, s.conn); err != nil {
		return err
	}
	if err := s.do.prepare(ctx, s.conn); err != nil {
		return err
	}
	if err := s.queries.prepare(ctx, s.db); err != nil {
		return err
	}
	s.reserve.path = file + "-reserve"
	if s.reserve.fill() != nil { // if the disk is full, open the store without the reserve
		if err := s.spend(); err != nil {
			return err
		}
	}
	return s.load()
}

// fileOf returns the path of the database file.
func fileOf(ctx context.Context, conn *sql.Conn) (string, error) {
	var file sql.NullString
	err := conn.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file)
	if err == nil && file.String == "" {
		err = errors.New("the database has no file, so its data would be lost")
	}
	return file.String, err
}

// prepare sets up the writer's connection, and reads back the settings on which durability depends.
func prepare(ctx context.Context, conn *sql.Conn) error {
	for _, pragma := range [...]string{
		"busy_timeout = 5000",
		"synchronous = FULL",
		"fullfsync = 1",            // macOS: fsync alone leaves the data in the drive's cache
		"checkpoint_fullfsync = 1", // the same for checkpoints
		"cache_size = -65536",      // 64 MiB
		"temp_store = MEMORY",
		fmt.Sprintf("wal_autocheckpoint = %d", usualLog),
		fmt.Sprintf("journal_size_limit = %d", usualLog*framedPage), // what a reader held up beyond it is given back
		"journal_mode = WAL",
	} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return fmt.Errorf("set %s: %w", pragma, err)
		}
	}
	for _, want := range [...]struct{ pragma, value, loss string }{
		{"journal_mode", "wal", "readers would stand in the way of the writer"},
		{"synchronous", "2", "acknowledged commits could be lost with the power"},
	} {
		var got string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+want.pragma).Scan(&got); err != nil {
			return fmt.Errorf("read back %s: %w", want.pragma, err)
		}
		if got != want.value {
			return fmt.Errorf("%s is %s, expected %s: %s", want.pragma, got, want.value, want.loss)
		}
	}
	return nil
}
