package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/certificate"
)

func open(t *testing.T, paths certificate.Paths) *certificate.Files {
	t.Helper()
	files, err := certificate.Open(paths.Certificate, paths.Key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func selfSigned(t *testing.T, folder string) certificate.Paths {
	t.Helper()
	paths, err := certificate.SelfSigned(folder)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestAClientThatTrustsTheAuthorityReachesTheServer(t *testing.T) {
	t.Parallel()
	paths := selfSigned(t, t.TempDir())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.Listener = tls.NewListener(server.Listener, open(t, paths).TLS())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	defer server.Close()

	text, err := os.ReadFile(paths.Authority)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		trusted bool
		host    string
	}{"trusted": {true, "localhost"}, "trusted by address": {true, "127.0.0.1"}, "not trusted": {false, "localhost"}} {
		pool := x509.NewCertPool()
		if test.trusted {
			pool.AppendCertsFromPEM(text)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+strings.Replace(server.Listener.Addr().String(), "127.0.0.1", test.host, 1), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err == nil {
			err = answer.Body.Close()
		}
		if (err == nil) != test.trusted {
			t.Errorf("%s: error %v", name, err)
		}
		client.CloseIdleConnections()
	}
}

func TestTheCertificateIsMadeOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	read := func() string {
		text, err := os.ReadFile(selfSigned(t, folder).Certificate)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := read()
	if read() != before {
		t.Error("it was made again although it is good")
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if read() == before {
		t.Error("it was not made again although its authority is gone")
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, error %v", entry.Name(), info.Mode(), err)
		}
	}
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	paths, other := selfSigned(t, t.TempDir()), selfSigned(t, t.TempDir())
	files := open(t, paths)
	shown := func() string {
		got, err := files.TLS().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Certificate[0])
	}
	replace := func(from, to string) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, text, 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(to, later, later); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond)
	}
	before := shown()
	replace(other.Certificate, paths.Certificate)
	if shown() != before {
		t.Error("a certificate without its key is shown")
	}
	replace(other.Key, paths.Key)
	if shown() == before {
		t.Error("the certificate from before is still shown")
	}
	if _, err := certificate.Open(paths.Certificate, paths.Authority, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("files without a key are taken")
	}
}
