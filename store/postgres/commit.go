package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-dev/tocsin/store"
)

const (
	insertLog = `INSERT INTO tocsin.log (at, doc)
		SELECT at, doc FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY u(at, doc, n) ORDER BY n`

	// dateSeen dates ids by the clock, after the clock has moved. The ids are locked, so no other transaction dates them.
	dateSeen  = `UPDATE tocsin.seen SET at = $2::bigint WHERE id = ANY($1::bytea[]) AND at < $2::bigint - $3::bigint`
	moveClock = `UPDATE tocsin.clock SET at = $1 WHERE at < $1`

	// forgetSeen removes ids that this round has inserted for calls that failed.
	forgetSeen = `DELETE FROM tocsin.seen WHERE id = ANY($1::bytea[])`

	notify = `SELECT pg_notify($1, $2)`
)

// windowFor is the minimum time that an event id is remembered, by the window's clock.
const windowFor = 24 * time.Hour

// The messages with which the SQL function expect can fail.
const (
	movedRecord = "record"
	movedClaim  = "claim"
	laneTaken   = "lane"
)

// changes are the decisions of a round's calls, to be written.
type changes struct {
	any     bool                             // there is something to commit
	deleted bool                             // a record was deleted
	moved   map[store.Ref]map[store.Key]bool // refs that changed: true for records that publish them now, false for those that no longer do
	entries entryRows
	logged  []int64 // instants of the log rows
	log     [][]byte
	tasks   pgx.Batch  // statements that change tasks
	ended   taggedKeys // cancelled tags
	hint    bool
	now     int64 // the new instant of the clock
}

// apply adds the Batch of a call to the changes. If it returns an error, it has changed nothing.
func (r *round) apply(c *call, b *store.Batch) error {
	if empty(b) && len(c.events) == 0 {
		return nil
	}
	rows, err := r.check(c, b)
	if err != nil {
		return err
	}
	r.any = true
	for i := range b.Put {
		if rows[i] == nil {
			r.remove(b.Put[i].Key)
		} else {
			r.change(&b.Put[i], rows[i])
		}
	}
	r.changeTasks(b)
	if len(b.Log) > 0 {
		r.logged, r.log = append(r.logged, nanos(b.Now)), append(r.log, b.Log)
	}
	for _, n := range c.at {
		r.applied[n] = true
	}
	r.hint = r.hint || hint(b)
	r.now = max(r.now, clockAt(b.Now))
	return nil
}

func empty(b *store.Batch) bool {
	return len(b.Put)+len(b.Settle)+len(b.Cancel)+len(b.Tasks)+len(b.Log) == 0
}

// commit writes the changes and commits the transaction, in one round trip. It moves the clock last: its row lock blocks
// all other commits until this commit ends.
func (r *round) commit(ctx context.Context, conn *pgxpool.Conn) error {
	b := &pgx.Batch{}
	if err := r.writeRecords(b); err != nil {
		return err
	}
	r.writeTasks(b)
	if len(r.log) > 0 {
		b.Queue(r.s.sql(insertLog), r.logged, r.log)
	}
	if r.hint {
		b.Queue(notify, r.s.name, r.s.handle)
	}
	r.dateEvents(b)
	b.Queue("commit")
	err := conn.SendBatch(ctx, b).Close()
	var refused *pgconn.PgError
	switch {
	case err == nil:
		r.s.cache.add(r.scope.list)
		return nil
	case pgconn.SafeToRetry(err) || hasCode(err, codeIdleTooLong): // the server has not started the commit
		return err
	case !errors.As(err, &refused) || conn.Conn().IsClosed():
		r.refused = fmt.Errorf("postgres: %w: %w", store.ErrUnknown, err)
		return nil
	case refused.Code == codeUnique && refused.TableName == "task":
		r.refused = fmt.Errorf("postgres: a task id is in use: %w", err)
		return nil
	case refused.Code == codeExpected:
		r.refused, err = refusal(refused.Message)
	}
	return err
}

// refusal translates a message of the SQL function expect.
func refusal(what string) (answer, err error) {
	switch what {
	case movedRecord: // despite the row lock: another program has written, or this package has a bug
		return fmt.Errorf("postgres: %w", store.ErrConflict), nil
	case laneTaken:
		return errors.New("postgres: a task is born leased in a lane that is not empty"), nil
	}
	return nil, errRowChanged
}

// hint reports whether b leaves work for other replicas. Tasks that are born leased or due later need no hint.
func hint(b *store.Batch) bool {
	for i := range b.Tasks {
		if b.Tasks[i].Lease == nil {
			return true
		}
	}
	for i := range b.Put {
		if due := b.Put[i].Due; !due.IsZero() && !due.After(b.Now) {
			return true
		}
	}
	return false
}

// dateEvents moves the window's clock and dates ids by it: new ids, and ids that leave the window by this move. Ids of
// failed calls do not count as seen.
func (r *round) dateEvents(b *pgx.Batch) {
	var fresh, seen, idle [][]byte
	for i, id := range r.ids {
		switch {
		case r.fresh[i] && r.applied[i]:
			fresh = append(fresh, id)
		case r.fresh[i]:
			idle = append(idle, id)
		case r.applied[i]:
			seen = append(seen, id)
		}
	}
	if len(idle) > 0 {
		b.Queue(r.s.sql(forgetSeen), idle)
	}
	if r.now <= r.clock {
		return
	}
	if len(fresh) > 0 {
		b.Queue(r.s.sql(dateSeen), fresh, r.now, int64(0))
	}
	if len(seen) > 0 {
		b.Queue(r.s.sql(dateSeen), seen, r.now, int64(windowFor))
	}
	b.Queue(r.s.sql(moveClock), r.now)
}

// clockAt returns the clock's instant for now, in whole seconds. An id may stay a second longer, but never leaves early.
func clockAt(now time.Time) int64 {
	if now.IsZero() {
		return 0
	}
	return now.Unix() * int64(time.Second)
}
