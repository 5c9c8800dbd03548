package drivertest

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// texts is the codec of the suite, whose records are strings.
type texts struct{}

func (texts) Encode(_ string, _ uint16, rec any) ([]byte, error) { return []byte(rec.(string)), nil }

func (texts) Decode(_ string, schema uint16, doc []byte) (any, error) {
	switch {
	case schema > 1:
		return nil, fmt.Errorf("schema %d: %w", schema, store.ErrNewer)
	case schema == 0:
		return nil, errors.New("there is no schema 0")
	}
	return string(doc), nil
}

// held is a store that closes its database, and knows its file.
type held struct {
	*sqlite.Store
	db   *sql.DB
	path string
}

func open(path string) (*held, error) {
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		return nil, err
	}
	s, err := sqlite.New(db, &sqlite.Config{Codec: texts{}})
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return &held{s, db, path}, nil
}

// Close implements store.Store.
func (h *held) Close() error {
	err := h.Store.Close()
	_ = h.db.Close()
	return err
}

// Rules runs the suite, at a tenth of its size, with -short at a fiftieth.
func Rules(t *testing.T) {
	percent := 10
	if testing.Short() {
		percent = 2
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		s, err := open(filepath.Join(t.TempDir(), "db"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, storetest.Features{
		Percent: percent,
		Reopen: func(s store.Store) (store.Store, error) {
			if err := s.Close(); err != nil {
				return nil, err
			}
			return open(s.(*held).path)
		},
	})
}
