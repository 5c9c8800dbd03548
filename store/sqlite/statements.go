package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const (
	recordColumns = "tenant, kind, id, no, version, state, priority, due, ended, refs, schema, doc, sum"
	taskColumns   = "id, tenant, kind, record, lane, place, queue, tag, priority, lead, due, expires, what, payload, " +
		"leased, owner, until, fence, head, dead, reason, died, sum"
)

// statements are the writer's statements, prepared once on its connection. Close them before the connection: SQLite keeps
// the connection and the file open as long as it has statements.
type statements struct {
	all []*sql.Stmt

	begin, commit, rollback *sql.Stmt

	record, insertRecord, updateRecord, updateDoc, deleteRecord *sql.Stmt
	refs, insertRef, deleteRef, deleteRefsOf                    *sql.Stmt
	insertEntry, deleteEntries                                  *sql.Stmt
	due, nextDue, ended                                         *sql.Stmt

	task, taskIDs, insertTask, updateTask, updateLease, deleteTask *sql.Stmt
	inLane, inLanes, headLane                                      *sql.Stmt
	nextHeads, ready, nextReady, diedTasks                         *sql.Stmt

	insertLog, oldestLog, deleteLog *sql.Stmt
	seen, insertSeen, deleteSeen    *sql.Stmt
	state, updateState              *sql.Stmt
}

func (s *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	const (
		ofRecord = " WHERE tenant = ? AND kind = ? AND id = ?"
		ofLane   = " WHERE tenant = ? AND kind = ? AND record = ? AND lane = ? AND dead = 0"
		ofHeads  = " WHERE head = 1 AND queue = ? AND priority = ? AND lead = ?"
	)
	for _, x := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},

		{&s.record, "SELECT " + recordColumns + " FROM record" + ofRecord},
		{&s.insertRecord, "INSERT INTO record (" + recordColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
		{&s.updateRecord, "UPDATE record SET no = ?, version = ?, state = ?, priority = ?, due = ?, ended = ?, refs = ?, " +
			"schema = ?, doc = ?, sum = ? WHERE no = ? AND version = ?"},
		// Changes only columns without an index.
		{&s.updateDoc, "UPDATE record SET version = ?, schema = ?, doc = ?, sum = ? WHERE no = ? AND version = ?"},
		{&s.deleteRecord, "DELETE FROM record WHERE no = ? AND version = ?"},

		{&s.refs, "SELECT of_tenant, of_kind, of_id FROM ref WHERE tenant = ? AND kind = ? AND name = ? " +
			"ORDER BY of_tenant, of_kind, of_id LIMIT ?"},
		{&s.insertRef, "INSERT OR IGNORE INTO ref (tenant, kind, name, of_tenant, of_kind, of_id) VALUES (?, ?, ?, ?, ?, ?)"},
		{&s.deleteRef, "DELETE FROM ref WHERE tenant = ? AND kind = ? AND name = ? AND of_tenant = ? AND of_kind = ? AND of_id = ?"},

		{&s.deleteRefsOf, "DELETE FROM ref WHERE of_tenant = ? AND of_kind = ? AND of_id = ?"}, // scans: there is no index

		{&s.insertEntry, "INSERT INTO entry (record, seq, at, kind, doc, sum) VALUES (?, ?, ?, ?, ?, ?)"},
		{&s.deleteEntries, "DELETE FROM entry WHERE record = ?"},

		{&s.due, "SELECT tenant, kind, id FROM record WHERE priority = ? AND due <= ? ORDER BY due, tenant, kind, id LIMIT ?"},
		{&s.nextDue, "SELECT due FROM record WHERE priority = ? AND due > ? ORDER BY due LIMIT 1"},
		{&s.ended, "SELECT tenant, kind, id FROM record WHERE ended < ? ORDER BY ended, tenant, kind, id LIMIT ?"},

		{&s.task, "SELECT " + taskColumns + " FROM task WHERE id = ?"},
		{&s.taskIDs, "SELECT task.id FROM json_each(?) AS wanted CROSS JOIN task ON task.id = wanted.value"},
		// Adds the task to the end of its lane. It is the head if the lane is empty.
		{&s.insertTask, "INSERT INTO task (" + taskColumns + ", at) " +
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, " +
			"NOT EXISTS (SELECT 1 FROM task WHERE tenant = ?2 AND kind = ?3 AND record = ?4 AND lane = ?5 AND dead = 0), " +
			"0, '', NULL, ?19, ?20)"},
		{&s.updateTask, "UPDATE task SET place = ?, due = ?, leased = ?, head = ?, dead = ?, reason = ?, died = ?, at = ?, sum = ? " +
			"WHERE place = ?"},
		{&s.updateLease, "UPDATE task SET due = ?, leased = ?, owner = ?, until = ?, fence = ?, at = ?, sum = ? WHERE place = ?"},
		{&s.deleteTask, "DELETE FROM task WHERE place = ?"},
		{&s.inLane, "SELECT id, tag FROM task" + ofLane + " ORDER BY place"},
		{&s.inLanes, "SELECT place, lane, head FROM task WHERE tenant = ? AND kind = ? AND record = ? AND dead = 0 AND tag = ?"},
		{&s.headLane, "UPDATE task SET head = 1 WHERE place = (SELECT place FROM task" + ofLane + " ORDER BY place LIMIT 1)"},

		{&s.nextHeads, "SELECT queue, priority, lead, at FROM task WHERE head = 1 AND (queue, priority, lead) > (?, ?, ?) " +
			"ORDER BY queue, priority, lead, at LIMIT 1"},
		{&s.ready, "SELECT id, at FROM task" + ofHeads + " AND at <= ? ORDER BY at, id LIMIT ?"},
		{&s.nextReady, "SELECT at FROM task" + ofHeads + " AND at > ? ORDER BY at LIMIT 1"},
		{&s.diedTasks, "SELECT place FROM task WHERE dead = 1 AND died < ? ORDER BY died, id LIMIT ?"},

		{&s.insertLog, "INSERT INTO log (n, at, doc, sum) VALUES (?, ?, ?, ?)"},
		{&s.oldestLog, "SELECT n, at FROM log ORDER BY n LIMIT ?"},
		{&s.deleteLog, "DELETE FROM log WHERE n = ?"},
		{&s.seen, "SELECT n, ids, sum FROM seen ORDER BY n"},
		{&s.insertSeen, "INSERT INTO seen (n, ids, sum) VALUES (?, ?, ?)"},
		{&s.deleteSeen, "DELETE FROM seen WHERE n = ?"},
		{&s.state, "SELECT clock, record, place, log, sum FROM state"},
		{&s.updateState, "INSERT OR REPLACE INTO state (one, clock, record, place, log, sum) VALUES (1, ?, ?, ?, ?, ?)"},
	} {
		var err error
		if *x.to, err = conn.PrepareContext(ctx, x.text); err != nil {
			return fmt.Errorf("prepare %q: %w", x.text, err)
		}
		s.all = append(s.all, *x.to)
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for _, st := range s.all {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}
