package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	// settings are local to one transaction, and override the server's defaults. The idle timeout keeps a paused process
	// from blocking others. synchronous_commit makes acknowledged commits durable, also on a synchronous standby. The
	// planner settings force look-ups by key: with wrong estimates the planner might scan whole tables.
	settings = `SELECT current_setting('transaction_read_only')::bool, pg_postmaster_start_time(),
		set_config('idle_in_transaction_session_timeout', '5s', true),
		CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN set_config('synchronous_commit', 'on', true) END,
		set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)`

	// planOnce is for statements of an Update: their plans do not depend on their parameters.
	planOnce = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true)`

	// begin names the isolation level, since the server's default may differ. Under READ COMMITTED a statement sees the
	// rows that were committed while it waited for locks.
	begin = `BEGIN ISOLATION LEVEL READ COMMITTED`

	selectClock = `SELECT at FROM tocsin.clock`

	// insertSeen locks the ids, and returns those that the window does not have.
	insertSeen = `INSERT INTO tocsin.seen AS s (id, at) SELECT i.id, c.at FROM unnest($1::bytea[]) i(id), tocsin.clock c
		ON CONFLICT (id) DO UPDATE SET at = excluded.at WHERE s.at < excluded.at - $2 RETURNING s.id`

	// insertKeys locks the rows of keys in key order, and creates rows for keys without a record.
	insertKeys = `INSERT INTO tocsin.record (tenant, kind, id) SELECT tenant, kind, id
		FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY k(tenant, kind, id, n) ORDER BY n
		ON CONFLICT (tenant, kind, id) DO UPDATE SET version = 0 WHERE false`

	// insertKey creates rows for keys without a record, and does not touch existing rows.
	insertKey = `INSERT INTO tocsin.record (tenant, kind, id) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
		ON CONFLICT DO NOTHING`

	// lockRecords does not return documents that the cache has.
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

	selectClaims = `SELECT k.n, t.record_tenant, t.record_kind, t.record_id, t.tag, t.state
		FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY k(id, fence, n)
		JOIN tocsin.task t ON t.id = k.id AND t.fence = k.fence WHERE t.state <> 'waiting'`
)

// begin starts a transaction, and fails on a read-only server. Without this check an Update that changes nothing would
// succeed on a standby.
func (s *Store) begin(b *pgx.Batch) {
	b.Queue(begin)
	b.Queue(settings).QueryRow(func(row pgx.Row) error {
		var readOnly bool
		var started time.Time
		err := row.Scan(&readOnly, &started, nil, nil, nil, nil, nil, nil)
		switch {
		case err != nil:
			return err
		case readOnly:
			return errReadOnly
		case !s.cache.from(started):
			return errRowChanged
		}
		return nil
	})
}

// refKeys is the most keys of one ref in a View.
const refKeys = 1_000

// eventIDs returns ids as parameters, without duplicates and in lock order.
func eventIDs(events []store.EventID) [][]byte {
	ids := make([][]byte, len(events))
	for i := range events {
		ids[i] = events[i][:]
	}
	slices.SortFunc(ids, bytes.Compare)
	return slices.CompactFunc(ids, bytes.Equal)
}

// placesOf returns the index in ids of each event.
func placesOf(events []store.EventID, ids [][]byte) []int {
	at := make([]int, len(events))
	for i := range events {
		at[i], _ = slices.BinarySearchFunc(ids, events[i][:], bytes.Compare)
	}
	return at
}

func (r *round) lookUpEvents(b *pgx.Batch) {
	b.Queue(r.s.sql(selectClock)).QueryRow(func(row pgx.Row) error { return row.Scan(&r.clock) })
	r.fresh, r.applied = make([]bool, len(r.ids)), make([]bool, len(r.ids))
	if len(r.ids) == 0 {
		return
	}
	b.Queue(r.s.sql(insertSeen), r.ids, int64(windowFor)).Query(func(rows pgx.Rows) error {
		var id []byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			n, _ := slices.BinarySearchFunc(r.ids, id, bytes.Compare)
			r.fresh[n] = true
			return nil
		})
		return err
	})
}

// lookUpScope locks and reads the records that are not locked yet, then looks up the refs.
func (r *round) lookUpScope(b *pgx.Batch) {
	add := r.scope.list[r.scope.held:]
	r.scope.held = len(r.scope.list)
	r.s.cache.get(add)
	for run := range runs(add) {
		r.lockRecords(b, run)
	}
	r.lookUpRefs(b)
}

// lockRecords locks the records of one run. It first creates rows for keys without a record, so that two transactions
// that create the same record wait for each other. It assumes that cached records exist; if one does not, the next try
// knows.
func (r *round) lockRecords(b *pgx.Batch, run []*locked) {
	var all keys
	born, version := make([]int64, len(run)), make([]int64, len(run))
	for i, l := range run {
		all.add(l.key)
		born[i], version[i] = l.cached.born, int64(l.cached.version)
	}
	mode, insert := "SHARE OF r", insertKey
	if run[0].write {
		mode, insert = "UPDATE OF r", insertKeys
	}
	if unknown(run) {
		b.Queue(r.s.sql(insert), all.tenant, all.kind, all.id)
	}
	b.Queue(r.s.sql(lockRecords)+mode, all.tenant, all.kind, all.id, born, version).
		Query(func(rows pgx.Rows) error { return r.readRecords(rows, run) })
}

func (r *round) readRecords(rows pgx.Rows, run []*locked) error {
	var n int
	var born, version int64
	var schema int32
	var refs string
	var doc []byte
	_, err := pgx.ForEachRow(rows, []any{&n, &born, &version, &schema, &refs, &doc}, func() error {
		l := run[n-1]
		l.found, l.born, l.stored, l.version, l.refs = true, born, uint64(version), uint64(version), refs
		switch {
		case version == 0:
			return nil
		case doc == nil:
			l.rec = l.cached.rec
			return nil
		}
		l.rec = r.s.decode(l.key.Kind, schema, doc)
		switch l.rec.(type) {
		case store.Newer:
			l.newer = true
		case store.Unreadable:
		default:
			l.cached = cached{born: born, version: l.version, rec: l.rec, bytes: len(doc)}
		}
		return nil
	})
	r.s.cache.add(run)
	return err
}

func (r *round) lookUpRefs(b *pgx.Batch) {
	r.found = make(map[store.Ref][]store.Key)
	if len(r.refs) == 0 {
		return
	}
	var names keys
	for _, ref := range r.refs {
		names.add(store.Key{Tenant: ref.Tenant, Kind: ref.Kind, ID: ref.Name})
	}
	b.Queue(r.s.sql(selectRefs), names.tenant, names.kind, names.id).Query(func(rows pgx.Rows) error {
		var n int
		var k store.Key
		_, err := pgx.ForEachRow(rows, []any{&n, &k.Tenant, &k.Kind, &k.ID}, func() error {
			ref := r.refs[n-1]
			r.found[ref] = append(r.found[ref], k)
			return nil
		})
		return err
	})
}

func (r *round) lookUpClaims(b *pgx.Batch) {
	r.valid, r.held = nil, make(map[store.Claim]claimed)
	if len(r.claims) == 0 {
		return
	}
	ids, fences := columnsOf(r.claims)
	b.Queue(r.s.sql(selectClaims), ids, fences).Query(func(rows pgx.Rows) error {
		var n int
		var x claimed
		var k store.Key
		var state string
		_, err := pgx.ForEachRow(rows, []any{&n, &k.Tenant, &k.Kind, &k.ID, &x.tag, &state}, func() error {
			claim := r.claims[n-1]
			if _, twice := r.held[claim]; !twice {
				r.valid = append(r.valid, claim)
			}
			x.record, x.dead = k, state == dead
			r.held[claim] = x
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

// decode decodes a document. It returns a store.Newer for a document of a newer program, and a store.Unreadable for one
// that the codec refuses.
func (s *Store) decode(kind string, schema int32, doc []byte) any {
	number := uint16(schema)
	if int32(number) != schema {
		return store.NewUnreadable(0, bytes.Clone(doc), fmt.Errorf("schema %d, expected 0 to 65535", schema))
	}
	rec, err := s.codec.Decode(kind, number, doc)
	switch {
	case errors.Is(err, store.ErrNewer):
		return store.Newer{Schema: number, Doc: bytes.Clone(doc)}
	case err != nil:
		return store.NewUnreadable(number, bytes.Clone(doc), err)
	}
	return rec
}
