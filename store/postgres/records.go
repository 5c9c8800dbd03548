package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/store"
)

const (
	// The versions are compared here once more, so that a lock which does not hold fails closed.
	updateRecords = `WITH put AS (
			UPDATE tocsin.record r SET version = r.version + 1, schema = $5, doc = u.doc, state = u.state,
				priority = u.priority, due = nullif(u.due, ` + neverSQL + `), ended = nullif(u.ended, ` + neverSQL + `), refs = u.refs
			FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[],
				$6::bytea[], $7::text[], $8::smallint[], $9::bigint[], $10::bigint[], $11::text[])
				u(tenant, kind, id, version, doc, state, priority, due, ended, refs)
			WHERE r.tenant = u.tenant AND r.kind = u.kind AND r.id = u.id AND r.version = u.version RETURNING 1)
		SELECT tocsin.expect((SELECT count(*) FROM put), cardinality($1::text[]), 'record')`

	deleteRecords = `WITH gone AS (
			DELETE FROM tocsin.record r USING unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) u(tenant, kind, id, version)
			WHERE r.tenant = u.tenant AND r.kind = u.kind AND r.id = u.id AND r.version = u.version RETURNING 1)
		SELECT tocsin.expect((SELECT count(*) FROM gone), cardinality($1::text[]), 'record')`

	deleteEntries = `DELETE FROM tocsin.entry WHERE record = ANY($1::bigint[])`

	insertEntries = `INSERT INTO tocsin.entry (record, seq, at, kind, doc)
		SELECT u.record, u.seq, nullif(u.at, ` + neverSQL + `), u.kind, u.doc
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[]) WITH ORDINALITY
			u(record, seq, at, kind, doc, n) ORDER BY u.n`

	sixColumns = `unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
			u(tenant, kind, name, record_tenant, record_kind, record_id)`

	deleteRefs = `DELETE FROM tocsin.ref r USING ` + sixColumns + ` WHERE r.tenant = u.tenant AND r.kind = u.kind AND
		r.name = u.name AND r.record_tenant = u.record_tenant AND r.record_kind = u.record_kind AND r.record_id = u.record_id`

	insertRefs = `INSERT INTO tocsin.ref SELECT * FROM ` + sixColumns + ` ON CONFLICT DO NOTHING`
)

// noPriority is how a record without one is stored: behind all others.
const noPriority = 6

// recordRows are rows of records on their way into a statement.
type recordRows struct {
	keys
	version    []int64
	doc        [][]byte
	state      []string
	priority   []int16
	due, ended []int64
	refs       []string
}

// entryRows are lines of timelines on their way into a statement.
type entryRows struct {
	record, seq, at []int64
	kind            []string
	doc             [][]byte
}

// recordsWriter gathers what becomes of records.
type recordsWriter struct {
	s                 *Store
	put, gone         recordRows
	goneBorn          []int64 // that have a timeline to delete
	entries           entryRows
	published, hidden links
}

// writeRecords queues the statements that change records. Rows that stand for no record leave with those that are deleted.
func (t *turn) writeRecords(b *pgx.Batch, changes []store.Change) error {
	w := recordsWriter{s: t.s}
	stays := make(map[store.Key]struct{}, len(changes))
	for i := range changes {
		c := &changes[i]
		if c.Rec == nil {
			continue
		}
		stays[c.Key] = struct{}{}
		if err := w.change(c, t.scope.of(c.Key)); err != nil {
			return fmt.Errorf("record %s: %w", name(c.Key), err)
		}
	}
	for i := range changes {
		if k := changes[i].Key; changes[i].Rec == nil && k.Kind != store.KindTask && k.Kind != store.KindLog {
			stays[k] = struct{}{} // dealt with here
			if err := w.remove(t.scope.of(k)); err != nil {
				return fmt.Errorf("record %s: %w", name(k), err)
			}
		}
	}
	for _, r := range t.scope.list {
		if _, dealtWith := stays[r.key]; !dealtWith && r.version == 0 {
			w.drop(r)
		}
	}
	w.queue(b)
	return nil
}

func (w *recordsWriter) change(c *store.Change, old *locked) error {
	doc, err := w.s.codec.Encode(c.Key.Kind, respond.Schema, c.Rec)
	if err != nil {
		return err
	}
	refs := writeRefs(c.Refs)
	if refs != old.refs {
		if err := w.publish(c.Key, old.refs, c.Refs); err != nil {
			return err
		}
	}
	w.put.add(c.Key)
	w.put.version = append(w.put.version, int64(c.Version))
	w.put.doc = append(w.put.doc, doc)
	old.cached = cached{born: old.born, version: old.version + 1, rec: c.Rec, bytes: len(doc)} // which nobody sees unless it is committed
	w.put.state = append(w.put.state, c.State)
	priority := int16(c.Priority)
	if priority == 0 {
		priority = noPriority
	}
	w.put.priority = append(w.put.priority, priority)
	w.put.due = append(w.put.due, nanos(c.Due))
	w.put.ended = append(w.put.ended, nanos(c.Ended))
	w.put.refs = append(w.put.refs, refs)
	for i := range c.Entries {
		w.entries.add(old.born, &c.Entries[i])
	}
	return nil
}

// publish makes a record found under refs and no longer under those that it had before.
func (w *recordsWriter) publish(k store.Key, before string, refs []store.Ref) error {
	old, err := readRefs(before)
	if err != nil {
		return err
	}
	for _, r := range old {
		if !slices.Contains(refs, r) {
			w.hidden.add(r, k)
		}
	}
	for _, r := range refs {
		if !slices.Contains(old, r) {
			w.published.add(r, k)
		}
	}
	return nil
}

func (w *recordsWriter) remove(old *locked) error {
	w.drop(old)
	w.goneBorn = append(w.goneBorn, old.born)
	return w.publish(old.key, old.refs, nil)
}

func (w *recordsWriter) drop(old *locked) {
	old.cached = cached{gone: true}
	w.gone.add(old.key)
	w.gone.version = append(w.gone.version, int64(old.version))
}

func (e *entryRows) add(record int64, entry *store.Entry) {
	e.record = append(e.record, record)
	e.seq = append(e.seq, int64(entry.Seq))
	e.at = append(e.at, nanos(entry.At))
	e.kind = append(e.kind, entry.Kind)
	doc := entry.Doc
	if doc == nil {
		doc = []byte{}
	}
	e.doc = append(e.doc, doc)
}

// queue leaves out what there is nothing of.
func (w *recordsWriter) queue(b *pgx.Batch) {
	if p := &w.put; len(p.id) > 0 {
		b.Queue(w.s.sql(updateRecords), p.tenant, p.kind, p.id, p.version, int32(respond.Schema),
			p.doc, p.state, p.priority, p.due, p.ended, p.refs)
	}
	if g := &w.gone; len(g.id) > 0 {
		b.Queue(w.s.sql(deleteRecords), g.tenant, g.kind, g.id, g.version)
	}
	if len(w.goneBorn) > 0 {
		b.Queue(w.s.sql(deleteEntries), w.goneBorn)
	}
	if e := &w.entries; len(e.seq) > 0 {
		b.Queue(w.s.sql(insertEntries), e.record, e.seq, e.at, e.kind, e.doc)
	}
	if len(w.hidden.refs.id) > 0 {
		b.Queue(w.s.sql(deleteRefs), w.hidden.args()...)
	}
	if len(w.published.refs.id) > 0 {
		b.Queue(w.s.sql(insertRefs), w.published.args()...)
	}
}
