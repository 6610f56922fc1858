package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

const (
	tokenPurpose = "access tokens" // of the keys in the store
	linkPurpose  = "links"

	keyLifetime = 30 * 24 * time.Hour // after that another one signs
	keyBits     = 2048
	keysFresh   = time.Minute // how long other nodes' keys may go unnoticed when none is missing
	keysAgain   = time.Second // and when one is
)

// signingKey is an RSA key with the id that tokens name it by.
type signingKey struct {
	id        string
	private   *rsa.PrivateKey
	createdAt time.Time
}

// signingKeys are the keys that sign access tokens, the newest first. They are read
// from the store now and then, because other nodes rotate them, too.
type signingKeys struct {
	store store.ServiceKeys

	mutex  sync.Mutex
	keys   []signingKey
	loaded time.Time
}

// newest returns the key that signs. It makes one when there is none or when the last
// one is too old, and drops those that no token can name any more.
func (k *signingKeys) newest(ctx context.Context) (signingKey, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if err := k.load(ctx, keysFresh); err != nil {
		return signingKey{}, err
	}
	if len(k.keys) == 0 || time.Since(k.keys[0].createdAt) > keyLifetime {
		if err := k.rotate(ctx); err != nil {
			return signingKey{}, err
		}
	}
	if len(k.keys) == 0 {
		return signingKey{}, errors.New("there is no key to sign access tokens with")
	}
	return k.keys[0], nil
}

// find returns the key of this id.
func (k *signingKeys) find(ctx context.Context, id string) (signingKey, bool, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, age := range []time.Duration{keysFresh, keysAgain} {
		if err := k.load(ctx, age); err != nil {
			return signingKey{}, false, err
		}
		for _, key := range k.keys {
			if key.id == id {
				return key, true, nil
			}
		}
	}
	return signingKey{}, false, nil
}

// all returns all keys that tokens may name.
func (k *signingKeys) all(ctx context.Context) ([]signingKey, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	err := k.load(ctx, keysFresh)
	return k.keys, err
}

// load reads the keys if they were last read longer ago than age.
func (k *signingKeys) load(ctx context.Context, age time.Duration) error {
	if !k.loaded.IsZero() && time.Since(k.loaded) < age {
		return nil
	}
	kept, err := k.store.ServiceKeys(ctx, tokenPurpose)
	if err != nil {
		return fmt.Errorf("read the keys that sign access tokens: %w", err)
	}
	keys := make([]signingKey, 0, len(kept))
	for _, one := range kept {
		key, err := parseKey(one)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	k.keys, k.loaded = keys, time.Now()
	return nil
}

func parseKey(kept store.ServiceKey) (signingKey, error) {
	der, err := base64.StdEncoding.DecodeString(kept.Key.Reveal())
	if err != nil {
		return signingKey{}, fmt.Errorf("read signing key %s: %w", kept.ID, err)
	}
	private, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return signingKey{}, fmt.Errorf("read signing key %s: %w", kept.ID, err)
	}
	return signingKey{id: kept.ID, private: private, createdAt: kept.CreatedAt}, nil
}

// rotate adds a key. When another node was faster, its key is taken.
func (k *signingKeys) rotate(ctx context.Context) error {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	before := ""
	if len(k.keys) > 0 {
		before = k.keys[0].id
	}
	err = k.store.AddServiceKey(ctx, store.ServiceKey{
		ID: uuid.NewString(), Purpose: tokenPurpose, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
		Key: provisioning.NewSecret(base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(private))),
	}, before)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("keep a signing key: %w", err)
	}
	if err := k.load(ctx, 0); err != nil {
		return err
	}
	return k.dropOld(ctx)
}

// dropOld removes keys whose last token has ended: those before a key that has signed
// for longer than a token lasts.
func (k *signingKeys) dropOld(ctx context.Context) error {
	for i, key := range k.keys {
		if i+1 < len(k.keys) && time.Since(key.createdAt) > TokenLifetime+keysFresh+time.Minute {
			if err := k.store.RemoveServiceKeys(ctx, tokenPurpose, key.createdAt); err != nil {
				return fmt.Errorf("remove old signing keys: %w", err)
			}
			k.keys = k.keys[:i+1]
			return nil
		}
	}
	return nil
}

// webKey returns the public part as a JSON Web Key (RFC 7517).
func (k signingKey) webKey() map[string]any {
	return map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
		"n": base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
	}
}

// LinkKey returns the key that signs links of the API, 32 bytes. It is made when it is
// first asked for and never changes.
func LinkKey(ctx context.Context, keys store.ServiceKeys) ([]byte, error) {
	return lastingKey(ctx, keys, linkPurpose)
}

// lastingKey returns the key of a purpose, 32 bytes, which is made when it is first
// asked for and never changes.
func lastingKey(ctx context.Context, keys store.ServiceKeys, purpose string) ([]byte, error) {
	for range 2 {
		kept, err := keys.ServiceKeys(ctx, purpose)
		if err != nil {
			return nil, fmt.Errorf("read the key for %s: %w", purpose, err)
		}
		if len(kept) > 0 {
			return base64.StdEncoding.DecodeString(kept[0].Key.Reveal())
		}
		fresh := make([]byte, 32)
		if _, err := rand.Read(fresh); err != nil {
			return nil, fmt.Errorf("make the key for %s: %w", purpose, err)
		}
		err = keys.AddServiceKey(ctx, store.ServiceKey{
			ID: uuid.NewString(), Purpose: purpose, CreatedAt: time.Now().UTC(),
			Key: provisioning.NewSecret(base64.StdEncoding.EncodeToString(fresh)),
		}, "")
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, fmt.Errorf("keep the key for %s: %w", purpose, err)
		}
	}
	return nil, fmt.Errorf("the key for %s was added and is not there", purpose)
}
