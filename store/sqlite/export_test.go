package sqlite

import (
	"context"

	"github.com/tocsin-dev/tocsin/store"
)

// Weaken lets the writer return before its commit is synced, for tests that must notice the difference.
func (s *Store) Weaken() error {
	_, err := s.conn.ExecContext(context.Background(), "PRAGMA synchronous = NORMAL")
	return err
}

// Plant replaces the document of a record and nothing else, with a checksum that matches, as another program would.
func (s *Store) Plant(k store.Key, schema uint16, doc []byte) error {
	if err := s.enter(context.Background(), false); err != nil {
		return err
	}
	r, err := s.record(k)
	if err == nil {
		to := *r
		to.schema, to.doc = schema, doc
		_, err = s.conn.ExecContext(context.Background(), "UPDATE record SET schema = ?, doc = ?, sum = ? WHERE no = ?",
			schema, doc, to.sum(appendRefs(nil, to.refs)), to.no)
		s.cache.drop(k)
	}
	return s.finish(err)
}
