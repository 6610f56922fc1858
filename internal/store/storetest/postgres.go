package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	syncatomic "sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// requirePostgres is the environment variable that makes missing server binaries a
// failure.
const requirePostgres = "USHER_REQUIRE_POSTGRES"

// server is the PostgreSQL server of this test binary.
var server struct { //nolint:gochecknoglobals // starting a server takes seconds, so all tests of a binary share one
	once   sync.Once
	folder string
	alive  io.Closer // the server runs as long as this is open and not collected
	err    error
	number syncatomic.Int64 // of the newest database
}

// errNoPostgres says that there is nothing to start.
var errNoPostgres = errors.New("no PostgreSQL server binaries in /usr/lib/postgresql/*/bin; install the package postgresql")

// Postgres returns the URL of a fresh database on a PostgreSQL server that the tests
// start from the installed binaries, and drops it at the end of the test. The test is
// skipped where they are not installed, unless USHER_REQUIRE_POSTGRES is 1.
func Postgres(tb testing.TB) string {
	tb.Helper()
	server.once.Do(func() { server.folder, server.err = startServer() })
	switch {
	case errors.Is(server.err, errNoPostgres) && os.Getenv(requirePostgres) != "1":
		tb.Skip(server.err)
	case server.err != nil:
		tb.Fatal(server.err)
	}
	name := fmt.Sprintf("usher_%d", server.number.Add(1))
	administer(tb, tb.Context(), "create database "+name)
	// The context of the test is over when the database is dropped.
	tb.Cleanup(func() { administer(tb, context.WithoutCancel(tb.Context()), "drop database "+name+" with (force)") })
	return serverURL(server.folder, name)
}

func serverURL(folder, database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {folder}, "user": {"postgres"}}.Encode()
}

func administer(tb testing.TB, ctx context.Context, text string) {
	tb.Helper()
	connection, err := pgx.Connect(ctx, serverURL(server.folder, "postgres"))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = connection.Close(ctx) }()
	if _, err := connection.Exec(ctx, text); err != nil {
		tb.Fatal(err)
	}
}

// startServer makes a database cluster in a temporary folder and starts a server for
// it, which listens on a socket in that folder alone. Both end with the test binary:
// the shell that minds the server waits for the end of its input, which the kernel
// closes however the binary ends.
func startServer() (string, error) {
	binaries, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(binaries) == 0 {
		return "", errNoPostgres
	}
	slices.Sort(binaries)
	programs := filepath.Dir(binaries[len(binaries)-1])
	folder, err := os.MkdirTemp("", "usher-postgres-")
	if err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	credential, err := ordinaryUser(folder)
	if err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := initialize(programs, folder, credential); err != nil {
		return "", err
	}
	const minder = `"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
		-c max_connections=300 -c shared_buffers=64MB >"$2/log" 2>&1 </dev/null &
		read -r nothing; kill -INT $!; wait $!; rm -rf "$2"`
	command := exec.Command("/bin/sh", "-c", minder, "sh", programs, folder) //nolint:noctx,gosec // it ends with the process; the paths are ours
	command.Dir = "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Setpgid: true}
	if server.alive, err = command.StdinPipe(); err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	return folder, awaitServer(folder)
}

// ordinaryUser returns whom to run the server as, because PostgreSQL refuses to run
// as root, and gives that user the folder. It is nil for who is not root.
func ordinaryUser(folder string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // no credential is what the caller runs as
	}
	account, err := osuser.Lookup("postgres")
	if err != nil {
		if account, err = osuser.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(folder, int(uid), int(gid))
}

// initialize makes the cluster. It sorts text by language where the server can, to
// show that the order of ids does not depend on that.
func initialize(programs, folder string, credential *syscall.Credential) error {
	var output []byte
	var err error
	for _, locale := range [][]string{{"--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"}, {"--locale=C.UTF-8"}, {"--locale=C"}} {
		arguments := append([]string{
			"-D", filepath.Join(folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions",
		}, locale...)
		command := exec.Command(filepath.Join(programs, "initdb"), arguments...) //nolint:noctx,gosec // it takes a second; the paths are ours
		command.Dir = "/"
		command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		if output, err = command.CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("initialize PostgreSQL: %w\n%s", err, output)
}

func awaitServer(folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, serverURL(folder, "postgres"))
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(folder, "log")) //nolint:gosec // the path is ours
			return fmt.Errorf("start PostgreSQL: %w\n%s", err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
