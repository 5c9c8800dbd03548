package postgres

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

var _ store.Eraser = (*Store)(nil)

// Numbers of documents, and of records with their timelines, that Erase edits in one transaction.
const (
	eraseAtOnce   = 500
	recordsAtOnce = 100
)

const (
	loggedBehind = `SELECT number, doc FROM tocsin.log WHERE number > $1 ORDER BY number LIMIT $2 FOR UPDATE`
	eraseLogged  = `UPDATE tocsin.log l SET doc = u.doc FROM unnest($1::bigint[], $2::bytea[]) u(number, doc)
		WHERE l.number = u.number`

	diedBehind = `SELECT id, record_tenant, payload, reason FROM tocsin.task WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2
		FOR UPDATE`
	eraseDied = `UPDATE tocsin.task t SET payload = u.payload, reason = u.reason
		FROM unnest($1::text[], $2::bytea[], $3::text[]) u(id, payload, reason) WHERE t.id = u.id`

	recordsBehind = `SELECT r.tenant, r.kind, r.id, r.born FROM tocsin.record r WHERE (r.tenant, r.kind, r.id) > ($1, $2, $3)
		ORDER BY r.tenant, r.kind, r.id LIMIT $4`
	entriesBehind = `SELECT record, seq, place, doc FROM tocsin.entry
		WHERE record = ANY($1::bigint[]) AND (record, seq, place) > ($2, $3, $4)
		ORDER BY record, seq, place LIMIT $5 FOR UPDATE`
	eraseEntries = `UPDATE tocsin.entry e SET doc = u.doc FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])
		u(record, seq, place, doc) WHERE e.record = u.record AND e.seq = u.seq AND e.place = u.place`
)

// Erase implements store.Eraser. Other replicas may work meanwhile. It cannot erase the server's dead rows (until it
// vacuums), its write-ahead log and its backups.
func (s *Store) Erase(ctx context.Context, edit func(of store.Key, doc []byte) ([]byte, error)) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	x := eraser{s: s, edit: edit}
	for _, part := range [...]func(context.Context) error{x.log, x.died, x.timelines} {
		if err := part(ctx); err != nil {
			return x.changed, fmt.Errorf("postgres: erase: %w", err)
		}
	}
	return x.changed, nil
}

// eraser is the state of one Erase.
type eraser struct {
	s       *Store
	edit    func(of store.Key, doc []byte) ([]byte, error)
	changed int
}

// step reads some rows under lock, writes those that edit changes, and commits. It returns the rows as they were read. If
// other transactions are in the way, it repeats both.
func step[R any](
	ctx context.Context, x *eraser, query string, args []any, scan pgx.RowToFunc[R], change func(*pgx.Batch, []R) error,
) (found []R, err error) {
	before := x.changed
	err = x.s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) error {
		x.changed = before
		b := &pgx.Batch{}
		x.s.begin(b)
		b.Queue(x.s.sql(query), args...).Query(func(rows pgx.Rows) (err error) {
			found, err = pgx.CollectRows(rows, scan)
			return err
		})
		if err := conn.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		b = &pgx.Batch{}
		if err := change(b, found); err != nil {
			return err
		}
		b.Queue("commit")
		return conn.SendBatch(ctx, b).Close()
	})
	if err != nil {
		x.changed = before
	}
	return found, err
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

type logRow struct {
	Number int64
	Doc    []byte
}

func (x *eraser) log(ctx context.Context) error {
	for behind := int64(0); ; {
		rows, err := step(ctx, x, loggedBehind, []any{behind, eraseAtOnce}, pgx.RowToStructByPos[logRow], x.editLog)
		if err != nil || len(rows) == 0 {
			return err
		}
		behind = rows[len(rows)-1].Number
	}
}

func (x *eraser) editLog(b *pgx.Batch, rows []logRow) error {
	var numbers []int64
	var docs [][]byte
	for _, r := range rows {
		to, changed, err := x.document(store.Key{Kind: store.KindLog, ID: fmt.Sprintf("%020d", r.Number)}, r.Doc)
		if err != nil {
			return err
		}
		if changed {
			numbers, docs = append(numbers, r.Number), append(docs, to)
		}
	}
	if len(docs) > 0 {
		b.Queue(x.s.sql(eraseLogged), numbers, docs)
	}
	return nil
}

type deadRow struct {
	ID, Tenant string
	Payload    []byte
	Reason     string
}

func (x *eraser) died(ctx context.Context) error {
	for behind := ""; ; {
		rows, err := step(ctx, x, diedBehind, []any{behind, eraseAtOnce}, pgx.RowToStructByPos[deadRow], x.editDead)
		if err != nil || len(rows) == 0 {
			return err
		}
		behind = rows[len(rows)-1].ID
	}
}

func (x *eraser) editDead(b *pgx.Batch, rows []deadRow) error {
	var ids, reasons []string
	var payloads [][]byte
	for _, r := range rows {
		of := store.Key{Tenant: r.Tenant, Kind: store.KindTask, ID: r.ID}
		payload, changed, err := x.document(of, r.Payload)
		if err != nil {
			return err
		}
		reason, also, err := x.document(of, []byte(r.Reason))
		if err != nil {
			return err
		}
		if changed || also {
			ids, payloads, reasons = append(ids, r.ID), append(payloads, payload), append(reasons, string(reason))
		}
	}
	if len(ids) > 0 {
		b.Queue(x.s.sql(eraseDied), ids, payloads, reasons)
	}
	return nil
}

// recordRow names a record, and its timeline by the record's number (column born).
type recordRow struct {
	store.Key
	Born int64
}

func (x *eraser) timelines(ctx context.Context) error {
	var last store.Key
	for {
		args := []any{last.Tenant, last.Kind, last.ID, recordsAtOnce}
		only := func(*pgx.Batch, []recordRow) error { return nil }
		rows, err := step(ctx, x, recordsBehind, args, pgx.RowToStructByPos[recordRow], only)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := x.entries(ctx, rows); err != nil {
			return err
		}
		last = rows[len(rows)-1].Key
	}
}

type entryRow struct {
	Record, Seq, Place int64
	Doc                []byte
}

func (x *eraser) entries(ctx context.Context, records []recordRow) error {
	of := make(map[int64]store.Key, len(records))
	for _, r := range records {
		of[r.Born] = r.Key
	}
	born := slices.Collect(maps.Keys(of))
	for last := (entryRow{}); ; {
		args := []any{born, last.Record, last.Seq, last.Place, eraseAtOnce}
		rows, err := step(ctx, x, entriesBehind, args, pgx.RowToStructByPos[entryRow], func(b *pgx.Batch, rows []entryRow) error {
			return x.editEntries(b, rows, of)
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		last = rows[len(rows)-1]
	}
}

func (x *eraser) editEntries(b *pgx.Batch, rows []entryRow, of map[int64]store.Key) error {
	var record, seq, place []int64
	var docs [][]byte
	for _, r := range rows {
		to, changed, err := x.document(of[r.Record], r.Doc)
		if err != nil {
			return err
		}
		if changed {
			record, seq, place, docs = append(record, r.Record), append(seq, r.Seq), append(place, r.Place), append(docs, to)
		}
	}
	if len(docs) > 0 {
		b.Queue(x.s.sql(eraseEntries), record, seq, place, docs)
	}
	return nil
}
