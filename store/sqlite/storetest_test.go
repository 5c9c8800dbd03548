package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/store"
	"github.com/tocsin-dev/tocsin/store/sqlite"
	"github.com/tocsin-dev/tocsin/store/storetest"
)

// texts is the codec for records that are strings.
type texts struct{}

func (texts) Encode(_ string, _ uint16, rec any) ([]byte, error) {
	text, ok := rec.(string)
	if !ok {
		return nil, fmt.Errorf("record is of type %T, want string", rec)
	}
	return []byte(text), nil
}

func (texts) Decode(_ string, schema uint16, doc []byte) (any, error) {
	switch {
	case schema > 1:
		return nil, fmt.Errorf("schema %d: %w", schema, store.ErrNewer)
	case schema == 0:
		return nil, errors.New("there is no schema 0")
	}
	return string(doc), nil
}

// held is a store of strings, with its path.
type held struct {
	*sqlite.Store
	db   *sql.DB
	path string
}

func openTexts(path string) (*held, error) {
	db, err := sql.Open("sqlite", path)
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

func (h *held) Close() error {
	err := h.Store.Close()
	_ = h.db.Close()
	return err
}

// long reports whether to run the long forms, which take minutes.
func long() bool { return os.Getenv("TOCSIN_LONG") != "" }

// TestRules runs the conformance suite with modernc.org/sqlite.
func TestRules(t *testing.T) {
	percent := 10
	switch {
	case long():
		percent = 100
	case testing.Short():
		percent = 2
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		s, err := openTexts(filepath.Join(t.TempDir(), "db"))
		require.NoError(t, err)
		return s
	}, storetest.Features{
		Percent: percent,
		Reopen: func(s store.Store) (store.Store, error) {
			if err := s.Close(); err != nil {
				return nil, err
			}
			return openTexts(s.(*held).path)
		},
	})
}
