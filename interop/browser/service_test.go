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
	log    *lockedBuffer
}

// org is the line that usher sim salesforce prints when it is ready.
type org struct {
	URL           string `json:"url"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	SecurityToken string `json:"securityToken"`
}

// newWorld imports the sample company and starts an org and the service.
func newWorld(t *testing.T, flags ...string) *world {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, folder: t.TempDir(), binary: binary}
	if err := json.Unmarshal([]byte(w.startOrg()), &w.Org); err != nil {
		t.Fatal(err)
	}
	sample, err := filepath.Abs(filepath.Join("..", "..", "examples", "contoso"))
	if err != nil {
		t.Fatal(err)
	}
	w.run("directory", "import", "--csv", sample)
	w.serve(flags...)
	return w
}

func (w *world) startOrg() string {
	w.t.Helper()
	line, _, _ := w.start(regexp.MustCompile(`^\{"clientId".*`), "sim", "salesforce", "--listen", "127.0.0.1:0", "--latency", "0s")
	return line
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
