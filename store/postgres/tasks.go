package postgres

import (
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-dev/tocsin/store"
)

// States of a task, as in Query.State and in the statements.
const (
	waiting = "waiting"
	leased  = "leased"
	dead    = "dead"
)

const (
	// lockTasks locks all tasks that a Batch ends or relies on, in ascending order. No task can join these lanes
	// meanwhile, since their records are locked.
	lockTasks = `SELECT FROM tocsin.task t WHERE t.id IN (
				SELECT unnest($1::text[])
				UNION
				SELECT c.id FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) x(tenant, kind, id, tag)
				JOIN tocsin.task c ON c.record_tenant = x.tenant AND c.record_kind = x.kind AND c.record_id = x.id AND c.tag = x.tag
				WHERE c.state <> 'dead')
			ORDER BY t.id FOR UPDATE OF t`

	// expectClaims fails if another worker has claimed a task since the look-up.
	expectClaims = `SELECT tocsin.expect((SELECT count(*) FROM unnest($1::text[], $2::bigint[]) k(id, fence)
		JOIN tocsin.task t ON t.id = k.id AND t.fence = k.fence WHERE t.state <> 'waiting'), cardinality($1::text[]), 'claim')`

	retryTasks = `UPDATE tocsin.task t SET state = 'waiting', due = u.due, rank = t.rank + u.due - t.due,
			ready = u.due, ready_rank = t.rank + u.due - t.due
		FROM unnest($1::text[], $2::bigint[]) u(id, due) WHERE t.id = u.id`

	// requeueTask puts a dead task at the end of its lane.
	requeueTask = `UPDATE tocsin.task SET state = 'waiting', due = $2::bigint, rank = rank + $2::bigint - due, ready = $2::bigint,
			ready_rank = rank + $2::bigint - due, place = DEFAULT, died = NULL, reason = '' WHERE id = $1`

	endTasks = `UPDATE tocsin.task t SET state = 'dead', head = false, died = nullif($3, ` + neverSQL + `), reason = u.reason
		FROM unnest($1::text[], $2::text[]) u(id, reason) WHERE t.id = u.id`

	insertTasks = `INSERT INTO tocsin.task (record_tenant, record_kind, record_id, id, lane, queue, tag, priority, rank, due,
			expires, kind, payload, state, owner, until, fence, ready, ready_rank)
		SELECT u.tenant, u.record_kind, u.record_id, u.id, u.lane, u.queue, u.tag, u.priority, u.rank, u.due,
			nullif(u.expires, ` + neverSQL + `), u.kind, u.payload, u.state, u.owner, nullif(u.until, ` + neverSQL + `),
			u.fence, u.ready, u.rank + u.ready - u.due
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[],
			$9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::bytea[], $14::text[], $15::text[], $16::bigint[],
			$17::bigint[], $18::bigint[]) WITH ORDINALITY
			u(tenant, record_kind, record_id, id, lane, queue, tag, priority, rank, due, expires, kind, payload, state, owner,
			until, fence, ready, n)
		ORDER BY u.n`

	deleteTasks = `DELETE FROM tocsin.task WHERE id = ANY($1::text[])`

	// cancelTasks does not remove new tasks of the same Batch, which may have the same tag.
	cancelTasks = `DELETE FROM tocsin.task t USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) x(tenant, kind, id, tag)
		WHERE t.record_tenant = x.tenant AND t.record_kind = x.kind AND t.record_id = x.id AND t.tag = x.tag AND
			t.state <> 'dead' AND t.id <> ALL($5::text[])`

	// promoteTasks makes the first task of each lane of the records its head. Tasks that are born leased must be among
	// the new heads.
	promoteTasks = `WITH RECURSIVE lanes(tenant, kind, id, lane) AS (
			SELECT u.tenant, u.kind, u.id, (SELECT min(t.lane) FROM tocsin.task t WHERE t.record_tenant = u.tenant AND
				t.record_kind = u.kind AND t.record_id = u.id AND t.state <> 'dead')
			FROM unnest($1::text[], $2::text[], $3::text[]) u(tenant, kind, id)
			UNION ALL
			SELECT l.tenant, l.kind, l.id, (SELECT min(t.lane) FROM tocsin.task t WHERE t.record_tenant = l.tenant AND
				t.record_kind = l.kind AND t.record_id = l.id AND t.state <> 'dead' AND t.lane > l.lane)
			FROM lanes l WHERE l.lane IS NOT NULL),
		promoted AS (
			UPDATE tocsin.task t SET head = true FROM (
				SELECT f.id FROM lanes l CROSS JOIN LATERAL (
					SELECT t.id, t.head FROM tocsin.task t WHERE t.record_tenant = l.tenant AND t.record_kind = l.kind AND
						t.record_id = l.id AND t.lane = l.lane AND t.state <> 'dead' ORDER BY t.place LIMIT 1) f
				WHERE NOT f.head) first
			WHERE t.id = first.id RETURNING t.id)
		SELECT tocsin.expect((SELECT count(*) FROM promoted WHERE id = ANY($4::text[])), cardinality($4::text[]), 'lane')`
)

// taskRows are new tasks as parameters for unnest.
type taskRows struct {
	records                                  keys
	id, lane, queue, tag, kind, state, owner []string
	priority                                 []int16
	rank, due, expires, until, fence, ready  []int64
	payload                                  [][]byte
	born                                     []string // ids of those born leased
}

func (r *taskRows) add(t *store.Task) {
	r.records.add(t.Record)
	r.id, r.lane, r.queue, r.tag, r.kind = append(r.id, t.ID), append(r.lane, t.Order), append(r.queue, t.Queue),
		append(r.tag, t.Tag), append(r.kind, t.Kind)
	r.priority, r.rank = append(r.priority, int16(t.Priority)), append(r.rank, t.Rank)
	r.due, r.expires = append(r.due, nanos(t.Due)), append(r.expires, nanos(t.Expires))
	payload := t.Payload
	if payload == nil {
		payload = []byte{}
	}
	r.payload = append(r.payload, payload)
	state, owner, until, fence, ready := waiting, "", int64(never), int64(0), nanos(t.Due)
	if t.Lease != nil {
		state, owner, until, fence, ready = leased, t.Lease.Owner, nanos(t.Lease.Until), 1, t.Lease.Until.UnixNano()
		r.born = append(r.born, t.ID)
	}
	r.state, r.owner = append(r.state, state), append(r.owner, owner)
	r.until, r.fence, r.ready = append(r.until, until), append(r.fence, fence), append(r.ready, ready)
}

// changeTasks builds the statements that change tasks. New tasks are inserted before the ended ones are deleted, so that
// ids in use are refused. Retried tasks keep their position; requeued dead tasks come before new ones.
func (r *round) changeTasks(batch *store.Batch) {
	touched := r.lanesOf(batch)
	done := r.settle(batch)
	rows := taskRows{id: []string{}, born: []string{}} // not null, which equals nothing
	for i := range batch.Tasks {
		rows.add(&batch.Tasks[i])
	}
	b := &r.tasks
	if t := &rows; len(t.id) > 0 {
		b.Queue(r.s.sql(insertTasks), t.records.tenant, t.records.kind, t.records.id, t.id, t.lane, t.queue, t.tag, t.priority,
			t.rank, t.due, t.expires, t.kind, t.payload, t.state, t.owner, t.until, t.fence, t.ready)
	}
	if len(done) > 0 {
		b.Queue(r.s.sql(deleteTasks), done)
	}
	if len(batch.Cancel) > 0 {
		var cancel taggedKeys
		for _, tag := range batch.Cancel {
			cancel.add(tag)
			r.ended.add(tag)
			maps.DeleteFunc(r.held, func(_ store.Claim, x claimed) bool { return !x.dead && x.record == tag.Record && x.tag == tag.Tag })
		}
		b.Queue(r.s.sql(cancelTasks), cancel.tenant, cancel.kind, cancel.id, cancel.tag, rows.id)
	}
	if len(touched.id) > 0 {
		b.Queue(r.s.sql(promoteTasks), touched.tenant, touched.kind, touched.id, rows.born)
	}
}

// writeTasks queues the statements that change tasks, after one that locks the existing tasks.
func (r *round) writeTasks(b *pgx.Batch) {
	if c := &r.ended; len(r.valid) > 0 || len(c.id) > 0 {
		ids, fences := columnsOf(r.valid)
		b.Queue(r.s.sql(lockTasks), ids, c.tenant, c.kind, c.id, c.tag)
		if len(ids) > 0 {
			b.Queue(r.s.sql(expectClaims), ids, fences)
		}
	}
	b.QueuedQueries = append(b.QueuedQueries, r.tasks.QueuedQueries...)
}

// taggedKeys are cancelled tags as parameters for unnest.
type taggedKeys struct {
	keys
	tag []string
}

func (k *taggedKeys) add(c store.CancelTag) {
	k.keys.add(c.Record)
	k.tag = append(k.tag, c.Tag)
}

// settle builds the statements for Retry and Dead. It returns the ids of the tasks that are done.
func (r *round) settle(batch *store.Batch) (done []string) {
	var retry, end []string
	var due []int64
	var reasons []string
	b := &r.tasks
	for i := range batch.Settle {
		x := &batch.Settle[i]
		was := r.held[x.Claim]
		delete(r.held, x.Claim)
		switch {
		case !x.Retry.IsZero() && was.dead:
			b.Queue(r.s.sql(requeueTask), x.ID, nanos(x.Retry))
		case !x.Retry.IsZero():
			retry, due = append(retry, x.ID), append(due, nanos(x.Retry))
		case x.Dead != "":
			end, reasons = append(end, x.ID), append(reasons, x.Dead)
			was.dead = true
			r.held[x.Claim] = was
		default:
			done = append(done, x.ID)
		}
	}
	if len(retry) > 0 {
		b.Queue(r.s.sql(retryTasks), retry, due)
	}
	if len(end) > 0 {
		b.Queue(r.s.sql(endTasks), end, reasons, nanos(batch.Now))
	}
	return done
}

// lanesOf returns the records in whose lanes a Batch adds or ends tasks.
func (r *round) lanesOf(batch *store.Batch) keys {
	var touched keys
	seen := make(map[store.Key]struct{})
	add := func(k store.Key) {
		if _, twice := seen[k]; !twice {
			seen[k] = struct{}{}
			touched.add(k)
		}
	}
	for i := range batch.Settle {
		add(r.held[batch.Settle[i].Claim].record)
	}
	for _, c := range batch.Cancel {
		add(c.Record)
	}
	for i := range batch.Tasks {
		add(batch.Tasks[i].Record)
	}
	return touched
}
