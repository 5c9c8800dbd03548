package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	defaultLimit = 100

	recordColumns = `r.tenant, r.kind, r.id, r.born, r.version, r.schema, r.doc, r.priority`

	selectByKeys = `SELECT ` + recordColumns + ` FROM unnest($1::text[], $2::text[], $3::text[]) k(tenant, kind, id)
		JOIN tocsin.record r ON r.tenant = k.tenant AND r.kind = k.kind AND r.id = k.id`

	selectByRef = `SELECT ` + recordColumns + ` FROM (
			SELECT * FROM tocsin.ref x WHERE x.tenant = $1 AND x.kind = $2 AND x.name = $3 AND
				($4 OR (x.record_tenant, x.record_kind, x.record_id) > ($5, $6, $7))
			ORDER BY x.record_tenant, x.record_kind, x.record_id LIMIT $8) x
		JOIN tocsin.record r ON r.tenant = x.record_tenant AND r.kind = x.record_kind AND r.id = x.record_id
		ORDER BY x.record_tenant, x.record_kind, x.record_id`

	selectByState = `SELECT ` + recordColumns + ` FROM tocsin.record r WHERE r.tenant = $1 AND r.kind = $2 AND r.state = $3 AND
			(r.priority, r.id) > ($4, $5)
		ORDER BY r.priority, r.id LIMIT $6`

	// selectByKind reads one page for each state, of which there are few, and merges the pages.
	selectByKind = `WITH RECURSIVE states(state) AS (
			SELECT min(r.state) FROM tocsin.record r
			UNION ALL
			SELECT (SELECT min(r.state) FROM tocsin.record r WHERE r.state > s.state) FROM states s WHERE s.state IS NOT NULL)
		SELECT ` + recordColumns + ` FROM states s CROSS JOIN LATERAL (
			SELECT * FROM tocsin.record r WHERE r.tenant = $1 AND r.kind = $2 AND r.state = s.state AND
				(r.priority, r.id) > ($3, $4)
			ORDER BY r.priority, r.id LIMIT $5) r
		ORDER BY r.priority, r.id LIMIT $5`

	selectTasks = `SELECT ` + taskColumns + ` FROM tocsin.task t WHERE t.record_tenant = $1 AND t.state = $2 AND
		(t.priority, t.id) > ($3, $4) ORDER BY t.priority, t.id LIMIT $5`
	selectAllTasks = `SELECT ` + taskColumns + ` FROM tocsin.task t WHERE t.record_tenant = $1 AND
		(t.priority, t.id) > ($2, $3) ORDER BY t.priority, t.id LIMIT $4`
	selectTasksByID = `SELECT ` + taskColumns + ` FROM tocsin.task t WHERE t.id = ANY($1::text[])`

	selectLog     = `SELECT number, at, doc FROM tocsin.log WHERE number > $1 ORDER BY number LIMIT $2`
	selectLogRows = `SELECT number, at, doc FROM tocsin.log WHERE number = ANY($1::bigint[])`

	selectEntries = `SELECT record, seq, at, kind, doc FROM tocsin.entry WHERE record = ANY($1::bigint[])
		ORDER BY record, seq, place`

	beginRead = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY` // a record and its timeline are of one snapshot
)

// Read implements store.Store. Rows without a priority come last in an order by priority. A dead task has its entry with
// the reason even without q.Timeline. Only dead tasks have an index for listing: listing waiting or leased tasks scans
// all of them.
func (s *Store) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	if err := checkQuery(&q); err != nil {
		return nil, err
	}
	after, err := parseCursor(q.After)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	var found *reading
	err = s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) error {
		found = &reading{s: s, q: &q, after: after}
		return found.run(ctx, conn)
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: read: %w", err)
	}
	return found.rows, nil
}

func checkQuery(q *store.Query) error {
	selectors := 0
	for _, given := range [...]bool{len(q.Keys) > 0, q.Ref != store.Ref{}, q.Kind != ""} {
		if given {
			selectors++
		}
	}
	if selectors != 1 || q.State != "" && q.Kind == "" {
		return errors.New("postgres: a query needs exactly one of Keys, Ref and Kind; State needs Kind")
	}
	if err := errors.Join(checkKeys([]store.Ref{q.Ref}, q.Keys), store.CheckNames(q.Tenant, q.Kind, q.State)); err != nil {
		return fmt.Errorf("postgres: read: %w", err)
	}
	return nil
}

// reading is the state of one Read.
type reading struct {
	s     *Store
	q     *store.Query
	after cursor
	rows  []store.Snapshot
	born  []int64 // number of each record, 0 for rows without a timeline
}

func (r *reading) run(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	if r.q.Timeline {
		b.Queue(beginRead)
	}
	b.Queue(settings)
	switch {
	case len(r.q.Keys) > 0:
		r.byKeys(b)
	case r.q.Kind == store.KindLog:
		r.log(b)
	case r.q.Kind == store.KindTask:
		r.tasks(b)
	default:
		r.records(b)
	}
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	if len(r.q.Keys) > 0 {
		r.cut()
	}
	if !r.q.Timeline {
		return nil
	}
	return r.timelines(ctx, conn)
}

func (r *reading) queue(b *pgx.Batch, statement string, scan func(pgx.Rows) error, args ...any) {
	b.Queue(r.s.sql(statement), args...).Query(scan)
}

func (r *reading) records(b *pgx.Batch) {
	q, after := r.q, r.after
	switch {
	case q.Kind == "":
		r.queue(b, selectByRef, r.scanRecords, q.Ref.Tenant, q.Ref.Kind, q.Ref.Name, q.After == "",
			after.key.Tenant, after.key.Kind, after.key.ID, q.Limit)
	case q.State == "":
		r.queue(b, selectByKind, r.scanRecords, q.Tenant, q.Kind, after.priority, after.key.ID, q.Limit)
	default:
		r.queue(b, selectByState, r.scanRecords, q.Tenant, q.Kind, q.State, after.priority, after.key.ID, q.Limit)
	}
}

func (r *reading) tasks(b *pgx.Batch) {
	if r.q.State == "" {
		r.queue(b, selectAllTasks, r.scanTasks, r.q.Tenant, r.after.priority, r.after.key.ID, r.q.Limit)
		return
	}
	r.queue(b, selectTasks, r.scanTasks, r.q.Tenant, r.q.State, r.after.priority, r.after.key.ID, r.q.Limit)
}

func (r *reading) log(b *pgx.Batch) {
	if r.q.Tenant != "" || r.q.State != "" {
		return
	}
	number, _ := strconv.ParseInt(r.after.key.ID, 10, 64) // a cursor of another kind means the beginning
	r.queue(b, selectLog, r.scanLog, number, r.q.Limit)
}

func (r *reading) byKeys(b *pgx.Batch) {
	var records keys
	var tasks []string
	var numbers []int64
	for _, k := range r.q.Keys {
		switch number, err := strconv.ParseInt(k.ID, 10, 64); {
		case k.Kind == store.KindTask:
			tasks = append(tasks, k.ID)
		case k.Kind == store.KindLog && err == nil:
			numbers = append(numbers, number)
		default:
			records.add(k)
		}
	}
	if len(records.id) > 0 {
		r.queue(b, selectByKeys, r.scanRecords, records.tenant, records.kind, records.id)
	}
	if len(tasks) > 0 {
		r.queue(b, selectTasksByID, r.scanTasks, tasks)
	}
	if len(numbers) > 0 {
		r.queue(b, selectLogRows, r.scanLog, numbers)
	}
}

// cut sorts rows found by keys, removes duplicates, and cuts the page. It also removes a task found under a wrong tenant,
// and a log row found by a number in another notation.
func (r *reading) cut() {
	wanted := make(map[store.Key]struct{}, len(r.q.Keys))
	for _, k := range r.q.Keys {
		if r.q.After == "" || r.after.key.Compare(k) < 0 {
			wanted[k] = struct{}{}
		}
	}
	type found struct {
		row  store.Snapshot
		born int64
	}
	var page []found
	for i, row := range r.rows {
		if _, ok := wanted[row.Key]; ok {
			delete(wanted, row.Key)
			page = append(page, found{row, r.born[i]})
		}
	}
	slices.SortFunc(page, func(a, b found) int { return a.row.Key.Compare(b.row.Key) })
	r.rows, r.born = nil, nil
	for _, f := range page[:min(len(page), r.q.Limit)] {
		r.rows, r.born = append(r.rows, f.row), append(r.born, f.born)
	}
}

func (r *reading) add(row store.Snapshot, born int64) {
	r.rows, r.born = append(r.rows, row), append(r.born, born)
}

func (r *reading) scanRecords(rows pgx.Rows) error {
	var k store.Key
	var born, version int64
	var schema int32
	var doc []byte
	var priority int16
	_, err := pgx.ForEachRow(rows, []any{&k.Tenant, &k.Kind, &k.ID, &born, &version, &schema, &doc, &priority}, func() error {
		rec := r.s.decode(k.Kind, schema, doc)
		r.add(store.Snapshot{Key: k, Version: uint64(version), Rec: rec, Cursor: cursor{priority, k}.String()}, born)
		return nil
	})
	return err
}

func (r *reading) scanTasks(rows pgx.Rows) error {
	var row taskRow
	_, err := pgx.ForEachRow(rows, row.targets(), func() error {
		r.add(row.snapshot(), 0)
		return nil
	})
	return err
}

func (r *reading) scanLog(rows pgx.Rows) error {
	var number, at int64
	var doc []byte
	_, err := pgx.ForEachRow(rows, []any{&number, &at, &doc}, func() error {
		k := store.Key{Kind: store.KindLog, ID: fmt.Sprintf("%020d", number)} // zero-padded, so that keys sort as numbers do
		entry := store.Entry{Seq: uint64(number), At: instant(&at), Kind: store.KindLog, Doc: doc}
		doc = nil
		r.add(store.Snapshot{Key: k, Version: 1, Rec: entry, Cursor: cursor{key: k}.String()}, 0)
		return nil
	})
	return err
}

// timelines reads the entries of the rows, and ends the transaction.
func (r *reading) timelines(ctx context.Context, conn *pgxpool.Conn) error {
	at := make(map[int64]int, len(r.rows))
	for i, born := range r.born {
		if born != 0 {
			at[born] = i
		}
	}
	b := &pgx.Batch{}
	b.Queue(r.s.sql(selectEntries), r.born).Query(func(rows pgx.Rows) error {
		var born, seq int64
		var when *int64
		var e store.Entry
		_, err := pgx.ForEachRow(rows, []any{&born, &seq, &when, &e.Kind, &e.Doc}, func() error {
			if i, ok := at[born]; ok {
				e.Seq, e.At = uint64(seq), instant(when)
				r.rows[i].Entries = append(r.rows[i].Entries, e)
			}
			e.Doc = nil
			return nil
		})
		return err
	})
	b.Queue("commit")
	return conn.SendBatch(ctx, b).Close()
}
