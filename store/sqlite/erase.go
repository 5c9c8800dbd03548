package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

var _ store.Eraser = (*Store)(nil)

// eraseAtOnce is how many documents Erase looks at in one commit.
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

// Erase implements store.Eraser. In the end it rewrites the file, and empties the write-ahead log, so that neither holds any
// more what was changed or deleted, by whomever; it does so too where nothing is left to edit. Meanwhile nobody writes, some
// seconds for each GB, and the disk must have room for two more copies of the file. A read that lasts longer than 5 seconds,
// such as Backup, keeps it from emptying the log: then it fails, and is to be called again.
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
		return x.changed, fmt.Errorf("sqlite: erase: everything is edited, but traces of before are left: %w", err)
	}
	return x.changed, nil
}

// eraser is one Erase at work.
type eraser struct {
	*Store
	edit    func(of store.Key, doc []byte) ([]byte, error)
	changed int
}

// erasable is a table whose documents are edited.
type erasable struct {
	query, update string
	fields        []any // what query is scanned into
	// row edits what was scanned: args are those of update, nil if nothing changes.
	row func() (place int64, args []any, err error)
}

// page edits what stands behind a place, some rows in one commit, and tells how far it came.
func (x *eraser) page(ctx context.Context, k *erasable, behind int64) (last int64, more bool, err error) {
	if err := x.enter(ctx); err != nil {
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

// document edits one, and reports whether that changed it.
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
			return n, nil, fmt.Errorf("log, row %d: %w", n, errDamaged)
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
		t, err := in.read()
		if err != nil {
			return in.place, nil, err
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
			return n, nil, fmt.Errorf("timeline %d, entry %d: %w", no, e.Seq, errDamaged)
		}
		to, changed, err := x.document(of, e.Doc)
		if err != nil || !changed {
			return n, nil, err
		}
		e.Doc = to
		return n, []any{to, entrySum(no, &e, at), n}, nil
	}}
}

// rewrite leaves nothing in the file but what is stored. SQLite frees the place of what is deleted, or was replaced by something
// longer, and writes over it when it needs it, and the write-ahead log holds earlier forms of pages.
func (s *Store) rewrite(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if s.commit.open || s.commit.err != nil {
		s.conclude(s.commit)
	}
	err := s.pen.refusal(ctx)
	if err == nil {
		err = s.vacuum()
	}
	return s.finish(err)
}

// vacuum runs between two commits.
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
		if !passes(err) {
			s.fail(fmt.Errorf("rewrite the file: %w", err))
		}
		return err
	}
	var busy, pages, moved int
	err = s.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	switch {
	case err == nil && busy != 0:
		err = errors.New("the write-ahead log is in use by a read that takes long")
	case err != nil && !passes(err):
		s.fail(fmt.Errorf("empty the write-ahead log: %w", err))
	}
	return err
}
