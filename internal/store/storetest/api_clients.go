package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

func apiClient(name string) store.APIClient {
	return store.APIClient{
		ID: "client-" + name, ObjectID: "object-" + name, Name: "Client " + name, Role: store.RoleOperator,
		CreatedAt: time.Date(2026, 1, 31, 10, 0, 0, 123_456_000, time.UTC),
	}
}

func apiSecret(text string, age time.Duration) store.APISecret {
	return store.APISecret{Hash: text, Hint: text[:1], CreatedAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC).Add(-age)}
}

func apiClientTests() []test {
	return []test{
		{"a client of the API comes back as it was added", func(t *testing.T, w *world) {
			t.Helper()
			script := apiClient("script")
			script.PublicKey = "-----BEGIN PUBLIC KEY-----\n"
			old, young := apiSecret("old", time.Hour), apiSecret("young", 0)
			young.ExpiresAt = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			w.must(w.AddAPIClient(w.ctx(), script, []store.APISecret{old, young}, journal.Audit{Activity: "Add"}))
			w.must(w.AddAPIClient(w.ctx(), apiClient("another"), nil))
			for _, name := range []string{"client-script", "CLIENT-Script", "Client script", "client SCRIPT"} {
				got, err := w.APIClient(w.ctx(), name)
				w.must(err)
				w.equal("client found as "+name, got, script)
			}
			secrets, err := w.APISecrets(w.ctx(), script.ID)
			w.must(err)
			w.equal("secrets", secrets, []store.APISecret{young, old})
			clients, err := w.APIClients(w.ctx())
			w.must(err)
			w.equal("clients", clients, []store.APIClient{apiClient("another"), script})
			for _, name := range []string{"nobody", "", "a\x00"} {
				_, err = w.APIClient(w.ctx(), name)
				w.wantError(err, store.ErrNotFound)
			}
		}},
		{"a client that is not right is refused", func(t *testing.T, w *world) {
			t.Helper()
			nameless, roleless, nul := apiClient("a"), apiClient("b"), apiClient("c")
			nameless.Name, roleless.Role, nul.Name = "", "king", "a\x00"
			for _, wrong := range []store.APIClient{nameless, roleless, nul, {}} {
				w.wantError(w.AddAPIClient(w.ctx(), wrong, nil, journal.Audit{Activity: "Add"}), store.ErrInvalid)
			}
			w.must(w.AddAPIClient(w.ctx(), apiClient("script"), nil))
			twin := apiClient("twin")
			twin.Name = "CLIENT script"
			w.wantError(w.AddAPIClient(w.ctx(), twin, nil, journal.Audit{Activity: "Add"}), store.ErrConflict)
		}},
		{"what a client signs in with is replaced as a whole", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddAPIClient(w.ctx(), apiClient("script"), []store.APISecret{apiSecret("old", time.Hour)}))
			w.must(w.ReplaceAPISecrets(w.ctx(), "client-script", "PEM", []store.APISecret{apiSecret("new", 0)}, journal.Audit{Activity: "Replace"}))
			secrets, err := w.APISecrets(w.ctx(), "client-script")
			w.must(err)
			w.equal("secrets", secrets, []store.APISecret{apiSecret("new", 0)})
			got, err := w.APIClient(w.ctx(), "client-script")
			w.must(err)
			w.equal("public key", got.PublicKey, "PEM")
			w.wantError(w.ReplaceAPISecrets(w.ctx(), "nobody", "", nil, journal.Audit{Activity: "Replace"}), store.ErrNotFound)
		}},
		{"a revoked client stays on the list, without secrets, and its name is free", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddAPIClient(w.ctx(), apiClient("script"), []store.APISecret{apiSecret("old", time.Hour)}))
			w.must(w.RevokeAPIClient(w.ctx(), "client-script", journal.Audit{Activity: "Revoke"}))
			w.must(w.RevokeAPIClient(w.ctx(), "client-script", journal.Audit{Activity: "Revoke"}))
			got, err := w.APIClient(w.ctx(), "client-script")
			w.must(err)
			w.equal("revoked", got.Revoked(), true)
			secrets, err := w.APISecrets(w.ctx(), "client-script")
			w.must(err)
			w.equal("secrets", secrets, nil)
			w.wantError(w.ReplaceAPISecrets(w.ctx(), "client-script", "", nil, journal.Audit{Activity: "Replace"}), store.ErrNotFound)
			again := apiClient("again")
			again.Name = got.Name
			w.must(w.AddAPIClient(w.ctx(), again, nil))
			found, err := w.APIClient(w.ctx(), got.Name)
			w.must(err)
			w.equal("who has the name", found.ID, again.ID)
			w.wantError(w.RevokeAPIClient(w.ctx(), "nobody"), store.ErrNotFound)
		}},
	}
}

func serviceKeyTests() []test {
	key := func(id string, minute int) store.ServiceKey {
		return store.ServiceKey{
			ID: id, Purpose: "tokens", Key: provisioning.NewSecret("key of " + id),
			CreatedAt: time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC),
		}
	}
	return []test{
		{"the tenant has one id", func(t *testing.T, w *world) {
			t.Helper()
			once, err := w.Tenant(w.ctx())
			w.must(err)
			again, err := w.Tenant(w.ctx())
			w.must(err)
			w.equal("the id when asked again", again, once)
			if len(once) != 36 {
				t.Errorf("the id %q is no GUID", once)
			}
		}},
		{"keys come back, the newest first, and one node alone adds the next", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddServiceKey(w.ctx(), key("a", 1), ""))
			w.wantError(w.AddServiceKey(w.ctx(), key("x", 2), ""), store.ErrConflict)
			w.must(w.AddServiceKey(w.ctx(), key("b", 2), "a"))
			w.wantError(w.AddServiceKey(w.ctx(), key("x", 3), "a"), store.ErrConflict)
			keys, err := w.ServiceKeys(w.ctx(), "tokens")
			w.must(err)
			w.equal("keys", keys, []store.ServiceKey{key("b", 2), key("a", 1)})
			none, err := w.ServiceKeys(w.ctx(), "links")
			w.must(err)
			w.equal("keys of another purpose", len(none), 0)
		}},
		{"old keys are removed", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.AddServiceKey(w.ctx(), key("a", 1), ""))
			w.must(w.AddServiceKey(w.ctx(), key("b", 2), "a"))
			w.must(w.RemoveServiceKeys(w.ctx(), "tokens", key("b", 2).CreatedAt))
			keys, err := w.ServiceKeys(w.ctx(), "tokens")
			w.must(err)
			w.equal("keys", keys, []store.ServiceKey{key("b", 2)})
		}},
	}
}
