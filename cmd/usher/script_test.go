package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/internal/store/storetest"
)

// transcriptVariable names the file that gets a copy of all that the program
// writes, for the check that no secret is in it.
const transcriptVariable = "USHER_TEST_TRANSCRIPT"

// What signs in to the org of a script. The values are like nothing else, so that
// they can be looked for in everything that is written.
const (
	canaryPassword = "Canary-Password-7f3a91"
	canaryToken    = "CanaryToken4be20c"
	canarySecret   = "CanarySecret9d55ef"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"usher": program})
}

// program is main, with a copy of what it writes.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	out, errs, done := io.Writer(os.Stdout), io.Writer(os.Stderr), func() error { return nil }
	if name := os.Getenv(transcriptVariable); name != "" {
		transcript, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed) //nolint:forbidigo // this is a main function
		}
		out, errs, done = io.MultiWriter(out, transcript), io.MultiWriter(errs, transcript), transcript.Close
	}
	code := run(ctx, os.Args[1:], os.Stdin, out, errs)
	stop()
	if err := done(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = exitFailed
	}
	os.Exit(code) //nolint:forbidigo // this is a main function
}

// TestScripts runs testdata/script: the command line as its users see it, against
// a simulated org on a port of its own. Besides what testscript offers, a script
// has these commands:
//
//	org [sandbox] [USERNAME...]  start an org, in which the usernames are taken by somebody else
//	account USERNAME STATE [FIELD=VALUE...]
//	                             the org's account, read past its API, is active, inactive or absent
//	rows N                       the org has written so many rows since the last look
//	exits CODE COMMAND...        the command ends with this code
//	json FILE                    the file (or stdout) is one or more JSON documents
//	edit USERNAME FIELD=VALUE... somebody changes the account in the org
//	remember NAME PATTERN        the variable gets what the pattern's group matches in stdout
func TestScripts(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		runScripts(t, setupScript)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		storetest.Postgres(t) // skips all of them at once where there is none
		runScripts(t, func(env *testscript.Env) error {
			env.Setenv("USHER_DATABASE", storetest.Postgres(t))
			return setupScript(env)
		})
	})
}

func runScripts(t *testing.T, setup func(*testscript.Env) error) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"org": startOrg, "account": checkAccount, "rows": checkRows, "exits": checkExit, "json": checkJSON, "remember": remember, "edit": editAccount,
		},
	})
}

type orgKey struct{}

// scriptOrg is what a script knows of its org.
type scriptOrg struct {
	org  *salesforcetest.Org
	rows int64
}

// setupScript gives a script the small company in CSV, and looks at the end for
// secrets in all that was written.
func setupScript(env *testscript.Env) error {
	if err := os.CopyFS(filepath.Join(env.WorkDir, "people"), os.DirFS("testdata/people")); err != nil {
		return err
	}
	transcript := filepath.Join(env.WorkDir, ".transcript")
	data := filepath.Join(env.WorkDir, "data")
	env.Setenv(transcriptVariable, transcript)
	env.Setenv("USHER_DATA", data)
	env.Setenv("USHER_ACTOR", "script")
	env.Values[orgKey{}] = &scriptOrg{}
	env.Defer(func() {
		files, err := filepath.Glob(filepath.Join(data, "*.*"))
		if fault := errors.Join(err, canaries(append(files, transcript)...)); fault != nil {
			env.T().Fatal(fault)
		}
	})
	return nil
}

// canaries looks for the secrets of the org in files.
func canaries(files ...string) error {
	var faults []error
	for _, file := range files {
		content, err := os.ReadFile(file)
		faults = append(faults, err)
		for _, secret := range []string{canaryPassword, canaryToken, canarySecret} {
			if bytes.Contains(content, []byte(secret)) {
				faults = append(faults, fmt.Errorf("%s holds a secret in the clear: %s", filepath.Base(file), secret))
			}
		}
	}
	return errors.Join(faults...)
}

func startOrg(ts *testscript.TestScript, _ bool, args []string) {
	config := salesforcetest.Default()
	config.Users[0].Password, config.Users[0].SecurityToken = canaryPassword, canaryToken
	config.Applications[0].ClientSecret = canarySecret
	config.Universe = salesforcetest.NewUniverse()
	for _, arg := range args {
		if arg == "sandbox" {
			config.Sandbox = true
			continue
		}
		config.Universe.Reserve(arg)
	}
	org, err := salesforcetest.New(config)
	ts.Check(err)
	server, err := org.Listen("127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	ts.Value(orgKey{}).(*scriptOrg).org = org
	known := org.Credentials()
	ts.Setenv("ORG_URL", server.URL)
	ts.Setenv("ORG_USERNAME", known.Username)
	ts.Setenv("ORG_PASSWORD", known.Password)
	ts.Setenv("ORG_TOKEN", known.SecurityToken)
	ts.Setenv("ORG_CLIENT_ID", known.ClientID)
	ts.Setenv("ORG_CLIENT_SECRET", known.ClientSecret)
}

func checkAccount(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: account USERNAME active|inactive|absent [FIELD=VALUE...]")
	}
	user, found := ts.Value(orgKey{}).(*scriptOrg).org.User(args[0])
	state := map[bool]string{true: "active", false: "inactive"}[user.IsActive]
	if !found {
		state = "absent"
	}
	if state != args[1] {
		ts.Fatalf("the account %s is %s, want %s", args[0], state, args[1])
	}
	for _, arg := range args[2:] {
		name, want, _ := strings.Cut(arg, "=")
		got := user.Get(name)
		if name == "Profile" {
			got = user.ProfileName
		}
		if got != want {
			ts.Fatalf("%s of %s is %q, want %q", name, args[0], got, want)
		}
	}
}

func checkRows(ts *testscript.TestScript, _ bool, args []string) {
	known := ts.Value(orgKey{}).(*scriptOrg)
	now := int64(known.org.Statistics().RowsWritten)
	if got := strconv.FormatInt(now-known.rows, 10); got != strings.Join(args, " ") {
		ts.Fatalf("the org wrote %s rows, want %s", got, strings.Join(args, " "))
	}
	known.rows = now
}

func checkExit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](ts.Exec(args[1], args[2:]...)); ok {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func checkJSON(ts *testscript.TestScript, _ bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(strings.Join(args, " "))))
	for count := 0; ; count++ {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) && count > 0 {
			return
		}
		if err != nil {
			ts.Fatalf("document %d is not JSON: %v", count+1, err)
		}
	}
}

func remember(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: remember NAME PATTERN")
	}
	found := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("stdout has nothing like %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func editAccount(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: edit USERNAME FIELD=VALUE...")
	}
	fields := map[string]any{}
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		fields[name] = value
		if flag, err := strconv.ParseBool(value); err == nil {
			fields[name] = flag
		}
	}
	ts.Check(ts.Value(orgKey{}).(*scriptOrg).org.SetUser(args[0], fields))
}
