package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

var _ store.Eraser = (*Store)(nil)

// eraseAtOnce is how many documents Erase edits in one commit.
const eraseAtOnce = 500

const (
	loggedBehind  = "SELECT n, at, doc, sum FROM log WHERE n > ? ORDER BY n LIMIT ?"
	diedBehind    = "SELECT " + taskColumns + " FROM task WHERE dead = 1 AND place > ? ORDER BY place LIMIT ?"
	entriesBehind = "SELECT n, tenant, record.kind, id, entry.record, seq, at, entry.kind, entry.doc, entry.sum FROM entry " +
		"JOIN record ON no = entry.record WHERE n > ? ORDER BY n LIMIT ?"

	eraseLogged = "UPDATE log SET doc = ?, sum = ? WHERE n = ?"
	eraseDied   = "UPDATE task SET payload = ?, reason = ?, sum = ? WHERE place = ?"
	eraseEntry  = "UPDATE entry SET doc = ?, sum = ? WHERE n = ?"
)

// Erase implements store.Eraser. At the end it rewrites the file and empties the write-ahead log, so that neither holds
// old bytes of rows that any call has changed or deleted. It does so even if no document needed an edit. The rewrite
// blocks writers for some seconds per GB, and needs free disk space for two more copies of the file. If a read runs for
// more than 5 seconds, such as a Backup, Erase cannot empty the log and returns an error; call it again.
func (s *Store) Erase(ctx context.Context, edit func(of store.Key, doc []byte) ([]byte, error)) (int, error) {
	x := eraser{Store: s, edit: edit}
	for _, k := range [...]*erasable{x.log(), x.died(), x.entries()} {
		for behind, more := int64(-1), true; more; {
			var err error
			if behind, more, err = x.page(ctx, k, behind); err != nil {
				return x.changed, fmt.Errorf("sqlite: erase: %w", err)
			}
		}
	}
	if err := s.rewrite(ctx); err != nil {
		return x.changed, fmt.Errorf("sqlite: erase: all documents are edited, but old bytes are left in the file: %w", err)
	}
	if err := x.passed.err(); err != nil {
		return x.changed, fmt.Errorf("sqlite: erase: all other documents are edited: %w", err)
	}
	return x.changed, nil
}

// eraser is the state of one Erase.
type eraser struct {
	*Store
	edit    func(of store.Key, doc []byte) ([]byte, error)
	changed int
	passed  unreadable // damaged rows, which are not edited
}

// erasable is a table with documents to edit.
type erasable struct {
	query, update string
	fields        []any // destinations of the columns of query
	// row edits the scanned row. args are the arguments of update, or nil if the row does not change.
	row func() (place int64, args []any, err error)
}

// page edits rows after a place, some of them in one commit. It returns the last place it reached, and whether there are
// more rows.
func (x *eraser) page(ctx context.Context, k *erasable, behind int64) (last int64, more bool, err error) {
	if err := x.enter(ctx, false); err != nil {
		return behind, false, err
	}
	before := x.changed
	last, err = x.turnPage(k, behind)
	if err = x.finish(err); err != nil {
		x.changed = before
	}
	return last, last != behind, err
}

func (x *eraser) turnPage(k *erasable, behind int64) (last int64, err error) {
	rows, err := x.conn.QueryContext(context.Background(), k.query, behind, eraseAtOnce)
	if err != nil {
		return behind, x.broken(err)
	}
	defer func() { _ = rows.Close() }()
	last = behind
	var changes [][]any
	for rows.Next() {
		if err := rows.Scan(k.fields...); err != nil {
			return behind, x.broken(err)
		}
		place, args, err := k.row()
		if err != nil {
			return behind, err
		}
		if last = place; args != nil {
			changes = append(changes, args)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return behind, x.broken(err)
	}
	for _, args := range changes {
		if err := x.begin(); err != nil {
			return behind, err
		}
		if _, err := x.conn.ExecContext(context.Background(), k.update, args...); err != nil {
			return behind, x.broken(err)
		}
		x.commit.rows++
	}
	return last, nil
}

// document calls edit, and reports whether it changed the document.
func (x *eraser) document(of store.Key, doc []byte) (to []byte, changed bool, err error) {
	if to, err = x.edit(of, bytes.Clone(doc)); err != nil {
		return nil, false, fmt.Errorf("%s: %w", name(of), err)
	}
	if bytes.Equal(to, doc) {
		return doc, false, nil
	}
	x.changed++
	return append([]byte{}, to...), true, nil
}

func (x *eraser) log() *erasable {
	var n, sum int64
	var at instant
	var doc []byte
	return &erasable{loggedBehind, eraseLogged, []any{&n, &at, &doc, &sum}, func() (int64, []any, error) {
		if logSum(n, at, doc) != sum {
			x.passed.note(damaged("log, row %d", n))
			return n, nil, nil
		}
		to, changed, err := x.document(logKey(n), doc)
		if err != nil || !changed {
			return n, nil, err
		}
		return n, []any{to, logSum(n, at, to), n}, nil
	}}
}

func (x *eraser) died() *erasable {
	in := newTaskRow()
	return &erasable{diedBehind, eraseDied, in.fields, func() (int64, []any, error) {
		t := in.read()
		if t.Err != nil {
			x.passed.note(t.Err)
			return t.place, nil, nil
		}
		key := store.Key{Tenant: t.Record.Tenant, Kind: store.KindTask, ID: t.ID}
		payload, changed, err := x.document(key, t.Payload)
		if err != nil {
			return t.place, nil, err
		}
		reason, also, err := x.document(key, []byte(t.reason))
		if err != nil || !changed && !also {
			return t.place, nil, err
		}
		t.Payload, t.reason = payload, string(reason)
		return t.place, []any{t.Payload, t.reason, t.sum(), t.place}, nil
	}}
}

func (x *eraser) entries() *erasable {
	var n, no, sum int64
	var of store.Key
	var at instant
	var e store.Entry
	fields := []any{&n, &of.Tenant, &of.Kind, &of.ID, &no, &e.Seq, &at, &e.Kind, &e.Doc, &sum}
	return &erasable{entriesBehind, eraseEntry, fields, func() (int64, []any, error) {
		if entrySum(no, &e, at) != sum {
			x.passed.note(damaged("timeline %d, entry %d", no, e.Seq))
			return n, nil, nil
		}
		to, changed, err := x.document(of, e.Doc)
		if err != nil || !changed {
			return n, nil, err
		}
		e.Doc = to
		return n, []any{to, entrySum(no, &e, at), n}, nil
	}}
}

// rewrite removes old bytes from the files. SQLite keeps deleted and replaced rows in free pages until it needs those
// pages, and keeps earlier versions of pages in the write-ahead log.
func (s *Store) rewrite(ctx context.Context) error {
	if err := s.enter(ctx, false); err != nil {
		return err
	}
	if s.commit.open || s.commit.err != nil {
		s.conclude(s.commit)
	}
	err := s.writer.refusal(ctx)
	if err == nil {
		err = s.vacuum()
	}
	return s.finish(err)
}

// vacuum runs VACUUM while it holds the write lock.
func (s *Store) vacuum() error {
	do := func(statement string) error {
		_, err := s.conn.ExecContext(context.Background(), statement)
		return err
	}
	err := do("PRAGMA temp_store = FILE") // the copy may be larger than memory
	if err == nil {
		err = do("VACUUM")
	}
	if err = errors.Join(err, do("PRAGMA temp_store = MEMORY")); err != nil {
		if !recoverable(err) {
			s.fail(fmt.Errorf("rewrite the file: %w", err))
		}
		return err
	}
	var busy, pages, moved int
	err = s.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	switch {
	case err == nil && busy != 0:
		err = errors.New("a long read is using the write-ahead log")
	case err != nil && !recoverable(err):
		s.fail(fmt.Errorf("empty the write-ahead log: %w", err))
	}
	return err
}
