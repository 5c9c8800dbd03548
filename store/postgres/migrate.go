package postgres

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The steps that bring the tables from one version to the next. A step must leave the tables fit for a replica that knows
// the version before: it adds, and what has become useless goes a version later.
//
//go:embed migrations/*.sql
var migrations embed.FS

const (
	currentVersion = 1

	// migrateLock is the advisory lock that lets one replica migrate while others wait for it.
	migrateLock = 0x746f6373696e // "tocsin"

	// What another replica has just created shows in the catalogue itself, and not to functions that cache it.
	hasSchema  = `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`
	hasVersion = `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = 'version')`
	selectVersion = `SELECT coalesce(max(number), 0) FROM tocsin.version`
	insertVersion = `INSERT INTO tocsin.version (number) VALUES ($1)`
)

// migrate brings the tables up to date, unless another replica does so first.
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

// version returns that of the tables, 0 where there are none. A database that is more than one version ahead is refused: its
// tables may lack what this program reads.
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
	if _, err := tx.Conn().PgConn().Exec(ctx, s.sql(string(text))).ReadAll(); err != nil { // many statements
		return err
	}
	_, err = tx.Exec(ctx, s.sql(insertVersion), version)
	return err
}

// createSchema creates the schema unless somebody has: IF NOT EXISTS would ask for the right to create it all the same.
func (s *Store) createSchema(ctx context.Context, tx pgx.Tx) error {
	var exists bool
	if err := tx.QueryRow(ctx, hasSchema, s.name).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := tx.Exec(ctx, "CREATE SCHEMA "+s.schema)
	return err
}
