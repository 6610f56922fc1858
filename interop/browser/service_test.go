package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// build makes the binary once for all tests.
var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "usher-browser")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "usher")
	command := exec.Command("go", "build", "-o", binary, "./cmd/usher")
	command.Dir = filepath.Join("..", "..")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build usher: %w\n%s", err, output)
	}
	return binary, nil
})

// TestMain removes the binary when all tests are over.
func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := build(); err == nil {
		os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// world is a running usher serve with a folder of its own, and a simulated org.
type world struct {
	t      *testing.T
	folder string
	binary string
	URL    string // of the portal, without a slash at the end
	SetUp  string // the link that makes the first administrator
	Org    org
	stop   func() // ends usher serve

	stopOrg func()
	log     *lockedBuffer
}

// org is the line that usher sim salesforce prints when it is ready.
type org struct {
	URL           string `json:"url"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	SecurityToken string `json:"securityToken"`
}

// sample is the file of the sample company with this name, all of its folder without one.
func sample(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "examples", "contoso", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// newWorld imports the sample company and starts an org. The service is not started yet.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t)
	w.run("directory", "import", sample(t, ""), "--assignments", "")
	return w
}

// emptyWorld starts an org, and has nothing in the directory.
func emptyWorld(t *testing.T) *world {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, folder: t.TempDir(), binary: binary}
	w.startOrg("127.0.0.1:0")
	return w
}

// withSalesforce sets the application up from the command line, where a story begins
// later than the tutorial: its credentials work, and the group Sales is assigned.
func (w *world) withSalesforce() *world {
	w.t.Helper()
	w.run("app", "add", "salesforce")
	w.run("app", "set-credentials", "Salesforce", "--username", w.Org.Username, "--tenant-url", w.Org.URL)
	w.run("app", "roles", "Salesforce", "--import")
	w.run("assign", "Salesforce", "--group", "Sales", "--role", "Standard User")
	return w
}

// startOrg starts the org, or starts it again at the address where it was.
func (w *world) startOrg(address string) {
	w.t.Helper()
	content := filepath.Join(w.folder, "org.json")
	line, _, stop := w.start(regexp.MustCompile(`^\{"clientId".*`), "sim", "salesforce", "--listen", address, "--latency", "0s", "--data", content)
	if err := json.Unmarshal([]byte(line), &w.Org); err != nil {
		w.t.Fatal(err)
	}
	w.stopOrg = stop
}

// serve starts the service on a free port.
func (w *world) serve(flags ...string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	w.URL = "http://" + address
	_, w.log, w.stop = w.start(nil, append([]string{"serve", "--listen", address}, flags...)...)
	w.eventually("the service is ready", func() bool {
		response, err := http.Get(w.URL + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	if link := regexp.MustCompile(`https?://[^\s"]*/sign-in/link/[A-Za-z0-9_-]+`).FindString(w.log.String()); link != "" {
		w.SetUp = w.URL + link[strings.Index(link, "/sign-in/"):]
	}
}

// run runs a command of usher in the world and returns what it printed.
func (w *world) run(arguments ...string) string {
	w.t.Helper()
	output, err := w.command(arguments...).Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() != 3 {
		w.t.Fatalf("usher %s: %v\n%s", strings.Join(arguments, " "), err, exit.Stderr)
	}
	return string(output)
}

func (w *world) command(arguments ...string) *exec.Cmd {
	c := exec.CommandContext(w.t.Context(), w.binary, arguments...)
	c.Dir = w.folder
	c.Env = append(os.Environ(), "USHER_DATA="+filepath.Join(w.folder, "data"))
	if w.Org.Password != "" {
		c.Env = append(c.Env, "USHER_PASSWORD="+w.Org.Password, "USHER_SECURITY_TOKEN="+w.Org.SecurityToken)
	}
	return c
}

// start runs a command until the test ends, and waits for a line of its output.
func (w *world) start(wanted *regexp.Regexp, arguments ...string) (string, *lockedBuffer, func()) {
	w.t.Helper()
	c := w.command(arguments...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	output, err := c.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	complaints := &lockedBuffer{}
	c.Stderr = complaints
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	found := make(chan string, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		scanner := bufio.NewScanner(output)
		for scanner.Scan() {
			complaints.Write(append(scanner.Bytes(), '\n'))
			if wanted != nil && wanted.MatchString(scanner.Text()) {
				select {
				case found <- scanner.Text():
				default:
				}
			}
		}
		io.Copy(io.Discard, output)
	})
	stop := sync.OnceFunc(func() {
		c.Process.Signal(syscall.SIGTERM)
		reader.Wait()
		c.Wait()
	})
	w.t.Cleanup(func() {
		stop()
		if w.t.Failed() {
			w.t.Logf("usher %s wrote:\n%s", strings.Join(arguments, " "), complaints.String())
		}
	})
	if wanted == nil {
		return "", complaints, stop
	}
	select {
	case line := <-found:
		return line, complaints, stop
	case <-time.After(30 * time.Second):
		w.t.Fatalf("usher %s did not print %s:\n%s", strings.Join(arguments, " "), wanted, complaints.String())
	}
	return "", nil, nil
}

// eventually waits until something holds.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	w.t.Fatalf("it did not come to this: %s", what)
}

// lockedBuffer takes the output of a process that runs.
type lockedBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}
