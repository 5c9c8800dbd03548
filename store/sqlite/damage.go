package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tocsin-dev/tocsin/store"
)

// Check reads the whole file and returns an error that names the damage it finds. Every read verifies the rows that it
// returns; only Check finds rows that are missing from an index. It takes one to two seconds for each 100 MB, while other
// calls go on. Run it on a backup before you rely on that backup, and from time to time on the store.
//
// The error wraps [store.ErrUnreadable] if only single rows are damaged, or hold documents that cannot be decoded. It names
// the first hundred of them. The store works on with all other rows.
func (s *Store) Check(ctx context.Context) error {
	if err := s.writer.refusal(ctx); err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.readError(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	c := &checker{reader: reader{Store: s, ctx: ctx, tx: tx}}
	for _, check := range [...]func() error{c.checkPages, c.checkRecords, c.checkTasks, c.checkRest} {
		if err := check(); err != nil {
			return s.readError(ctx, err)
		}
	}
	if err := c.err(); err != nil {
		return fmt.Errorf("sqlite: check: %w", err)
	}
	return nil
}

// checker is the state of one Check.
type checker struct {
	reader
	unreadable
}

// unreadable collects why rows cannot be read.
type unreadable struct {
	named []error
	more  int // rows beyond mostNamed
}

// mostNamed is how many rows an error names.
const mostNamed = 100

// note adds the error of one row. nil adds nothing.
func (u *unreadable) note(err error) {
	switch {
	case err == nil:
	case len(u.named) < mostNamed:
		u.named = append(u.named, err)
	default:
		u.more++
	}
}

// err returns an error that names the rows and wraps store.ErrUnreadable, or nil if there are none.
func (u *unreadable) err() error {
	err := errors.Join(u.named...)
	if u.more > 0 {
		err = fmt.Errorf("%w\nand %d rows more", err, u.more)
	}
	return err
}

// checkPages runs SQLite's integrity check of pages and indexes.
func (c *checker) checkPages() error {
	var text string
	return c.each("PRAGMA integrity_check(1)", nil, []any{&text}, func() error {
		if text != "ok" {
			return errors.New(text)
		}
		return nil
	})
}

// checkRecords verifies the checksum of each record, and compares the refs that records publish with the ref table.
func (c *checker) checkRecords() error {
	var published, found refSum
	var unknown []store.Key // whose refs are not known
	in := newRow()
	err := c.each("SELECT "+recordColumns+" FROM record", nil, in.fields, func() error {
		rec := c.read(in)
		if err := rec.damage(); err != nil {
			c.note(err)
			unknown = append(unknown, rec.key)
			return nil
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
	err = c.each("SELECT tenant, kind, name, of_tenant, of_kind, of_id FROM ref", nil,
		[]any{&ref.Tenant, &ref.Kind, &ref.Name, &of.Tenant, &of.Kind, &of.ID}, func() error {
			if !slices.Contains(unknown, of) {
				found.add(ref, of)
			}
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
func (c *checker) checkTasks() error {
	in := newTaskRow()
	err := c.each("SELECT "+taskColumns+" FROM task", nil, in.fields, func() error {
		c.note(in.read().Err)
		return nil
	})
	if err != nil {
		return err
	}
	var lanes int
	if err := c.one("SELECT count(*) FROM (SELECT 1 FROM task WHERE dead = 0 GROUP BY tenant, kind, record, lane "+
		"HAVING sum(head) != 1 OR max(head * place) != min(place))", &lanes); err != nil {
		return err
	}
	if lanes > 0 {
		return fmt.Errorf("%d lanes whose head is not their first task: %w", lanes, errDamaged)
	}
	return nil
}

// checkRest verifies the checksums of the timelines, the log and the event ids.
func (c *checker) checkRest() error {
	var n, no, sum int64
	var at instant
	var ids []byte
	var e store.Entry
	err := c.each("SELECT record, seq, at, kind, doc, sum FROM entry", nil, []any{&no, &e.Seq, &at, &e.Kind, &e.Doc, &sum}, func() error {
		if entrySum(no, &e, at) != sum {
			c.note(damaged("timeline %d, entry %d", no, e.Seq))
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.each("SELECT n, at, doc, sum FROM log", nil, []any{&n, &at, &ids, &sum}, func() error {
		if logSum(n, at, ids) != sum {
			c.note(damaged("log, row %d", n))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.each("SELECT n, ids, sum FROM seen", nil, []any{&n, &ids, &sum}, func() error {
		if seenSum(n, ids) != sum {
			c.note(damaged("event ids, row %d", n))
		}
		return nil
	})
}

func (r *reader) one(query string, into any) error {
	return r.tx.QueryRowContext(r.ctx, query).Scan(into)
}
