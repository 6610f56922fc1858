package provisioning_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/provisioning"
)

func TestSecretShowsItselfNowhere(t *testing.T) {
	t.Parallel()
	const canary = "canary-7F3A"
	secret := provisioning.NewSecret(canary)
	credentials := provisioning.Credentials{{Key: "Password", Value: secret}}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "secret", secret, "credentials", credentials)
	encoded, err := json.Marshal(map[string]any{"a": secret, "b": credentials})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprintf("%v %+v %#v", credentials, credentials, credentials), logged.String(), string(encoded),
	} {
		if strings.Contains(shown, canary) {
			t.Errorf("the secret shows in %s", shown)
		}
	}
	if secret.Reveal() != canary {
		t.Error("Reveal does not give the text")
	}
}

func TestCredentialsKeepTheOrderInWhichTheyWerePut(t *testing.T) {
	t.Parallel()
	credentials := provisioning.Credentials{}.With("UserName", "a").With("Password", "b").With("UserName", "c").With("Password", "").With("SecretToken", "d")
	var got []string
	for _, credential := range credentials {
		got = append(got, credential.Key+"="+credential.Value.Reveal())
	}
	if diff := cmp.Diff([]string{"UserName=c", "SecretToken=d"}, got); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}
