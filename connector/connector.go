package connector

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Connector is an open connection to one target. All methods are safe for
// concurrent use. What a target cannot do returns an error of kind Unsupported;
// capabilities are data in the Descriptor, never optional interfaces.
type Connector interface {
	// Describe returns the description of the connector. It does no I/O.
	Describe() Descriptor

	// Check signs in and tries what provisioning needs. The error says what is
	// wrong with the connection; permissions that the account lacks are in the
	// Health, and the connection works without them.
	Check(ctx context.Context) (Health, error)

	// Roles yields the roles of the target that users can be assigned to, with the
	// licence that each of them takes. An error ends the sequence.
	Roles(ctx context.Context) iter.Seq2[Role, error]

	// Read yields the objects that the query asks for, in no particular order, each
	// once. Objects that do not exist are left out. An error ends the sequence; it
	// may come after objects were yielded, and then what came is incomplete.
	Read(ctx context.Context, query Query) iter.Seq2[attr.Object, error]

	// Apply carries out a batch of changes whose Action writes, at most
	// Capabilities.BatchSize, in the order given as far as it matters: a removal
	// before a creation frees its licence first. It returns one outcome for each
	// change, in the same order. One bad change does not stop the others. It does
	// not retry what may already have happened: such an outcome is of kind
	// Ambiguous.
	Apply(ctx context.Context, changes []plan.Change) []Outcome

	// Usage returns what was used up since the connector was opened. It does no I/O.
	Usage() Usage

	// Close releases the connection. It does not sign out where that would end
	// sessions of others.
	Close() error
}

// Query asks for objects of one type: those with one of the ids and those whose
// matching attribute has one of the values, or all of them.
type Query struct {
	Type      string    // "User"
	IDs       []string  // ids in the target
	Attribute string    // matching attribute; with it, Values
	Values    []string  // wanted values of the attribute, whatever their letter case unless the attribute is case-exact
	All       bool      // every object; IDs and Attribute are empty
	Since     time.Time // with All: only what changed in the target since, as far as the target tells; zero for everything
	Select    []string  // attributes to read
}

// Outcome is what became of one change of a batch.
type Outcome struct {
	TargetID string   // id of the object in the target, for creations
	Warnings []string // what the target did differently
	Pending  []string // attributes that were accepted and take effect later, such as an e-mail address that waits for confirmation
	Err      error    // nil when the change is in the target, else an *Error
}

// Role is a role of the target, such as a Salesforce profile.
type Role struct {
	ID          string // stable over renames
	Name        string
	Description string
	License     License  // zero when the role takes none
	Aliases     []string // other forms of the id
}

// License is a kind of licence with its seats.
type License struct {
	Name  string `json:"name"`
	Total int    `json:"total"` // seats bought; Unlimited for no limit
	Used  int    `json:"used"`
}

// Unlimited as License.Total says that seats are not counted.
const Unlimited = -1

// Free returns the number of free seats, 0 when more are used than bought, and
// Unlimited.
func (l License) Free() int {
	if l.Total == Unlimited {
		return Unlimited
	}
	return max(0, l.Total-l.Used)
}

// Health is what a connection test found out.
type Health struct {
	Account      string       // who Usher is signed in as
	Organization string       // name and id of the target
	Version      string       // version of the target's API that is used
	Granted      []Permission // permissions that are needed and that the account has, as far as it can be told
	Missing      []Permission // permissions that the account lacks
	Warnings     []string     // what works today and will not for long
}

// Permission is a permission in the target and what Usher needs it for.
type Permission struct {
	Name    string
	Feature string
}

// Usage is what a connector used up since it was opened.
type Usage struct {
	Calls     int64     // requests made
	Limit     int64     // the target's own limit for a day, 0 when it is not known
	LimitUsed int64     // used of that limit by everybody, as the target said last
	Features  []Feature // what takes a licence besides the role, with its seats when the roles were read last; nobody changes it
}

// Environment is what a connector is opened with.
type Environment struct {
	Credentials provisioning.Credentials
	Transport   http.RoundTripper // nil: http.DefaultTransport
	Mapped      []string          // target attributes that the mapping writes; nil: all of the default schema
}

// Template is an entry of the gallery: an application that can be added, and how
// to open connections to it.
type Template struct {
	Descriptor Descriptor
	// Open makes a connector. It checks the credentials' form and does no I/O.
	Open func(Environment) (Connector, error)
	// Schema returns the template's default synchronization schema, a fresh copy.
	Schema func() mapping.Schema
	// Adapt fits a job's schema to credentials that were saved: after is what holds
	// now, before what held until then. It returns a changed copy and true when there
	// is something to change, and leaves alone what an administrator has changed. Nil
	// for a template whose schema does not depend on the credentials.
	Adapt func(schema mapping.Schema, before, after provisioning.Credentials) (mapping.Schema, bool)
}

// Use returns how a job with these settings uses a schema, for [mapping.Check]. Which
// directory extensions users have is for the caller to add.
func (t Template) Use(settings provisioning.Settings) mapping.Use {
	use := mapping.Use{ActiveAttribute: t.Descriptor.Capabilities.ActiveAttribute, Everyone: settings.SyncAll}
	schema := t.Schema()
	if rule, object, err := schema.UserMapping(); err == nil {
		definition, _ := schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
		use.Target = definition.Attributes
	}
	return use
}

// Descriptor is what a connector says of itself: data, the same for every
// connection.
type Descriptor struct {
	TemplateID   string // synchronization template: "salesforce"
	GalleryID    string // application template of the gallery, a GUID
	Aliases      []string
	Name         string // "Salesforce"
	Description  string
	Settings     []provisioning.Setting
	SignIns      []SignIn // the ways to sign in, the best one first
	Capabilities Capabilities
	Interval     time.Duration // between two cycles, unless configured
}

// SignIn is a way to sign in to a target. What was filled in decides which one is used.
type SignIn struct {
	Name string
	Help string   // a sentence: when to use it
	Keys []string // of the settings that it takes
}

// SignsInWith reports whether a setting may be of a way to sign in, by its key.
func (d Descriptor) SignsInWith(key string) bool {
	return len(d.SignIns) == 0 || slices.ContainsFunc(d.SignIns, func(s SignIn) bool { return slices.Contains(s.Keys, key) })
}

// Capabilities are what a target can do and how it wants to be treated.
type Capabilities struct {
	ObjectType                         string // type of the accounts: "User"
	NameAttribute                      string // attribute that names an account for people: "Username"
	ActiveAttribute                    string // Boolean attribute that disables and enables an account: "IsActive"
	CreatesDisabled                    bool   // accounts can be created disabled
	Deletes                            bool   // accounts can be deleted; where they cannot, a delete is a disable
	ImportsRoles                       bool
	RequiresRole                       bool          // default access is not enough
	RoleIDAttribute, RoleNameAttribute string        // attributes that give an account its role, and so its licence: "ProfileId", "ProfileName"
	Spelling                           plan.Spelling // how values are kept in another form than they are sent
	DisabledKeepsSeats                 bool          // disabling an account frees no licence
	BatchSize                          int           // largest batch of Apply and of Query.IDs plus Query.Values
	Concurrency                        int           // batches that may be under way at the same time
	CodePrefix                         string        // prefix of the codes in the provisioning log: "Salesforce"
}
