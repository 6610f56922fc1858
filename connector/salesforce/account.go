package salesforce

import (
	"cmp"
	"crypto/rsa"
	"net/url"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/provisioning"
)

// method is a way to sign in.
type method int

const (
	methodPassword method = iota
	methodJWT
	methodRefreshToken
	methodClientCredentials
)

// account is how and where to sign in.
type account struct {
	edition
	method       method
	host         *url.URL // scheme and host of the sign-in
	username     string
	password     string
	token        string
	clientID     string
	clientSecret string
	refreshToken string
	key          *rsa.PrivateKey
}

// newAccount checks the form of the credentials and chooses the way to sign in.
func newAccount(e edition, c provisioning.Credentials) (account, error) {
	a := account{
		edition: e, username: strings.TrimSpace(c.Get(keyUserName)), password: c.Get(keyPassword), token: strings.TrimSpace(c.Get(keySecretToken)),
		clientID:     strings.TrimSpace(cmp.Or(c.Get(keyClientID), c.Get(keyOAuthClientID))),
		clientSecret: strings.TrimSpace(cmp.Or(c.Get(keyClientSecret), c.Get(keyOAuthClientSecret))),
		refreshToken: strings.TrimSpace(c.Get(keyRefreshToken)),
	}
	var err error
	if a.host, err = loginURL(c.Get(keyTenantURL), e.loginHost); err != nil {
		return account{}, err
	}
	var needed []string
	switch {
	case c.Get(keyPrivateKey) != "":
		a.method, needed = methodJWT, []string{keyClientID, keyUserName}
		if a.key, err = parsePrivateKey(c.Get(keyPrivateKey)); err != nil {
			return account{}, err
		}
	case a.refreshToken != "":
		a.method, needed = methodRefreshToken, []string{keyClientID}
	case a.clientSecret != "":
		a.method, needed = methodClientCredentials, []string{keyClientID, keyTenantURL}
	default:
		a.method, needed = methodPassword, []string{keyUserName, keyPassword}
	}
	filled := map[string]string{
		keyClientID: a.clientID, keyUserName: a.username, keyPassword: a.password, keyTenantURL: strings.TrimSpace(c.Get(keyTenantURL)),
	}
	for _, key := range needed {
		if filled[key] == "" {
			return account{}, incomplete(key)
		}
	}
	return a, nil
}

// incomplete is the error for a setting that the chosen way to sign in needs.
func incomplete(key string) error {
	label := key
	if setting, err := provisioning.FindSetting(settings(), key); err == nil {
		label = setting.Label
	}
	return &connector.Error{
		Kind: connector.Unauthorized, Code: codeIncomplete, Fields: []string{key},
		Message: label + " is not filled in",
		Advice:  "Fill in Admin Username, Admin Password and Secret Token, or Client ID with Client Secret and Tenant URL, or Client ID with Private Key and Admin Username.",
	}
}

// secrets lists the texts that no message may hold.
func (a account) secrets() []string {
	return []string{a.password, a.token, a.clientSecret, a.refreshToken}
}
