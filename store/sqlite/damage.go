package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// Check reads the whole file and returns an error that names the damage it finds. Every read verifies the rows that it
// returns; only Check finds rows that are missing from an index. It takes one to two seconds for each 100 MB, while other
// calls go on. Run it on a backup before you rely on that backup, and from time to time on the store.
func (s *Store) Check(ctx context.Context) error {
	if err := s.writer.refusal(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.readError(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	r := &reader{Store: s, ctx: ctx, tx: tx}
	for _, check := range [...]func() error{r.checkPages, r.checkRecords, r.checkTasks, r.checkRest} {
		if err := check(); err != nil {
			return s.readError(ctx, err)
		}
	}
	return nil
}

// checkPages runs SQLite's integrity check of pages and indexes.
func (r *reader) checkPages() error {
	var text string
	return r.each("PRAGMA integrity_check(1)", nil, []any{&text}, func() error {
		if text != "ok" {
			return errors.New(text)
		}
		return nil
	})
}

// checkRecords verifies the checksum of each record, and compares the refs that records publish with the ref table.
func (r *reader) checkRecords() error {
	var published, found refSum
	in := newRow()
	err := r.each("SELECT "+recordColumns+" FROM record", nil, in.fields, func() error {
		rec, err := r.read(in)
		if err != nil {
			return err
		}
		names := make(map[store.Ref]struct{})
		for _, ref := range rec.refs {
			names[ref] = struct{}{}
		}
		for ref := range names {
			published.add(ref, rec.key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var ref store.Ref
	var of store.Key
	err = r.each("SELECT tenant, kind, name, of_tenant, of_kind, of_id FROM ref", nil,
		[]any{&ref.Tenant, &ref.Kind, &ref.Name, &of.Tenant, &of.Kind, &of.ID}, func() error {
			found.add(ref, of)
			return nil
		})
	if err != nil {
		return err
	}
	if found != published {
		return fmt.Errorf("the ref table has %d refs, but records publish %d: %w", found.n, published.n, errDamaged)
	}
	return nil
}

// refSum is a checksum of refs that does not depend on their order.
type refSum struct{ n, of int64 }

func (s *refSum) add(ref store.Ref, of store.Key) {
	var x sum
	x.texts(ref.Tenant, ref.Kind, ref.Name, of.Tenant, of.Kind, of.ID)
	s.n++
	s.of += x.result()
}

// checkTasks verifies the checksum of each task, and that the head of each lane is its first task.
func (r *reader) checkTasks() error {
	in := newTaskRow()
	err := r.each("SELECT "+taskColumns+" FROM task", nil, in.fields, func() error {
		_, err := in.read()
		return err
	})
	if err != nil {
		return err
	}
	var lanes int
	if err := r.one("SELECT count(*) FROM (SELECT 1 FROM task WHERE dead = 0 GROUP BY tenant, kind, record, lane "+
		"HAVING sum(head) != 1 OR max(head * place) != min(place))", &lanes); err != nil {
		return err
	}
	if lanes > 0 {
		return fmt.Errorf("%d lanes whose head is not their first task: %w", lanes, errDamaged)
	}
	return nil
}

// checkRest verifies the checksums of the timelines, the log and the event ids.
func (r *reader) checkRest() error {
	var n, no, sum int64
	var at instant
	var ids []byte
	var e store.Entry
	err := r.each("SELECT record, seq, at, kind, doc, sum FROM entry", nil, []any{&no, &e.Seq, &at, &e.Kind, &e.Doc, &sum}, func() error {
		if entrySum(no, &e, at) != sum {
			return fmt.Errorf("timeline %d, entry %d: %w", no, e.Seq, errDamaged)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = r.each("SELECT n, at, doc, sum FROM log", nil, []any{&n, &at, &ids, &sum}, func() error {
		if logSum(n, at, ids) != sum {
			return fmt.Errorf("log, row %d: %w", n, errDamaged)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.each("SELECT n, ids, sum FROM seen", nil, []any{&n, &ids, &sum}, func() error {
		if seenSum(n, ids) != sum {
			return fmt.Errorf("event ids, row %d: %w", n, errDamaged)
		}
		return nil
	})
}

func (r *reader) one(query string, into any) error {
	return r.tx.QueryRowContext(r.ctx, query).Scan(into)
}
