package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// The queries of Read. Each page begins after a cursor.
const (
	recordByKey    = "SELECT " + recordColumns + " FROM record WHERE tenant = ? AND kind = ? AND id = ?"
	recordsByState = "SELECT " + recordColumns + " FROM record WHERE tenant = ? AND kind = ? AND state = ? " +
		"AND (priority, id) > (?, ?) ORDER BY priority, id LIMIT ?"
	recordsByRef = "SELECT " + recordColumns + " FROM (SELECT of_tenant, of_kind, of_id FROM ref WHERE tenant = ? AND kind = ? " +
		"AND name = ? AND (of_tenant, of_kind, of_id) > (?, ?, ?) ORDER BY of_tenant, of_kind, of_id LIMIT ?) " +
		"CROSS JOIN record ON tenant = of_tenant AND kind = of_kind AND id = of_id ORDER BY of_tenant, of_kind, of_id"
	firstState = "SELECT state FROM record WHERE tenant = ? AND kind = ? AND state >= ? ORDER BY state LIMIT 1"
	nextState  = "SELECT state FROM record WHERE tenant = ? AND kind = ? AND state > ? ORDER BY state LIMIT 1"
	timeline   = "SELECT seq, at, kind, doc, sum FROM entry WHERE record = ? ORDER BY seq, n"

	logRow  = "SELECT n, at, doc, sum FROM log WHERE n = ? LIMIT ?"
	logPage = "SELECT n, at, doc, sum FROM log WHERE n > ? ORDER BY n LIMIT ?"

	taskByID     = "SELECT " + taskColumns + " FROM task WHERE tenant = ? AND id = ?"
	waitingTasks = "SELECT " + taskColumns + " FROM task WHERE tenant = ? AND dead = 0 AND leased = 0" + taskPage
	leasedTasks  = "SELECT " + taskColumns + " FROM task WHERE tenant = ? AND dead = 0 AND leased = 1" + taskPage
	deadTasks    = "SELECT " + taskColumns + " FROM task WHERE tenant = ? AND dead = 1" + taskPage
	taskPage     = " AND (priority, id) > (?, ?) ORDER BY priority, id LIMIT ?"
)

// queries are prepared once. Each connection prepares a query again when it first runs it.
type queries map[string]*sql.Stmt

func (q queries) prepare(ctx context.Context, db *sql.DB) error {
	for _, text := range [...]string{
		recordByKey, recordsByState, recordsByRef, firstState, nextState, timeline, logRow, logPage,
		taskByID, waitingTasks, leasedTasks, deadTasks,
	} {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", text, err)
		}
		q[text] = st
	}
	return nil
}

func (q queries) close() error {
	var errs []error
	for _, st := range q {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}
