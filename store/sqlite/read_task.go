package sqlite

import (
	"fmt"
	"strconv"

	"github.com/tocsin-dev/tocsin/store"
)

func (r *reader) log(q *store.Query, after cursor) error {
	if q.Tenant != "" || q.State != "" {
		return nil
	}
	n, _ := strconv.ParseInt(after.key.ID, 10, 64) // a cursor of another kind means the beginning
	return r.logRows(logPage, n, q.Limit)
}

func (r *reader) logRows(query string, n int64, limit int) error {
	var at instant
	var doc []byte
	var sum int64
	return r.each(query, []any{n, limit}, []any{&n, &at, &doc, &sum}, func() error {
		key, entry := logKey(n), store.Entry{Seq: uint64(n), At: timeOf(at), Kind: store.KindLog, Doc: doc}
		if logSum(n, at, doc) != sum {
			entry.Err = damaged("log, row %d", n)
		}
		r.found = append(r.found, found{Snapshot: store.Snapshot{
			Key: key, Version: 1, Cursor: cursor{key: key}.String(), Rec: entry,
		}})
		return nil
	})
}

// logKey returns the key of a log row. The number is zero-padded, so that keys sort as numbers do.
func logKey(n int64) store.Key { return store.Key{Kind: store.KindLog, ID: fmt.Sprintf("%020d", n)} }

// tasks reads tasks of a tenant. Dead tasks have an index; the other tasks are few, and are sorted after reading.
func (r *reader) tasks(q *store.Query, after cursor) error {
	var queries []string
	switch q.State {
	case "":
		queries = []string{waitingTasks, leasedTasks, deadTasks}
	case waiting:
		queries = []string{waitingTasks}
	case leased:
		queries = []string{leasedTasks}
	case dead:
		queries = []string{deadTasks}
	}
	for _, query := range queries {
		if err := r.taskRows(query, q.Tenant, after.priority, after.key.ID, q.Limit); err != nil {
			return err
		}
	}
	r.sort()
	return nil
}

func (r *reader) taskRows(query string, args ...any) error {
	in := newTaskRow()
	return r.each(query, args, in.fields, func() error {
		t := in.read()
		row := found{priority: t.Priority}
		row.Key = store.Key{Tenant: t.Record.Tenant, Kind: store.KindTask, ID: t.ID}
		row.Version, row.Rec, row.Cursor = 1, t.value(), cursor{t.Priority, row.Key}.String()
		if t.dead {
			row.Entries = []store.Entry{{Seq: 1, At: timeOf(t.died), Kind: dead, Doc: []byte(t.reason)}}
		}
		r.found = append(r.found, row)
		return nil
	})
}
