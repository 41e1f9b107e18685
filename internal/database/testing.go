package database

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// TestDSNVar names the environment variable with a MySQL server DSN without database, as root@tcp(127.0.0.1:3306)/.
const TestDSNVar = "ENTREPOT_TEST_MYSQL_DSN"

// OpenTest is a fresh, migrated database that lives as long as the test: a database of its own on the MySQL server named
// by ENTREPOT_TEST_MYSQL_DSN when that is set, else an SQLite file in the test's folder.
func OpenTest(t testing.TB) *DB {
	t.Helper()
	db := OpenTestAt(t, TestOptions(t))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// OpenTestAt opens o without migrating and closes it with the test; for several processes on one database.
func OpenTestAt(t testing.TB, o Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestOptions makes an empty database as OpenTest does and says where it is.
func TestOptions(t testing.TB) Options {
	t.Helper()
	dsn := os.Getenv(TestDSNVar)
	if dsn == "" {
		return Options{Dir: t.TempDir()}
	}
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatalf("%s is malformed", TestDSNVar)
	}
	server, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("entrepot_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	exec := func(statement string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := server.ExecContext(ctx, statement+" "+name); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	exec("CREATE DATABASE")
	t.Cleanup(func() {
		exec("DROP DATABASE")
		_ = server.Close()
	})
	cfg.DBName = name
	return Options{DSN: cfg.FormatDSN()}
}
