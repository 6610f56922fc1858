package graphapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// errBadToken says that a token was not made here, or not for this.
var errBadToken = errors.New("the token is not one of this service, or it belongs to another query")

// tokenCoder makes and reads the tokens of nextLink and deltaLink. They are signed,
// and bound to what they were made for, so that nobody can make the service begin
// somewhere else.
type tokenCoder struct {
	key []byte
}

// maxTokenLength is more than any token that is made here.
const maxTokenLength = 8 << 10

// seal returns a token that holds the state. The binding says what it is for: it
// must be the same when the token is read.
func (c tokenCoder) seal(binding string, state any) (string, error) {
	data, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(c.sum(binding, data), data...)), nil
}

// open reads a token into state, or returns errBadToken.
func (c tokenCoder) open(token, binding string, state any) error {
	if len(token) > maxTokenLength {
		return errBadToken
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(data) < signatureLength {
		return errBadToken
	}
	signature, data := data[:signatureLength], data[signatureLength:]
	if !hmac.Equal(signature, c.sum(binding, data)) {
		return errBadToken
	}
	if err := json.Unmarshal(data, state); err != nil {
		return errBadToken
	}
	return nil
}

// signatureLength is how much of the signature is kept: 128 bits, which nobody
// guesses through a service that limits requests.
const signatureLength = 16

func (c tokenCoder) sum(binding string, data []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	// The length keeps binding and data apart.
	mac.Write([]byte(strconv.Itoa(len(binding)) + "\n" + binding))
	mac.Write(data)
	return mac.Sum(nil)[:signatureLength]
}
