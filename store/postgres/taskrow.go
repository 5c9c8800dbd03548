package postgres

import "github.com/tocsin-dev/tocsin/store"

// taskColumns are the columns of the table t that a taskRow scans.
const taskColumns = `t.id, t.record_tenant, t.record_kind, t.record_id, t.queue, t.lane, t.tag, t.priority, t.rank, t.due,
	t.expires, t.kind, t.payload, t.state, t.owner, t.until, t.fence, t.died, t.reason`

// taskRow is a scanned row of the task table.
type taskRow struct {
	store.Task
	due                  int64
	expires, until, died *int64
	fence                int64
	state, owner, reason string
}

func (r *taskRow) targets() []any {
	return []any{
		&r.ID, &r.Record.Tenant, &r.Record.Kind, &r.Record.ID, &r.Queue, &r.Order, &r.Tag, &r.Priority, &r.Rank, &r.due,
		&r.expires, &r.Kind, &r.Payload, &r.state, &r.owner, &r.until, &r.fence, &r.died, &r.reason,
	}
}

// task returns the task as Read and Claim show it.
func (r *taskRow) task() store.Task {
	t := r.Task
	r.Payload = nil // the next row needs its own buffer
	t.Due, t.Expires, t.Lease = instant(&r.due), instant(r.expires), nil
	if r.state != waiting {
		t.Lease = &store.Lease{Owner: r.owner, Until: instant(r.until), Fence: uint64(r.fence)}
	}
	return t
}

func (r *taskRow) snapshot() store.Snapshot {
	k := store.Key{Tenant: r.Record.Tenant, Kind: store.KindTask, ID: r.ID}
	priority := int16(r.Priority)
	out := store.Snapshot{Key: k, Version: 1, Rec: r.task(), Cursor: cursor{priority, k}.String()}
	if r.state == dead {
		out.Entries = []store.Entry{{Seq: 1, At: instant(r.died), Kind: dead, Doc: []byte(r.reason)}}
	}
	return out
}
