package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/usher-id/usher/provisioning"
)

// ErrWrongKey says that what is to be opened was sealed with a key that the keyring
// does not hold, or was altered, or belongs to another place.
var ErrWrongKey = errors.New("the key does not fit: it is another one than when the secret was saved; " +
	"bring back the key from then, or enter the secret anew")

// Keyring holds keys. The newest seals, all of them open. Its methods are safe for
// concurrent use.
type Keyring struct {
	handle *keyset.Handle
	cipher tink.AEAD
}

// Create makes a keyring with one new key, AES-256 in Galois/Counter Mode.
func Create() (*Keyring, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return open(handle)
}

func open(handle *keyset.Handle) (*Keyring, error) {
	cipher, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use the key: %w", err)
	}
	return &Keyring{handle: handle, cipher: cipher}, nil
}

// Parse reads a keyring from its text; see Text. White space around and within it
// does not matter. The error does not repeat the text.
func Parse(text string) (*Keyring, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, errors.New("the key is not base64: copy it whole, as it was written when it was made")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, errors.New("the key is damaged: copy it whole, as it was written when it was made")
	}
	return open(handle)
}

// Text returns the keyring as text for a file or an environment variable: a keyset
// of Tink as JSON, in base64.
func (k *Keyring) Text() (provisioning.Secret, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&b)); err != nil {
		return provisioning.Secret{}, fmt.Errorf("write the key: %w", err)
	}
	return provisioning.NewSecret(base64.StdEncoding.EncodeToString(b.Bytes())), nil
}

// Rotate returns a keyring that holds a new key besides those of this one. The new
// one seals from now on; what the others sealed still opens.
func (k *Keyring) Rotate() (*Keyring, error) {
	manager := keyset.NewManagerFromHandle(k.handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("add a key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make the new key the one that seals: %w", err)
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("add a key: %w", err)
	}
	return open(handle)
}

// Len returns how many keys the keyring holds.
func (k *Keyring) Len() int { return k.handle.Len() }

// Seal encrypts a text with the newest key and binds it to the context: it opens
// with the same context only.
func (k *Keyring) Seal(plain, context []byte) ([]byte, error) {
	sealed, err := k.cipher.Encrypt(plain, context)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made, with whichever key fits. The error wraps
// ErrWrongKey.
func (k *Keyring) Open(sealed, context []byte) ([]byte, error) {
	plain, err := k.cipher.Decrypt(sealed, context)
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}
