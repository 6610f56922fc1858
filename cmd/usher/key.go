package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/usher-id/usher/internal/secret"
)

// keyFile seals credentials with a key from a file that is made when the first
// credential is saved, and not before: while it is missing, what an earlier key
// sealed cannot be read, and a new key that nobody asked for would only hide that.
// Its methods are safe for concurrent use.
type keyFile struct {
	config  secret.Config
	mutex   sync.Mutex
	keyring *secret.Keyring // nil until there is one
}

// openKey reads the key from the environment or the file. A file that is not there
// is no error yet.
func openKey(config secret.Config) (*keyFile, error) {
	key := &keyFile{config: config}
	_, err := key.load(false)
	if errors.Is(err, secret.ErrWrongKey) {
		err = nil
	}
	return key, err
}

// load returns the key; without one, it makes one or returns an error that wraps
// [secret.ErrWrongKey].
func (k *keyFile) load(create bool) (*secret.Keyring, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.keyring != nil {
		return k.keyring, nil
	}
	if k.config.Environment == "" && !create {
		if _, err := os.Stat(k.config.File); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no key file %s: %w", k.config.File, secret.ErrWrongKey)
		}
	}
	keyring, err := secret.Load(k.config)
	if err != nil {
		return nil, fmt.Errorf("load the key that seals credentials: %w", err)
	}
	k.keyring = keyring
	return keyring, nil
}

// Seal implements sqlstore.Sealer.
func (k *keyFile) Seal(plain, context []byte) ([]byte, error) {
	keyring, err := k.load(true)
	if err != nil {
		return nil, err
	}
	return keyring.Seal(plain, context)
}

// Open implements sqlstore.Sealer.
func (k *keyFile) Open(sealed, context []byte) ([]byte, error) {
	keyring, err := k.load(false)
	if err != nil {
		return nil, err
	}
	return keyring.Open(sealed, context)
}
