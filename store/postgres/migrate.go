package postgres

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Migrations from one version of the tables to the next. After a migration a replica of the version before must still
// work: a migration only adds, and removes a part of the tables one version after it has become unused.
//
//go:embed migrations/*.sql
var migrations embed.FS

const (
	currentVersion = 1

	// migrateLock is the advisory lock for migrations: one replica migrates, the others wait.
	migrateLock = 0x746f6373696e // "tocsin"

	// hasSchema reads the catalogue itself. Functions that cache it may not show a schema that another replica has just
	// created.
	hasSchema  = `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`
	hasVersion = `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = 'version')`
	selectVersion = `SELECT coalesce(max(number), 0) FROM tocsin.version`
	insertVersion = `INSERT INTO tocsin.version (number) VALUES ($1)`
)

// migrate runs the missing migrations, unless another replica has run them.
func (s *Store) migrate(ctx context.Context, conn *pgxpool.Conn) error {
	version, err := s.version(ctx, conn.Conn())
	if err != nil || version == currentVersion {
		return err
	}
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, migrateLock); err != nil {
			return err
		}
		version, err := s.version(ctx, conn.Conn())
		if err != nil {
			return err
		}
		for version++; version <= currentVersion; version++ {
			if err := s.step(ctx, tx, version); err != nil {
				return fmt.Errorf("bring the tables to version %d: %w", version, err)
			}
		}
		return nil
	})
}

// version returns the version of the tables, 0 without tables. It fails if the tables are two or more versions ahead,
// since they may lack columns that this program reads.
func (s *Store) version(ctx context.Context, conn *pgx.Conn) (int, error) {
	var exists bool
	if err := conn.QueryRow(ctx, hasVersion, s.name).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var version int
	if err := conn.QueryRow(ctx, s.sql(selectVersion)).Scan(&version); err != nil {
		return 0, err
	}
	if version > currentVersion+1 {
		return 0, fmt.Errorf("the tables are of version %d, want at most %d: a newer program has migrated them", version, currentVersion+1)
	}
	return version, nil
}

func (s *Store) step(ctx context.Context, tx pgx.Tx, version int) error {
	if version == 1 {
		if err := s.createSchema(ctx, tx); err != nil {
			return err
		}
	}
	text, err := migrations.ReadFile(fmt.Sprintf("migrations/%d.sql", version))
	if err != nil {
		return err
	}
	if _, err := tx.Conn().PgConn().Exec(ctx, s.sql(string(text))).ReadAll(); err != nil { // several statements
		return err
	}
	_, err = tx.Exec(ctx, s.sql(insertVersion), version)
	return err
}

// createSchema creates the schema if it is missing. CREATE SCHEMA IF NOT EXISTS would need the CREATE privilege even for
// an existing schema.
func (s *Store) createSchema(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	if err := tx.QueryRow(ctx, hasSchema, s.name).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := tx.Exec(ctx, "CREATE SCHEMA "+s.schema)
	return err
}
