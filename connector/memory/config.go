package memory

import (
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/provisioning"
)

// Config describes a target. The zero value is usable: an empty target of users
// that are named by Username and switched off by IsActive.
type Config struct {
	Descriptor connector.Descriptor // parts that are empty are filled from [Descriptor]
	Roles      []connector.Role     // License.Used is ignored: it is counted
	Accounts   []attr.Object        // what is there from the start; ids are made where they are missing

	Unique        []string // attributes that no two accounts share, whatever the letter case; the name always is
	Required      []string // attributes that an account cannot be without; the name always is
	RoleAttribute string   // attribute that holds the name of a role; empty: roles are not looked at
	Normalize     Normalization
	Pending       []string // attributes whose change waits for [Connector.Confirm] on an active account

	Expected  provisioning.Credentials // credentials that the target accepts; none: any
	Presented provisioning.Credentials // credentials that this connection signs in with
	Latency   time.Duration            // how long each call takes
	CallLimit int64                    // calls until the quota is used up; 0 for no limit
}

// Normalization says how the target changes what it is given.
type Normalization struct {
	LowerCase []string       // attributes stored in lower case
	Trim      []string       // attributes stored without blanks around them
	Cut       map[string]int // attributes stored with at most so many characters
	IDLength  int            // length of ids; longer than what is needed is filled up with zeros
}

// apply returns the value as the target stores it.
func (n Normalization) apply(name string, value attr.Value) attr.Value {
	if value.Kind() != attr.String {
		return value
	}
	text := value.String()
	if contains(n.Trim, name) {
		text = strings.TrimSpace(text)
	}
	if contains(n.LowerCase, name) {
		text = strings.ToLower(text)
	}
	if limit := n.Cut[name]; limit > 0 {
		if runes := []rune(text); len(runes) > limit {
			text = string(runes[:limit])
		}
	}
	return attr.Text(text)
}

// Descriptor returns the description that is used where a Config has none.
func Descriptor() connector.Descriptor {
	return connector.Descriptor{
		TemplateID:  "memory",
		GalleryID:   "00000000-0000-4000-8000-000000000001",
		Name:        "Memory",
		Description: "A target in memory, for tests.",
		Interval:    40 * time.Minute,
		Capabilities: connector.Capabilities{
			ObjectType: "User", NameAttribute: "Username", ActiveAttribute: "IsActive",
			CreatesDisabled: true, ImportsRoles: true, BatchSize: 200, Concurrency: 5, CodePrefix: "Memory",
		},
	}
}

// filled completes a configuration.
func (c Config) filled() Config {
	standard := Descriptor()
	d := &c.Descriptor
	fill(&d.TemplateID, standard.TemplateID)
	fill(&d.GalleryID, standard.GalleryID)
	fill(&d.Name, standard.Name)
	fill(&d.Description, standard.Description)
	fill(&d.Interval, standard.Interval)
	if d.Capabilities == (connector.Capabilities{}) {
		d.Capabilities = standard.Capabilities
	}
	fill(&d.Capabilities.ObjectType, standard.Capabilities.ObjectType)
	fill(&d.Capabilities.NameAttribute, standard.Capabilities.NameAttribute)
	fill(&d.Capabilities.ActiveAttribute, standard.Capabilities.ActiveAttribute)
	fill(&d.Capabilities.BatchSize, standard.Capabilities.BatchSize)
	fill(&d.Capabilities.Concurrency, standard.Capabilities.Concurrency)
	fill(&d.Capabilities.CodePrefix, standard.Capabilities.CodePrefix)
	name := d.Capabilities.NameAttribute
	if !contains(c.Unique, name) {
		c.Unique = append([]string{name}, c.Unique...)
	}
	if !contains(c.Required, name) {
		c.Required = append([]string{name}, c.Required...)
	}
	return c
}

func fill[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}
