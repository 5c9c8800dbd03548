package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	keepLeases = `WITH held AS (
			SELECT t.id FROM unnest($1::text[], $2::bigint[]) k(id, fence) JOIN tocsin.task t ON t.id = k.id AND t.fence = k.fence
			WHERE t.state = 'leased' ORDER BY t.id FOR UPDATE OF t)
		UPDATE tocsin.task t SET until = greatest(t.until, $3::bigint), ready = greatest(t.until, $3::bigint),
			ready_rank = t.rank + greatest(t.until, $3::bigint) - t.due
		FROM held WHERE t.id = held.id RETURNING t.id, t.fence`

	selectDue = `SELECT k.tenant, k.kind, k.id FROM generate_series(1, $1::int) p CROSS JOIN LATERAL (
			SELECT r.priority, r.due, r.tenant, r.kind, r.id FROM tocsin.record r WHERE r.due <= $2 AND r.priority = p
			ORDER BY r.due, r.tenant, r.kind, r.id LIMIT $3) k
		ORDER BY k.priority, k.due, k.tenant, k.kind, k.id LIMIT $3`

	selectNextDue = `SELECT min(k.due) FROM generate_series(1, $1::int) p CROSS JOIN LATERAL (
			SELECT r.due FROM tocsin.record r WHERE r.due > $2 AND r.priority = p ORDER BY r.due LIMIT 1) k`

	// claimTasks takes up to the allowed number from each queue, and of these the tasks of lowest rank. It skips tasks
	// that another transaction has locked, since that transaction is about to claim them.
	claimTasks = `WITH picked AS MATERIALIZED (
			SELECT k.id, k.ready_rank FROM unnest($1::text[], $2::bigint[]) q(name, most) CROSS JOIN LATERAL (
				SELECT t.id, t.ready_rank FROM tocsin.task t
				WHERE t.head AND t.queue = q.name AND t.ready <= $3 AND t.priority <= $4
				ORDER BY t.ready_rank, t.id LIMIT least(q.most, $5) FOR UPDATE SKIP LOCKED) k
			ORDER BY k.ready_rank, k.id LIMIT $5)
		UPDATE tocsin.task t SET state = 'leased', owner = $6, until = $7::bigint, fence = t.fence + 1, ready = $7::bigint,
			ready_rank = t.rank + $7::bigint - t.due
		FROM picked WHERE t.id = picked.id
		RETURNING picked.ready_rank, ` + taskColumns

	// selectLeft returns for each queue whether a head may be claimed now, and when the next may be.
	selectLeft = `SELECT q.n, EXISTS (SELECT FROM tocsin.task t WHERE t.head AND t.queue = q.name AND t.ready <= $2 AND
				t.priority <= $3),
			(SELECT t.ready FROM tocsin.task t WHERE t.head AND t.queue = q.name AND t.ready > $2 AND t.priority <= $3
				ORDER BY t.ready LIMIT 1)
		FROM unnest($1::text[]) WITH ORDINALITY q(name, n)`
)

// Claim implements store.Store, in one round trip. Of tasks with equal ranks the lower id is leased first. It skips a
// task that another transaction has locked; if that transaction rolls back, the next Claim finds the task. It returns an
// error if r leases or keeps tasks without a positive LeaseFor.
func (s *Store) Claim(ctx context.Context, r store.ClaimRequest) (store.Claimed, error) {
	if err := s.enter(ctx); err != nil {
		return store.Claimed{}, err
	}
	if r.LeaseFor <= 0 && (r.Limit > 0 || len(r.Keep) > 0) {
		return store.Claimed{}, errors.New("postgres: a claim that leases or keeps needs a LeaseFor")
	}
	if err := storable(r.Now, r.Now.Add(r.LeaseFor)); err != nil {
		return store.Claimed{}, fmt.Errorf("postgres: claim: %w", err)
	}
	var c *claiming
	err := s.persist(ctx, fewTries, func(ctx context.Context, conn *pgxpool.Conn) error {
		c = newClaiming(s, &r)
		return c.run(ctx, conn)
	})
	if err != nil {
		return store.Claimed{}, fmt.Errorf("postgres: claim: %w", err)
	}
	return c.answer(), nil
}

// claiming is the state of one Claim.
type claiming struct {
	s *Store
	r *store.ClaimRequest

	now, until  int64
	maxPriority int16
	queues      []string // queues from which tasks may be leased
	most        []int64  // most tasks to lease from each

	kept    map[store.Claim]struct{}
	due     []store.Key
	nextDue *int64
	tasks   []rankedTask
	left    []bool   // for each queue: a head may still be claimed
	next    []*int64 // for each queue: when the next head may be claimed
}

type rankedTask struct {
	rank int64 // rank at the claim
	store.Task
}

func newClaiming(s *Store, r *store.ClaimRequest) *claiming {
	c := &claiming{
		s: s, r: r, now: r.Now.UnixNano(), until: r.Now.Add(r.LeaseFor).UnixNano(), maxPriority: 5,
		kept: make(map[store.Claim]struct{}),
	}
	if r.MaxPriority > 0 {
		c.maxPriority = min(int16(r.MaxPriority), 5)
	}
	for queue, most := range r.Queues {
		if most > 0 {
			c.queues, c.most = append(c.queues, queue), append(c.most, int64(most))
		}
	}
	c.left, c.next = make([]bool, len(c.queues)), make([]*int64, len(c.queues))
	return c
}

func (c *claiming) run(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	c.s.begin(b)
	if len(c.r.Keep) > 0 {
		c.queueKeep(b)
	}
	c.queueDue(b)
	if len(c.queues) > 0 {
		c.queueTasks(b)
	}
	b.Queue("commit")
	return conn.SendBatch(ctx, b).Close()
}

func (c *claiming) queueKeep(b *pgx.Batch) {
	ids, fences := columnsOf(c.r.Keep)
	b.Queue(c.s.sql(keepLeases), ids, fences, c.until).Query(func(rows pgx.Rows) error {
		var id string
		var fence int64
		_, err := pgx.ForEachRow(rows, []any{&id, &fence}, func() error {
			c.kept[store.Claim{ID: id, Fence: uint64(fence)}] = struct{}{}
			return nil
		})
		return err
	})
}

func (c *claiming) queueDue(b *pgx.Batch) {
	var limit *int64 // null: no limit
	if c.r.Limit > 0 {
		oneMore := int64(c.r.Limit) + 1
		limit = &oneMore
	}
	b.Queue(c.s.sql(selectDue), c.maxPriority, c.now, limit).Query(func(rows pgx.Rows) error {
		var k store.Key
		_, err := pgx.ForEachRow(rows, []any{&k.Tenant, &k.Kind, &k.ID}, func() error {
			c.due = append(c.due, k)
			return nil
		})
		return err
	})
	b.Queue(c.s.sql(selectNextDue), c.maxPriority, c.now).QueryRow(func(row pgx.Row) error { return row.Scan(&c.nextDue) })
}

func (c *claiming) queueTasks(b *pgx.Batch) {
	if c.r.Limit > 0 {
		b.Queue(c.s.sql(claimTasks), c.queues, c.most, c.now, c.maxPriority, int64(c.r.Limit), c.r.Owner, c.until).
			Query(func(rows pgx.Rows) error {
				var t rankedTask
				var row taskRow
				_, err := pgx.ForEachRow(rows, append([]any{&t.rank}, row.targets()...), func() error {
					t.Task = row.task()
					c.tasks = append(c.tasks, t)
					return nil
				})
				return err
			})
	}
	b.Queue(c.s.sql(selectLeft), c.queues, c.now, c.maxPriority).Query(func(rows pgx.Rows) error {
		var n int
		var left bool
		var next *int64
		_, err := pgx.ForEachRow(rows, []any{&n, &left, &next}, func() error {
			c.left[n-1], c.next[n-1] = left, next
			return nil
		})
		return err
	})
}

// answer builds the answer from the rows that were read.
func (c *claiming) answer() store.Claimed {
	var out store.Claimed
	for _, k := range c.r.Keep {
		if _, kept := c.kept[k]; !kept {
			out.Lost = append(out.Lost, k)
		}
	}
	next := instant(c.nextDue)
	out.Due = c.due
	if limit := c.r.Limit; limit > 0 && len(c.due) > limit {
		out.Due, next = c.due[:limit], c.r.Now.UTC()
	}
	slices.SortFunc(c.tasks, func(a, b rankedTask) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.ID, b.ID))
	})
	taken := make(map[string]int64)
	for i := range c.tasks {
		out.Tasks = append(out.Tasks, c.tasks[i].Task)
		taken[c.tasks[i].Queue]++
	}
	for i, queue := range c.queues {
		if taken[queue] == c.most[i] {
			continue // the queue is full
		}
		if c.left[i] && len(out.Tasks) >= c.r.Limit {
			next = earlier(next, c.r.Now.UTC())
		}
		next = earlier(next, instant(c.next[i]))
	}
	out.Next = next
	return out
}

// earlier returns the earlier of two instants. Zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
