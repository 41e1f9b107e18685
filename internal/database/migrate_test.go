package database

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"entrepot/migrations"
)

// schema describes what both engines must agree on: "orders.paid_at null", "orders unique (preview_id)", ...
type schema []string

func schemaOf(t *testing.T, db *DB) schema {
	t.Helper()
	if db.Engine() == SQLite {
		return sqliteSchema(t, db)
	}
	return mysqlSchema(t, db)
}

func sqliteSchema(t *testing.T, db *DB) schema {
	var s schema
	var tables []string
	query(t, db, &tables, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'")
	for _, table := range tables {
		var cols []struct {
			Name    string
			NotNull bool `gorm:"column:notnull"`
			PK      int  `gorm:"column:pk"`
		}
		query(t, db, &cols, "SELECT * FROM pragma_table_info(?)", table)
		for _, c := range cols {
			s = append(s, column(table, c.Name, !c.NotNull))
			if c.PK > 0 {
				s = append(s, fmt.Sprintf("%s primary (%s)", table, c.Name))
			}
		}
		var indexes []struct {
			Name   string
			Unique bool
			Origin string
		}
		query(t, db, &indexes, "SELECT * FROM pragma_index_list(?)", table)
		for _, i := range indexes {
			var on []string
			query(t, db, &on, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", i.Name)
			if i.Origin != "pk" {
				s = append(s, index(table, i.Name, i.Unique, on))
			}
		}
	}
	sort.Strings(s)
	return s
}

func mysqlSchema(t *testing.T, db *DB) schema {
	var s schema
	var cols []struct{ TableName, ColumnName, IsNullable string }
	query(t, db, &cols, `SELECT table_name AS table_name, column_name AS column_name, is_nullable AS is_nullable
FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE 'goose%'`)
	for _, c := range cols {
		s = append(s, column(c.TableName, c.ColumnName, c.IsNullable == "YES"))
	}
	var parts []struct {
		TableName, IndexName, ColumnName string
		NonUnique                        bool
	}
	query(t, db, &parts, `SELECT table_name AS table_name, index_name AS index_name, column_name AS column_name, non_unique AS non_unique
FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name NOT LIKE 'goose%' ORDER BY table_name, index_name, seq_in_index`)
	for i := 0; i < len(parts); {
		p, on := parts[i], []string{}
		for ; i < len(parts) && parts[i].TableName == p.TableName && parts[i].IndexName == p.IndexName; i++ {
			on = append(on, parts[i].ColumnName)
		}
		if p.IndexName == "PRIMARY" {
			s = append(s, fmt.Sprintf("%s primary (%s)", p.TableName, strings.Join(on, ",")))
			continue
		}
		s = append(s, index(p.TableName, p.IndexName, !p.NonUnique, on))
	}
	sort.Strings(s)
	return s
}

func column(table, name string, null bool) string {
	return fmt.Sprintf("%s.%s %s", table, name, map[bool]string{true: "null", false: "not null"}[null])
}

func index(table, name string, unique bool, on []string) string {
	return fmt.Sprintf("%s %s %s (%s)", table, map[bool]string{true: "unique", false: "index"}[unique], name, strings.Join(on, ","))
}

func query(t *testing.T, db *DB, into any, q string, args ...any) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(q, args...).Scan(into).Error)
}

// declared reads the same description out of the first MySQL file, so that parity is also checked where no server runs.
func declared(t *testing.T) schema {
	t.Helper()
	text, err := fs.ReadFile(migrations.FS, "mysql/00001_init.sql")
	require.NoError(t, err)
	create := regexp.MustCompile(`(?s)CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\n\) ENGINE`)
	key := regexp.MustCompile(`^(UNIQUE KEY|KEY|PRIMARY KEY) ?(\w*) \((.*)\)$`)
	var s schema
	for _, m := range create.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.SplitSeq(strings.TrimSpace(m[2]), "\n") {
			line = strings.TrimSuffix(strings.TrimSpace(line), ",")
			k := key.FindStringSubmatch(line)
			switch {
			case k == nil:
				s = append(s, column(m[1], strings.Fields(line)[0], !strings.Contains(line, "NOT NULL")))
				if strings.HasSuffix(line, "PRIMARY KEY") {
					s = append(s, m[1]+" primary ("+strings.Fields(line)[0]+")")
				}
			case k[1] == "PRIMARY KEY":
				s = append(s, m[1]+" primary ("+k[3]+")")
			default:
				s = append(s, index(m[1], k[2], k[1] == "UNIQUE KEY", strings.Split(k[3], ", ")))
			}
		}
	}
	sort.Strings(s)
	return s
}

func TestSchemasAreEqual(t *testing.T) {
	lite := OpenTestAt(t, Options{Dir: t.TempDir()})
	require.NoError(t, lite.migrateWith(func(p *goose.Provider) error {
		_, err := p.UpTo(t.Context(), 1)
		return err
	}))
	first := sqliteSchema(t, lite)
	require.Equal(t, declared(t), first, "the first MySQL file and SQLite's schema")
	require.Greater(t, len(first), 250)
	if os.Getenv(TestDSNVar) == "" {
		t.Log(TestDSNVar + " is not set: compared with the text of the first MySQL file, not with a server")
		return
	}
	require.NoError(t, lite.Migrate(t.Context()))
	require.Equal(t, mysqlSchema(t, OpenTest(t)), sqliteSchema(t, lite), "the MySQL server and SQLite")
}

func TestNumbersAreEqual(t *testing.T) {
	var names [2][]string
	for i, engine := range []string{MySQL, SQLite} {
		files, err := fs.ReadDir(migrations.FS, engine)
		require.NoError(t, err)
		for _, f := range files {
			names[i] = append(names[i], f.Name())
		}
	}
	require.Equal(t, names[0], names[1])
}

// Every older version can be upgraded: stop at each on the way, and begin at each.
func TestUpgradeFromEveryVersion(t *testing.T) {
	fresh := schemaOf(t, OpenTest(t))
	_, want, err := OpenTestAt(t, TestOptions(t)).MigrationVersion(t.Context())
	require.NoError(t, err)
	for from := int64(0); from < want; from++ {
		db := OpenTestAt(t, TestOptions(t))
		require.NoError(t, db.migrateWith(func(p *goose.Provider) error {
			for v := int64(1); v <= from; v++ {
				if _, err := p.UpTo(t.Context(), v); err != nil {
					return err
				}
			}
			return nil
		}))
		have, _, err := db.MigrationVersion(t.Context())
		require.NoError(t, err)
		require.Equal(t, from, have)
		require.NoError(t, db.Migrate(t.Context()))
		require.Equal(t, fresh, schemaOf(t, db), "from %d", from)
	}
}

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	o := TestOptions(t)
	dbs := []*DB{OpenTestAt(t, o), OpenTestAt(t, o), OpenTestAt(t, o)}
	var wg sync.WaitGroup
	for _, db := range dbs {
		wg.Go(func() {
			if err := db.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	once := schemaOf(t, dbs[0])
	require.NoError(t, dbs[1].Migrate(t.Context()))
	require.Equal(t, once, schemaOf(t, dbs[2]))
	for _, db := range dbs {
		have, want, err := db.MigrationVersion(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, have)
		require.Positive(t, db.NewID())
	}
}

// A process killed in the middle leaves some tables behind (MySQL cannot roll DDL back); the next start goes on.
func TestAnInterruptedMigrationIsFinished(t *testing.T) {
	whole := OpenTest(t)
	db := OpenTestAt(t, TestOptions(t))
	files, err := fs.ReadFile(migrations.FS, db.Engine()+"/00001_init.sql")
	require.NoError(t, err)
	up, _, _ := strings.Cut(string(files), "-- +goose Down")
	statements := strings.Split(up, ";\n")
	for _, s := range statements[:len(statements)/2] {
		_, err := db.pools[0].ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Migrate(t.Context()))
	require.Equal(t, schemaOf(t, whole), schemaOf(t, db))
}

func TestDownLeavesNothing(t *testing.T) {
	db := OpenTest(t)
	require.NoError(t, db.migrateWith(func(p *goose.Provider) error {
		_, err := p.DownTo(t.Context(), 0)
		return err
	}))
	require.Empty(t, schemaOf(t, db))
}
