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

func TestWhichSettingsNeedAFullCycle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		before, after provisioning.Settings
		want          bool
	}{
		{name: "nothing changed", want: false},
		{name: "everyone", after: provisioning.Settings{SyncAll: true}, want: true},
		{name: "only who is assigned", before: provisioning.Settings{SyncAll: true}, want: true},
		{name: "leavers are kept", after: provisioning.Settings{SkipOutOfScopeDeletions: true}, want: false},
		{name: "leavers are no longer kept", before: provisioning.Settings{SkipOutOfScopeDeletions: true}, want: true},
		{name: "another domain", after: provisioning.Settings{DefaultDomain: "contoso.com"}, want: true},
		{name: "guards", after: provisioning.Settings{RemovalLimit: 1, RemovalPercent: 2, FailurePercent: 3}, want: false},
	}
	for _, tt := range tests {
		if got := tt.before.NeedsFullCycle(tt.after); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
