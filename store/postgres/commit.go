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
	insertLog = `INSERT INTO tocsin.log (at, doc) VALUES ($1, $2)`

	// An id is dated by the clock, after that has moved. The ids of a scope are locked, so nobody else dates them.
	dateSeen  = `UPDATE tocsin.seen SET at = $2::bigint WHERE id = ANY($1::bytea[]) AND at < $2::bigint - $3::bigint`
	moveClock = `UPDATE tocsin.clock SET at = $1 WHERE at < $1`

	notify = `SELECT pg_notify($1, $2)`
)

// windowFor is how long an event id is remembered at least, by the clock.
const windowFor = 24 * time.Hour

// What our function expect may say.
const (
	movedRecord = "record"
	movedClaim  = "claim"
	laneTaken   = "lane"
)

// commit writes all of a checked Batch and ends the transaction, in one trip. The clock is moved last: who moves it holds
// up the others for the time of a commit.
func (t *turn) commit(ctx context.Context, conn *pgxpool.Conn, batch *store.Batch) (answer, err error) {
	b := &pgx.Batch{}
	if answer := t.writeRecords(b, batch.Put); answer != nil {
		return fmt.Errorf("postgres: %w", answer), nil
	}
	t.writeTasks(b, batch)
	if len(batch.Log) > 0 {
		b.Queue(t.s.sql(insertLog), nanos(batch.Now), batch.Log)
	}
	if hint(batch) {
		b.Queue(notify, t.s.name, t.s.handle)
	}
	t.moveClock(b, batch.Now)
	b.Queue("commit")
	err = conn.SendBatch(ctx, b).Close()
	var refused *pgconn.PgError
	switch {
	case err == nil:
		t.s.cache.add(t.scope.list)
		return nil, nil
	case pgconn.SafeToRetry(err) || hasCode(err, codeIdleTooLong): // the server has not begun on it
		return nil, err
	case !errors.As(err, &refused) || conn.Conn().IsClosed():
		return fmt.Errorf("postgres: %w: %w", store.ErrUnknown, err), nil
	case refused.Code == codeUnique && refused.TableName == "task":
		return fmt.Errorf("postgres: the id of a task is in use: %w", err), nil
	case refused.Code == codeExpected:
		return refusal(refused.Message)
	}
	return nil, err
}

// refusal reads what our function expect has said.
func refusal(what string) (answer, err error) {
	switch what {
	case movedRecord: // past a row lock: somebody else's statement, or a fault of ours
		return fmt.Errorf("postgres: %w", store.ErrConflict), nil
	case laneTaken:
		return errors.New("postgres: a task is born leased in a lane that is not empty"), nil
	}
	return nil, errMovedOn
}

// hint reports whether others may find work in what b leaves. What is born leased, or due later, needs no hint.
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

// moveClock moves the clock of the window of event ids to now, if that is later, and dates ids by it: those that were not
// seen before, and those that leave the window by this very move.
func (t *turn) moveClock(b *pgx.Batch, now time.Time) {
	at := clockAt(now)
	if at <= t.clock {
		return
	}
	var fresh, seen [][]byte
	for i, id := range t.ids {
		if t.fresh[i] {
			fresh = append(fresh, id)
		} else {
			seen = append(seen, id)
		}
	}
	if len(fresh) > 0 {
		b.Queue(t.s.sql(dateSeen), fresh, at, int64(0))
	}
	if len(seen) > 0 {
		b.Queue(t.s.sql(dateSeen), seen, at, int64(windowFor))
	}
	b.Queue(t.s.sql(moveClock), at)
}

// clockAt returns where now moves the clock to. In whole seconds an id may stay for one more, and never leaves early.
func clockAt(now time.Time) int64 {
	if now.IsZero() {
		return 0
	}
	return now.Unix() * int64(time.Second)
}
