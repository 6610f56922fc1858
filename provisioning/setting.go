package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// Setting declares one thing that an administrator fills in for a connector. Flags
// of the command line, the form of the portal, the keys of Graph's secrets list
// and validation all derive from it.
type Setting struct {
	Key      string // Graph's synchronizationSecret key: "UserName"
	Label    string // what administrators know it as: "Admin Username"
	Help     string // one sentence: what to enter and where to find it
	Flag     string // name on the command line: "username"
	Secret   bool
	Required bool
	Example  string // never of a secret
}

// Credential is one filled-in setting. All values are kept as secrets; the
// Setting says which may be shown.
type Credential struct {
	Key   string
	Value Secret
}

// Credentials are the filled-in settings of a job, in the order in which they
// were put.
type Credentials []Credential

// Get returns the text of a credential, empty when it is not there.
func (c Credentials) Get(key string) string {
	for _, credential := range c {
		if credential.Key == key {
			return credential.Value.Reveal()
		}
	}
	return ""
}

// With returns a copy in which the credential has the value; an empty value
// removes it, as Graph's secrets list has it.
func (c Credentials) With(key, value string) Credentials {
	result := slices.Clone(c)
	index := slices.IndexFunc(result, func(credential Credential) bool { return credential.Key == key })
	switch {
	case index < 0 && value == "":
		return result
	case index < 0:
		return append(result, Credential{key, NewSecret(value)})
	case value == "":
		return slices.Delete(result, index, index+1)
	}
	result[index].Value = NewSecret(value)
	return result
}

// Missing returns the labels of required settings that have no value.
func (c Credentials) Missing(settings []Setting) []string {
	var labels []string
	for _, setting := range settings {
		if setting.Required && c.Get(setting.Key) == "" {
			labels = append(labels, setting.Label)
		}
	}
	return labels
}

// FindSetting returns the setting with this key or flag. The error lists the keys
// that exist.
func FindSetting(settings []Setting, name string) (Setting, error) {
	keys := make([]string, len(settings))
	for i, setting := range settings {
		if setting.Key == name || setting.Flag == name {
			return setting, nil
		}
		keys[i] = setting.Key
	}
	return Setting{}, fmt.Errorf("no setting %q; there are %s", name, strings.Join(keys, ", "))
}
