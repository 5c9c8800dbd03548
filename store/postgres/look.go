package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	// settings hold for one transaction, whatever is the default for others. A process that stands still must not keep others
	// waiting for its locks. What is acknowledged must have been synced. And our statements look for rows by key, as many as
	// a caller names: a planner that guesses how many those are, or how large the tables have become, must not scan them all.
	settings = `SELECT set_config('idle_in_transaction_session_timeout', '5s', true), CASE WHEN
			current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END,
		set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

	// begin names the level, since the default may be another one. Statements must see what was committed while they waited.
	begin = `BEGIN ISOLATION LEVEL READ COMMITTED`

	selectClock = `SELECT at FROM tocsin.clock`

	// insertSeen locks the ids and returns those that were not applied within the window.
	insertSeen = `INSERT INTO tocsin.seen AS s (id, at) SELECT i.id, c.at FROM unnest($1::bytea[]) i(id), tocsin.clock c
		ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE s.at < excluded.at - $2 RETURNING s.id`

	insertKeys = `INSERT INTO tocsin.record (tenant, kind, id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
		ON CONFLICT DO NOTHING`

	// lockRecords leaves out the documents that the cache has.
	lockRecords = `SELECT k.n, r.born, r.version, r.schema, r.refs,
			CASE WHEN r.born = k.born AND r.version = k.version THEN NULL ELSE r.doc END
		FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
			k(tenant, kind, id, born, version, n)
		JOIN tocsin.record r ON r.tenant = k.tenant AND r.kind = k.kind AND r.id = k.id
		ORDER BY k.n FOR `

	selectRefs = `SELECT k.n, x.record_tenant, x.record_kind, x.record_id
		FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY k(tenant, kind, name, n)
		CROSS JOIN LATERAL (SELECT * FROM tocsin.ref r WHERE r.tenant = k.tenant AND r.kind = k.kind AND r.name = k.name
			ORDER BY r.record_tenant, r.record_kind, r.record_id LIMIT 1000) x
		ORDER BY k.n, x.record_tenant, x.record_kind, x.record_id`

	selectClaims = `SELECT k.n, t.record_tenant, t.record_kind, t.record_id, t.state
		FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY k(id, fence, n)
		JOIN tocsin.task t ON t.id = k.id AND t.fence = k.fence WHERE t.state <> 'waiting'`
)

// eventIDs returns ids as the database takes them, each once and in lock order, and where in that list each one is.
func eventIDs(events []store.EventID) (ids [][]byte, at []int) {
	if len(events) == 0 {
		return nil, nil
	}
	for i := range events {
		ids = append(ids, events[i][:])
	}
	slices.SortFunc(ids, bytes.Compare)
	ids = slices.CompactFunc(ids, bytes.Equal)
	for i := range events {
		n, _ := slices.BinarySearchFunc(ids, events[i][:], bytes.Compare)
		at = append(at, n)
	}
	return ids, at
}

// look begins a transaction, locks the scope in the order of event ids and keys, and reads it. A transaction that is under
// way on the connection is given up.
func (t *turn) look(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	if conn.Conn().PgConn().TxStatus() == 'T' {
		b.Queue("rollback")
	}
	b.Queue(begin)
	b.Queue(settings)
	t.view = store.View{Records: make(map[store.Key]store.Snapshot), Refs: make(map[store.Ref][]store.Key)}
	t.lookUpEvents(b)
	t.lockRecords(b)
	t.lookUpRefs(b)
	t.lookUpClaims(b)
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, n := range t.at {
		t.view.Seen = append(t.view.Seen, !t.fresh[n])
	}
	for _, c := range t.claims {
		_, valid := t.held[c]
		t.view.Valid = append(t.view.Valid, valid)
	}
	return nil
}

func (t *turn) lookUpEvents(b *pgx.Batch) {
	b.Queue(t.s.sql(selectClock)).QueryRow(func(row pgx.Row) error { return row.Scan(&t.clock) })
	t.fresh = make([]bool, len(t.ids))
	if len(t.ids) == 0 {
		return
	}
	b.Queue(t.s.sql(insertSeen), t.ids, int64(windowFor)).Query(func(rows pgx.Rows) error {
		var id []byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			n, _ := slices.BinarySearchFunc(t.ids, id, bytes.Compare)
			t.fresh[n] = true
			return nil
		})
		return err
	})
}

// lockRecords first makes rows for keys that have no record, so that two transactions which are about to create one meet.
// What is cached is taken to be there; where it is not, the next try knows better.
func (t *turn) lockRecords(b *pgx.Batch) {
	t.scope.sort()
	t.s.cache.get(t.scope.list)
	var all, unknown keys
	for _, r := range t.scope.list {
		r.found = false
		all.add(r.key)
		if r.cached.version == 0 {
			unknown.add(r.key)
		}
	}
	if len(unknown.id) > 0 {
		b.Queue(t.s.sql(insertKeys), unknown.tenant, unknown.kind, unknown.id)
	}
	from := 0
	for run := range t.scope.runs {
		to := from + len(run)
		mode := "SHARE OF r"
		if run[0].write {
			mode = "UPDATE OF r"
		}
		born, version := make([]int64, len(run)), make([]int64, len(run))
		for i, r := range run {
			born[i], version[i] = r.cached.born, int64(r.cached.version)
		}
		b.Queue(t.s.sql(lockRecords)+mode, all.tenant[from:to], all.kind[from:to], all.id[from:to], born, version).
			Query(func(rows pgx.Rows) error { return t.readRecords(rows, run) })
		from = to
	}
}

func (t *turn) readRecords(rows pgx.Rows, run []*locked) error {
	var n int
	var born, version int64
	var schema uint16
	var refs string
	var doc []byte
	_, err := pgx.ForEachRow(rows, []any{&n, &born, &version, &schema, &refs, &doc}, func() error {
		r := run[n-1]
		r.found, r.born, r.version, r.refs, r.rec, r.newer = true, born, uint64(version), refs, nil, false
		switch {
		case version == 0:
			return nil
		case doc == nil:
			r.rec = r.cached.rec
			return nil
		}
		var err error
		r.rec, err = t.s.decode(r.key, schema, doc)
		if _, r.newer = r.rec.(store.Newer); err == nil && !r.newer {
			r.cached = cached{born: born, version: r.version, rec: r.rec, bytes: len(doc)}
		}
		return err
	})
	t.s.cache.add(run)
	return err
}

// show fills the view with the records that were asked for, and reports whether all were there to be locked.
func (t *turn) show() bool {
	for _, r := range t.scope.list {
		if !r.found { // deleted meanwhile, or since it was cached
			t.s.cache.forget(r.key)
			return false
		}
		if r.shown {
			t.view.Records[r.key] = store.Snapshot{Key: r.key, Version: r.version, Rec: r.rec}
		}
	}
	return true
}

func (t *turn) lookUpRefs(b *pgx.Batch) {
	if len(t.refs) == 0 {
		return
	}
	var names keys
	for _, r := range t.refs {
		names.add(store.Key{Tenant: r.Tenant, Kind: r.Kind, ID: r.Name})
		t.view.Refs[r] = nil
	}
	b.Queue(t.s.sql(selectRefs), names.tenant, names.kind, names.id).Query(func(rows pgx.Rows) error {
		var n int
		var k store.Key
		_, err := pgx.ForEachRow(rows, []any{&n, &k.Tenant, &k.Kind, &k.ID}, func() error {
			t.view.Refs[t.refs[n-1]] = append(t.view.Refs[t.refs[n-1]], k)
			return nil
		})
		return err
	})
}

func (t *turn) lookUpClaims(b *pgx.Batch) {
	t.held = make(map[store.Claim]claimed)
	if len(t.claims) == 0 {
		return
	}
	ids, fences := columnsOf(t.claims)
	b.Queue(t.s.sql(selectClaims), ids, fences).Query(func(rows pgx.Rows) error {
		var n int
		var k store.Key
		var state string
		_, err := pgx.ForEachRow(rows, []any{&n, &k.Tenant, &k.Kind, &k.ID, &state}, func() error {
			t.held[t.claims[n-1]] = claimed{record: k, dead: state == dead}
			return nil
		})
		return err
	})
}

func columnsOf(claims []store.Claim) (ids []string, fences []int64) {
	for _, c := range claims {
		ids, fences = append(ids, c.ID), append(fences, int64(c.Fence))
	}
	return ids, fences
}

// decode reads a document. One that a newer replica wrote stays as it is.
func (s *Store) decode(k store.Key, schema uint16, doc []byte) (any, error) {
	rec, err := s.codec.Decode(k.Kind, schema, doc)
	if errors.Is(err, store.ErrNewer) {
		return store.Newer{Schema: schema, Doc: bytes.Clone(doc)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", name(k), err)
	}
	return rec, nil
}
