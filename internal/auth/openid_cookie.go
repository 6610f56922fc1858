package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// cookiePurpose is that of the key that seals cookies, in the store.
const cookiePurpose = "sign-in cookies"

// sealer returns what seals cookies, with the same key on all nodes.
func (p *People) sealer(ctx context.Context) (cipher.AEAD, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.cookieKey == nil {
		key, err := lastingKey(ctx, p.Store, cookiePurpose)
		if err != nil {
			return nil, err
		}
		p.cookieKey = key
	}
	block, err := aes.NewCipher(p.cookieKey)
	if err != nil {
		return nil, fmt.Errorf("use the key that seals cookies: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (p *People) seal(ctx context.Context, state openIDState) (string, error) {
	sealer, err := p.sealer(ctx)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("write the cookie of a sign-in: %w", err)
	}
	sealed := sealer.Seal(nil, nil, plain, []byte(cookiePurpose)) //nolint:gosec // the sealer makes its own nonce
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// unseal opens a cookie; one that is not of Usher is an *OpenIDError.
func (p *People) unseal(ctx context.Context, cookie string) (openIDState, error) {
	sealer, err := p.sealer(ctx)
	if err != nil {
		return openIDState{}, err
	}
	if cookie == "" {
		return openIDState{}, &OpenIDError{Reason: "this browser began no sign-in, or took too long; begin again"}
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err == nil {
		var plain []byte
		if plain, err = sealer.Open(nil, nil, sealed, []byte(cookiePurpose)); err == nil {
			return decodeState(plain)
		}
	}
	return openIDState{}, &OpenIDError{Reason: "the cookie of the sign-in is not one of this service; begin again"}
}
