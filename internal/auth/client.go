package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// secretPrefix marks a secret as one of Usher, for people and for scanners that look
// for secrets in what is published.
const secretPrefix = "usher_"

// NewClient makes a client of the API with ids of its own.
func NewClient(name string, role store.Role) store.APIClient {
	return store.APIClient{ID: uuid.NewString(), ObjectID: uuid.NewString(), Name: name, Role: role, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
}

// NewSecret makes a secret of 256 random bits and what is kept of it. The secret
// itself is shown once and kept nowhere. Because nobody can try 2^256 secrets, a plain
// SHA-256 is as good a hash as a slow one, and signing in stays cheap.
func NewSecret() (provisioning.Secret, store.APISecret, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return provisioning.Secret{}, store.APISecret{}, fmt.Errorf("make a secret: %w", err)
	}
	text := secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return provisioning.NewSecret(text), store.APISecret{
		Hash: hashSecret(text), Hint: text[:len(secretPrefix)+3], CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}, nil
}

func hashSecret(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// matchSecret looks for the secret among those of a client. Every one is compared,
// and in constant time.
func matchSecret(text string, secrets []store.APISecret) (store.APISecret, bool) {
	hash := []byte(hashSecret(text))
	var match store.APISecret
	found := false
	for _, secret := range secrets {
		if subtle.ConstantTimeCompare(hash, []byte(secret.Hash)) == 1 {
			match, found = secret, true
		}
	}
	return match, found
}

// CheckPublicKey checks that a PEM text holds a certificate or a public key that can
// verify assertions, RSA of 2048 bits or more or an elliptic curve, and returns it
// without anything around it. A private key is refused: it is not to leave its owner.
func CheckPublicKey(text string) (string, error) {
	if strings.Contains(text, "PRIVATE KEY") {
		return "", errors.New("this is a private key: keep it, and give the certificate or the public key that belongs to it")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "", errors.New("this is no PEM file with a certificate or a public key")
	}
	normal := string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	if _, err := parsePublicKey(normal); err != nil {
		return "", err
	}
	return normal, nil
}

func parsePublicKey(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the client has no public key")
	}
	var key crypto.PublicKey
	if block.Type == "CERTIFICATE" {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
		key = certificate.PublicKey
	} else {
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read the public key: %w", err)
		}
		key = parsed
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			return nil, errors.New("the RSA key is shorter than 2048 bits")
		}
	case *ecdsa.PublicKey:
	default:
		return nil, fmt.Errorf("a key of the type %T cannot verify assertions; RSA and ECDSA can", key)
	}
	return key, nil
}
