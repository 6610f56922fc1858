package sqlstore

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered file of SQL.
type migration struct {
	version int
	name    string
	text    string
}

// readMigrations returns the migrations in order. The number of a file is its place.
func readMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	all := make([]migration, 0, len(names))
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", name)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		all = append(all, migration{version, strings.TrimSuffix(strings.TrimPrefix(name, "migrations/"), ".sql"), string(text)})
	}
	slices.SortFunc(all, func(a, b migration) int { return cmp.Compare(a.version, b.version) })
	for i, m := range all {
		if m.version != i+1 {
			return nil, fmt.Errorf("migration %s should have the number %d", m.name, i+1)
		}
	}
	return all, nil
}

// migrate brings the tables up to date, each migration in a transaction of its own.
func (d *database) migrate(ctx context.Context, logger *slog.Logger) error {
	all, err := readMigrations(migrationFiles)
	if err != nil {
		return err
	}
	if version, err := d.version(ctx); err == nil && version == len(all) {
		return nil
	}
	for {
		version := 0
		err := d.write(ctx, "bring the tables up to date", func(t *tx) error {
			var err error
			version, err = t.migrateOnce(ctx, all)
			return err
		})
		switch {
		case err != nil:
			return err
		case version == 0:
			return nil
		}
		logger.InfoContext(ctx, "migrated the database", "version", version, "migration", all[version-1].name)
	}
}

// version returns the version of the tables. It fails where there are none.
func (d *database) version(ctx context.Context) (int, error) {
	return d.queries().count(ctx, `select coalesce(max(version), 0) from migrations`)
}

// migrateOnce runs the next migration and returns its version, 0 when there is none.
func (t *tx) migrateOnce(ctx context.Context, all []migration) (int, error) {
	dialect := t.database.dialect
	for _, text := range []string{
		dialect.lockMigrations, dialect.prepare,
		`create table if not exists migrations (version bigint primary key, name text not null, applied_at bigint not null)`,
	} {
		if text == "" {
			continue
		}
		if _, err := t.exec(ctx, text); err != nil {
			return 0, err
		}
	}
	version, err := t.count(ctx, `select coalesce(max(version), 0) from migrations`)
	switch {
	case err != nil:
		return 0, err
	case version > len(all):
		return 0, errorf(store.ErrNewer, "its tables have version %d and this program knows %d: install the newer version again, or restore a backup",
			version, len(all))
	case version == len(all):
		return 0, nil
	}
	next := all[version]
	for statement := range strings.SplitSeq(next.text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := t.exec(ctx, statement); err != nil {
			return 0, fmt.Errorf("migration %s: %w", next.name, err)
		}
	}
	_, name, _ := strings.Cut(next.name, "_")
	if fill, ok := fillings()[name]; ok {
		if err := fill(ctx, t); err != nil {
			return 0, fmt.Errorf("migration %s: %w", next.name, err)
		}
	}
	_, err = t.exec(ctx, `insert into migrations (version, name, applied_at) values ($1, $2, $3)`, int64(next.version), next.name, micros(now()))
	return next.version, err
}

// fillings are what some migrations do after their text, by name without number: what SQL cannot
// compute alike on both databases.
func fillings() map[string]func(ctx context.Context, t *tx) error {
	return map[string]func(ctx context.Context, t *tx) error{
		"search":       fillWords,
		"log":          fillSearched,
		"history":      beginHistory,
		"plan_items":   fillPlanItems,
		"link_history": beginLinkHistory,
	}
}
