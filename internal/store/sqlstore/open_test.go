package sqlstore_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
	"github.com/usher-id/usher/provisioning"
)

// tamper changes a SQLite file behind the back of the store.
func tamper(t *testing.T, path string, texts ...string) {
	t.Helper()
	file, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, text := range texts {
		if _, err := file.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// made returns the path of a database that a store made and closed.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.db")
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantOpenError(t *testing.T, config sqlstore.Config, kind error, says string) {
	t.Helper()
	opened, err := sqlstore.Open(t.Context(), config)
	if err == nil {
		t.Fatal(errors.Join(errors.New("there is no error"), opened.Close()))
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("the error %q is not %q", err, kind)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("the error %q does not speak of %q", err, says)
	}
}

func TestADatabaseOpensAgain(t *testing.T) {
	t.Parallel()
	path := made(t)
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	information, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := information.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has the mode %o, others may read it", mode)
	}
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?c#d%20ä&e=f.db")
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
	if information, err := os.Stat(path); err != nil || information.Size() == 0 {
		t.Errorf("the file is not there or empty: %v", err)
	}
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	t.Parallel()
	path := made(t)
	tamper(t, path, `insert into migrations (version, name, applied_at) values (9999, 'future', 0)`)
	wantOpenError(t, sqlstore.Config{Path: path}, store.ErrNewer, "version 9999")
}

func TestAFileThatIsNoDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "letter.txt")
	content := strings.Repeat("Dear Ana, this is a letter and no database. ", 100)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, sqlstore.Config{Path: path}, nil, "not an SQLite database")
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestAFolderThatIsNotThereOrNoFolderIsAClearError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, sqlstore.Config{Path: filepath.Join(t.TempDir(), "missing", "usher.db")}, nil, "does not exist: create it")
	wantOpenError(t, sqlstore.Config{Path: filepath.Join(file, "usher.db")}, nil, "not a directory")
	wantOpenError(t, sqlstore.Config{Path: t.TempDir()}, nil, "is a directory")
	wantOpenError(t, sqlstore.Config{}, nil, "a file or a URL")
	wantOpenError(t, sqlstore.Config{Path: "x", URL: "postgres://x"}, nil, "not both")
}

func TestAFolderWithoutPermissionIsAClearError(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, sqlstore.Config{Path: filepath.Join(folder, "usher.db")}, nil, "no permission to write")
}

// lock holds the write lock on a SQLite file until the test ends.
func lock(t *testing.T, path string) {
	t.Helper()
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	transaction, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(ignoreDone(transaction.Rollback()), other.Close()); err != nil {
			t.Error(err)
		}
	})
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

func TestALockedDatabaseCanBeReadAndWritingIsAClearError(t *testing.T) {
	t.Parallel()
	path := made(t)
	opened := open(t, sqlstore.Config{Path: path, BusyTimeout: 50 * time.Millisecond})
	lock(t, path)
	if _, err := opened.CountUsers(t.Context()); err != nil {
		t.Errorf("reading fails: %v", err)
	}
	err := opened.PutUser(t.Context(), storetest.User("ana"))
	if !errors.Is(err, store.ErrBusy) || !strings.Contains(err.Error(), "another program") {
		t.Errorf("got the error %v", err)
	}
}

func TestANewDatabaseThatIsLockedIsAClearError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	tamper(t, path, `pragma journal_mode = wal`, `create table of_somebody_else (a)`)
	lock(t, path)
	wantOpenError(t, sqlstore.Config{Path: path, BusyTimeout: 50 * time.Millisecond}, store.ErrBusy, "another program")
}

func TestAFullDiskIsAClearErrorAndLosesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	opened := open(t, sqlstore.Config{Path: path})
	if err := opened.PutUser(t.Context(), storetest.User("ana")); err != nil {
		t.Fatal(err)
	}
	if err := opened.LimitPages(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := opened.Import(t.Context(), storetest.ManyUsers(5000), false)
	if err == nil || !strings.Contains(err.Error(), "is full: free some space") {
		t.Fatalf("got the error %v", err)
	}
	if count, err := opened.CountUsers(t.Context()); err != nil || count != 1 {
		t.Errorf("%d users are there (%v), want the one from before", count, err)
	}
	if err := opened.PutUser(t.Context(), storetest.User("ben")); err != nil {
		t.Errorf("a small change does not fit any more: %v", err)
	}
}

func TestAMigrationThatFailsLeavesTheDatabaseAsItWas(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	tamper(t, path, `create table audits (mine text)`) // in the way of one of the last statements
	wantOpenError(t, sqlstore.Config{Path: path}, nil, "audits")
	file, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var tables int
	if err := file.QueryRowContext(t.Context(), `select count(*) from sqlite_master`).Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d tables (%v), want the one that was there", tables, err)
	}
}

func TestNoSecretIsReadableInTheDatabase(t *testing.T) {
	t.Parallel()
	const canary = "canary-S3cret-Passw0rd"
	folder := t.TempDir()
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(folder, "usher.db"), Sealer: newSealer(t, 1)})
	if err != nil {
		t.Fatal(err)
	}
	job := storetest.AddApplication(t, opened, "Salesforce")
	credentials := provisioning.Credentials{{Key: "Password", Value: provisioning.NewSecret(canary)}}
	if err := opened.PutCredentials(t.Context(), job, credentials); err != nil {
		t.Fatal(err)
	}
	got, err := opened.Credentials(t.Context(), job)
	if err != nil || got.Get("Password") != canary {
		t.Errorf("the secret does not come back: %v", err)
	}
	search := func() {
		t.Helper()
		files, err := os.ReadDir(folder)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files (%v)", err)
		}
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(content), canary) {
				t.Errorf("%s shows the secret", file.Name())
			}
		}
	}
	search()
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	search()
}

func TestAnotherKeyGivesAClearErrorAndNoneToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	openWith := func(sealer sqlstore.Sealer) *sqlstore.Store {
		opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: path, Sealer: sealer})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		})
		return opened
	}
	first := openWith(newSealer(t, 1))
	job := storetest.AddApplication(t, first, "Salesforce")
	credentials := provisioning.Credentials{{Key: "Password", Value: provisioning.NewSecret("canary")}}
	if err := first.PutCredentials(t.Context(), job, credentials); err != nil {
		t.Fatal(err)
	}
	_, err := openWith(newSealer(t, 2)).Credentials(t.Context(), job)
	if !errors.Is(err, errWrongKey) || !strings.Contains(err.Error(), "Password") || strings.Contains(err.Error(), "canary") {
		t.Errorf("got the error %v", err)
	}
	without := openWith(nil)
	if _, err := without.Credentials(t.Context(), job); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("got the error %v", err)
	}
	if err := without.PutCredentials(t.Context(), job, credentials); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("got the error %v", err)
	}
	if got, err := first.Credentials(t.Context(), job); err != nil || got.Get("Password") != "canary" {
		t.Errorf("a failed put lost the credentials: %v", err)
	}
}
