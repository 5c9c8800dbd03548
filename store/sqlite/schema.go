package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tocsin-dev/tocsin/store"
)

// appID is the application id in the file's header ("tocs").
const appID = 0x746f6373

// migrations bring the tables from one version to the next; the first creates them. The user_version of a file is the
// number of migrations it has run. Never change a migration; add a new one.
//
// Instants are Unix nanoseconds, NULL for none. Priority 6 means none, and sorts last.
var migrations = [...]string{`
CREATE TABLE state (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	clock INTEGER NOT NULL, record INTEGER NOT NULL, place INTEGER NOT NULL, log INTEGER NOT NULL, sum INTEGER NOT NULL
);
CREATE TABLE record (
	no INTEGER PRIMARY KEY, tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
	version INTEGER NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,
	due INTEGER, ended INTEGER, refs BLOB, schema INTEGER NOT NULL, doc BLOB, sum INTEGER NOT NULL
);
CREATE UNIQUE INDEX record_key ON record (tenant, kind, id);
CREATE INDEX record_list ON record (tenant, kind, state, priority, id);
CREATE INDEX record_due ON record (priority, due, tenant, kind, id) WHERE due IS NOT NULL;
CREATE INDEX record_ended ON record (ended, tenant, kind, id) WHERE ended IS NOT NULL;
CREATE TABLE ref (
	tenant TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
	of_tenant TEXT NOT NULL, of_kind TEXT NOT NULL, of_id TEXT NOT NULL,
	PRIMARY KEY (tenant, kind, name, of_tenant, of_kind, of_id)
) WITHOUT ROWID;
CREATE TABLE entry (
	n INTEGER PRIMARY KEY,
	record INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER, kind TEXT NOT NULL, doc BLOB, sum INTEGER NOT NULL
);
CREATE INDEX entry_record ON entry (record, seq);
CREATE TABLE task (
	place INTEGER PRIMARY KEY, id TEXT NOT NULL,
	tenant TEXT NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL, lane TEXT NOT NULL,
	queue TEXT NOT NULL, tag TEXT NOT NULL, priority INTEGER NOT NULL, lead INTEGER NOT NULL, due INTEGER NOT NULL,
	expires INTEGER, what TEXT NOT NULL, payload BLOB,
	leased INTEGER NOT NULL, owner TEXT NOT NULL, until INTEGER, fence INTEGER NOT NULL,
	at INTEGER NOT NULL, head INTEGER NOT NULL, dead INTEGER NOT NULL, reason TEXT NOT NULL, died INTEGER,
	sum INTEGER NOT NULL
);
CREATE UNIQUE INDEX task_id ON task (id);
CREATE INDEX task_lane ON task (tenant, kind, record, lane, place) WHERE dead = 0;
CREATE INDEX task_head ON task (queue, priority, lead, at, id) WHERE head = 1;
CREATE INDEX task_dead ON task (tenant, priority, id) WHERE dead = 1;
CREATE INDEX task_died ON task (died, id) WHERE dead = 1;
CREATE TABLE log (n INTEGER PRIMARY KEY, at INTEGER, doc BLOB, sum INTEGER NOT NULL);
CREATE TABLE seen (n INTEGER PRIMARY KEY, ids BLOB, sum INTEGER NOT NULL);
`}

// migrate runs the missing migrations, each in one transaction.
func migrate(ctx context.Context, conn *sql.Conn) error {
	var version, id, tables int
	if err := errors.Join(
		conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id),
		conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables),
	); err != nil {
		return fmt.Errorf("read the version of the file: %w", err)
	}
	switch {
	case id != appID && tables > 0:
		return errors.New("the file is a database of another program")
	case version > len(migrations):
		return fmt.Errorf("its tables are of version %d, known up to %d: %w", version, len(migrations), store.ErrNewer)
	}
	for ; version < len(migrations); version++ {
		step := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
			migrations[version], appID, version+1)
		if _, err := conn.ExecContext(ctx, step); err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			return fmt.Errorf("bring the tables from version %d to %d: %w", version, version+1, err)
		}
	}
	return nil
}
