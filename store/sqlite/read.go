package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/tocsin-dev/tocsin/store"
)

const defaultLimit = 100

// Read implements store.Store. It reads committed data, in one snapshot, and blocks no writer. Rows without a priority
// come last in an order by priority. A dead task has its entry with the reason even without q.Timeline.
func (s *Store) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if err := s.writer.refusal(ctx); err != nil {
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
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.readError(ctx, err)
	}
	defer func() { _ = tx.Rollback() }()
	r := &reader{Store: s, ctx: ctx, tx: tx, withTimeline: q.Timeline}
	switch {
	case len(q.Keys) > 0:
		err = r.keys(&q, after)
	case q.Kind == store.KindLog:
		err = r.log(&q, after)
	case q.Kind == store.KindTask:
		err = r.tasks(&q, after)
	case q.Kind != "":
		err = r.kind(&q, after)
	default:
		err = r.ref(&q, after)
	}
	if err != nil {
		return nil, s.readError(ctx, err)
	}
	return r.page(q.Limit), nil
}

// readError returns the reason of a failed read: first a closed store, then a done context, then err.
func (s *Store) readError(ctx context.Context, err error) error {
	if refused := s.writer.refusal(ctx); refused != nil {
		return refused
	}
	return fmt.Errorf("sqlite: read: %w", err)
}

func checkQuery(q *store.Query) error {
	selectors := 0
	for _, given := range [...]bool{len(q.Keys) > 0, q.Ref != store.Ref{}, q.Kind != ""} {
		if given {
			selectors++
		}
	}
	if selectors != 1 || q.State != "" && q.Kind == "" {
		return errors.New("sqlite: a query needs exactly one of Keys, Ref and Kind; State needs Kind")
	}
	return nil
}

// reader answers one Query.
type reader struct {
	*Store
	ctx          context.Context
	tx           *sql.Tx
	withTimeline bool
	found        []found
}

// found is a row with the values by which rows are sorted.
type found struct {
	store.Snapshot
	priority uint8 // as in the column: 6 means none
}

func (r *reader) page(limit int) []store.Snapshot {
	var out []store.Snapshot
	for _, f := range r.found[:min(len(r.found), limit)] {
		out = append(out, f.Snapshot)
	}
	return out
}

// sort orders rows that were read by several queries.
func (r *reader) sort() {
	slices.SortFunc(r.found, func(a, b found) int {
		if c := cmp.Compare(a.priority, b.priority); c != 0 {
			return c
		}
		return a.Key.Compare(b.Key)
	})
}

// each scans rows into variables, and calls use for each row.
func (r *reader) each(query string, args, into []any, use func() error) error {
	var rows *sql.Rows
	var err error
	if st := r.queries[query]; st != nil {
		rows, err = r.tx.StmtContext(r.ctx, st).QueryContext(r.ctx, args...)
	} else {
		rows, err = r.tx.QueryContext(r.ctx, query, args...)
	}
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := use(); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reader) keys(q *store.Query, after cursor) error {
	keys := slices.SortedFunc(slices.Values(q.Keys), store.Key.Compare)
	for _, k := range slices.Compact(keys) {
		if len(r.found) == q.Limit {
			break
		}
		if q.After != "" && after.key.Compare(k) >= 0 {
			continue
		}
		if err := r.key(k); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) key(k store.Key) error {
	switch k.Kind {
	case store.KindLog:
		n, err := strconv.ParseInt(k.ID, 10, 64)
		if err != nil || k != logKey(n) {
			return nil // no such row
		}
		return r.logRows(logRow, n, 1)
	case store.KindTask:
		return r.taskRows(taskByID, k.Tenant, k.ID)
	}
	return r.records(recordByKey, k.Tenant, k.Kind, k.ID)
}

// kind reads records of a kind. The index is by state, so without q.State it reads a page of each state.
func (r *reader) kind(q *store.Query, after cursor) error {
	states := []string{q.State}
	if q.State == "" {
		var err error
		if states, err = r.states(q); err != nil {
			return err
		}
	}
	for _, state := range states {
		err := r.records(recordsByState, q.Tenant, q.Kind, state, after.priority, after.key.ID, q.Limit)
		if err != nil {
			return err
		}
	}
	r.sort()
	return nil
}

// states returns the states of a kind, with one index look-up for each.
func (r *reader) states(q *store.Query) ([]string, error) {
	var states []string
	state, query := "", firstState
	for {
		before := len(states)
		err := r.each(query, []any{q.Tenant, q.Kind, state}, []any{&state}, func() error {
			states = append(states, state)
			return nil
		})
		if err != nil || len(states) == before {
			return states, err
		}
		query = nextState
	}
}

func (r *reader) ref(q *store.Query, after cursor) error {
	k := after.key
	return r.records(recordsByRef,
		q.Ref.Tenant, q.Ref.Kind, q.Ref.Name, k.Tenant, k.Kind, k.ID, q.Limit)
}

func (r *reader) records(query string, args ...any) error {
	first := len(r.found)
	var timelines []int64
	in := newRow()
	err := r.each(query, args, in.fields, func() error {
		rec := r.read(in)
		r.found = append(r.found, found{priority: rec.rank(), Snapshot: store.Snapshot{
			Key: rec.key, Version: rec.version, Rec: rec.rec, Cursor: cursor{rec.rank(), rec.key}.String(),
		}})
		timelines = append(timelines, rec.no)
		return nil
	})
	for i, no := range timelines {
		if err == nil && r.withTimeline {
			r.found[first+i].Entries, err = r.entries(no)
		}
	}
	return err
}

func (r *reader) entries(no int64) ([]store.Entry, error) {
	var out []store.Entry
	var e store.Entry
	var at instant
	var sum int64
	err := r.each(timeline, []any{no}, []any{&e.Seq, &at, &e.Kind, &e.Doc, &sum}, func() error {
		e.At, e.Err = timeOf(at), nil
		if entrySum(no, &e, at) != sum {
			e.Err = damaged("timeline %d, entry %d", no, e.Seq)
		}
		out = append(out, e)
		return nil
	})
	return out, err
}
