package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/usher-id/usher/internal/secret"
)

func create(t *testing.T) *secret.Keyring {
	t.Helper()
	keyring, err := secret.Create()
	if err != nil {
		t.Fatal(err)
	}
	return keyring
}

func seal(t *testing.T, keyring *secret.Keyring, plain, context string) []byte {
	t.Helper()
	sealed, err := keyring.Seal([]byte(plain), []byte(context))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func wantOpen(t *testing.T, keyring *secret.Keyring, sealed []byte, context, want string) {
	t.Helper()
	plain, err := keyring.Open(sealed, []byte(context))
	if err != nil || string(plain) != want {
		t.Errorf("Open gives %q and the error %v, want %q", plain, err, want)
	}
}

func TestWhatWasSealedOpensWithTheSameContextOnly(t *testing.T) {
	t.Parallel()
	keyring := create(t)
	sealed := seal(t, keyring, "canary", "job 1 password")
	if bytes.Contains(sealed, []byte("canary")) {
		t.Error("the sealed text shows the plain one")
	}
	wantOpen(t, keyring, sealed, "job 1 password", "canary")
	if _, err := keyring.Open(sealed, []byte("job 2 password")); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("another context gives the error %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := keyring.Open(sealed, []byte("job 1 password")); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("an altered text gives the error %v", err)
	}
}

func TestAnotherKeyGivesAClearError(t *testing.T) {
	t.Parallel()
	sealed := seal(t, create(t), "canary", "x")
	_, err := create(t).Open(sealed, []byte("x"))
	if !errors.Is(err, secret.ErrWrongKey) || strings.Contains(err.Error(), "canary") {
		t.Errorf("got the error %v", err)
	}
}

func TestARotatedKeyringOpensWhatOldKeysSealed(t *testing.T) {
	t.Parallel()
	old := create(t)
	rotated, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if rotated.Len() != 2 || old.Len() != 1 {
		t.Errorf("%d and %d keys, want 2 and 1", rotated.Len(), old.Len())
	}
	wantOpen(t, rotated, seal(t, old, "before", "x"), "x", "before")
	after := seal(t, rotated, "after", "x")
	wantOpen(t, rotated, after, "x", "after")
	if _, err := old.Open(after, []byte("x")); !errors.Is(err, secret.ErrWrongKey) {
		t.Errorf("the old keyring opens what the new key sealed: error %v", err)
	}
}

func TestLoadMakesAKeyFileForTheOwnerAloneAndReadsItAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "data", "usher.key")
	first, err := secret.Load(secret.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	information, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := information.Mode().Perm(); mode != 0o600 {
		t.Errorf("the key file has the mode %o", mode)
	}
	second, err := secret.Load(secret.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, second, seal(t, first, "canary", "x"), "x", "canary")

	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	third, err := secret.Load(secret.Config{File: "/nowhere", Environment: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, third, seal(t, first, "canary", "x"), "x", "canary")
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the key file alone", entries, err)
	}
}

func TestNodesThatStartTogetherAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "usher.key")
	keyrings := make([]*secret.Keyring, 8)
	var group sync.WaitGroup
	for i := range keyrings {
		group.Go(func() {
			var err error
			if keyrings[i], err = secret.Load(secret.Config{File: file}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for _, keyring := range keyrings {
		wantOpen(t, keyring, seal(t, keyrings[0], "canary", "x"), "x", "canary")
	}
}

func TestSaveReplacesTheKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "usher.key")
	old, err := secret.Load(secret.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := old.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	if err := rotated.Save(file); err != nil {
		t.Fatal(err)
	}
	loaded, err := secret.Load(secret.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	wantOpen(t, loaded, seal(t, rotated, "canary", "x"), "x", "canary")
	wantOpen(t, loaded, seal(t, old, "canary", "x"), "x", "canary")
}

func TestLoadRefusesWhatIsNoKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	damaged := filepath.Join(folder, "damaged.key")
	if err := os.WriteFile(damaged, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config secret.Config
		want   string
	}{
		{"nothing", secret.Config{}, "no key"},
		{"not base64", secret.Config{Environment: "canary!"}, "not base64"},
		{"not a keyset", secret.Config{Environment: "Y2FuYXJ5"}, "damaged"},
		{"damaged file", secret.Config{File: damaged}, damaged},
		{"empty keyset", secret.Config{Environment: "e30="}, "damaged"},
		{"a file as folder", secret.Config{File: filepath.Join(damaged, "usher.key")}, "key file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := secret.Load(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got the error %v, want one about %q", err, test.want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error shows the text: %v", err)
			}
		})
	}
}

func TestAKeyringDoesNotShowItsKeys(t *testing.T) {
	t.Parallel()
	keyring := create(t)
	text, err := keyring.Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %+v", keyring, keyring), fmt.Sprint(text)} {
		if strings.Contains(shown, text.Reveal()) || strings.Contains(shown, "keyData") {
			t.Errorf("the key shows in %s", shown)
		}
	}
}
