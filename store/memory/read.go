package memory

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"

	"github.com/tocsin-dev/tocsin/store"
)

const defaultLimit = 100

// Read implements store.Store. Rows without a priority come last in an order by priority. A dead task has its entry with
// the reason even without q.Timeline.
func (s *Store) Read(ctx context.Context, q store.Query) ([]store.Snapshot, error) {
	if err := s.enter(ctx, false); err != nil {
		return nil, err
	}
	defer s.writers.Leave()
	if err := checkQuery(&q); err != nil {
		return nil, err
	}
	var after *cursor
	if q.After != "" {
		c, err := parseCursor(q.After)
		if err != nil {
			return nil, err
		}
		after = &c
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	switch {
	case len(q.Keys) > 0:
		return s.readKeys(&q, after), nil
	case q.Kind == store.KindLog:
		return s.readLog(&q, after), nil
	case q.Kind == store.KindTask:
		return s.readTasks(&q, after), nil
	default:
		return s.readRecords(&q, after), nil
	}
}

func checkQuery(q *store.Query) error {
	selectors := 0
	for _, given := range [...]bool{len(q.Keys) > 0, q.Ref != store.Ref{}, q.Kind != ""} {
		if given {
			selectors++
		}
	}
	if selectors != 1 || q.State != "" && q.Kind == "" {
		return errors.New("memory: a query needs exactly one of Keys, Ref and Kind; State needs Kind")
	}
	return nil
}

func (s *Store) readKeys(q *store.Query, after *cursor) []store.Snapshot {
	keys := slices.SortedFunc(slices.Values(q.Keys), store.Key.Compare)
	var out []store.Snapshot
	for _, k := range slices.Compact(keys) {
		if len(out) == q.Limit {
			break
		}
		if after != nil && after.key.Compare(k) >= 0 {
			continue
		}
		if row, found := s.row(k, q.Timeline); found {
			out = append(out, row)
		}
	}
	return out
}

func (s *Store) row(k store.Key, timeline bool) (store.Snapshot, bool) {
	switch k.Kind {
	case store.KindLog:
		return s.journal.byKey(k)
	case store.KindTask:
		if t := s.tasks[k.ID]; t != nil && t.key() == k {
			return t.snapshot(), true
		}
	default:
		if r := s.records[k]; r != nil {
			return r.snapshot(timeline), true
		}
	}
	return store.Snapshot{}, false
}

func (s *Store) readLog(q *store.Query, after *cursor) []store.Snapshot {
	if q.Tenant != "" || q.State != "" {
		return nil
	}
	var seq uint64
	if after != nil {
		seq, _ = strconv.ParseUint(after.key.ID, 10, 64) // a cursor of another kind means the beginning
		seq++
	}
	return s.journal.from(seq, q.Limit)
}

func (s *Store) readTasks(q *store.Query, after *cursor) []store.Snapshot {
	set := s.taskLists.of(listing{q.Tenant, store.KindTask, q.State})
	return page(set.from(func(t *task) bool {
		return after == nil || after.before(t.Priority, t.key())
	}), q.Limit, (*task).snapshot)
}

func (s *Store) readRecords(q *store.Query, after *cursor) []store.Snapshot {
	set := s.lists.of(listing{q.Tenant, q.Kind, q.State})
	reached := func(r *record) bool { return after == nil || after.before(r.priority, r.key) }
	if q.Kind == "" {
		set = s.refs.of(q.Ref)
		reached = func(r *record) bool { return after == nil || after.key.Compare(r.key) < 0 }
	}
	return page(set.from(reached), q.Limit, func(r *record) store.Snapshot { return r.snapshot(q.Timeline) })
}

// page returns the snapshots of the first rows, at most limit.
func page[T any](rows iter.Seq[T], limit int, snapshot func(T) store.Snapshot) []store.Snapshot {
	var out []store.Snapshot
	for row := range rows {
		if len(out) == limit {
			break
		}
		out = append(out, snapshot(row))
	}
	return out
}
