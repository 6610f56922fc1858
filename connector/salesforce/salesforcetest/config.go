package salesforcetest

import (
	"fmt"
	"slices"
	"time"
)

// Config describes an org. The zero value is usable: [New] takes every part that
// is left out from [Default]. It is also what an org file holds.
type Config struct {
	Name         string `yaml:"name"`         // of the organization
	Edition      string `yaml:"edition"`      // OrganizationType, such as Enterprise Edition
	MyDomain     string `yaml:"myDomain"`     // first label of the org's own host
	InstanceName string `yaml:"instanceName"` // such as USA1
	// Sandbox makes the org a copy: usernames get "." and SandboxName behind,
	// e-mail addresses get ".invalid".
	Sandbox     bool   `yaml:"sandbox"`
	SandboxName string `yaml:"sandboxName"`

	// Latency is how long every request takes, besides the work it causes.
	Latency time.Duration `yaml:"latency"`
	// DailyLimit is how many API requests 24 hours allow; 0 is the number of the edition.
	DailyLimit int `yaml:"dailyLimit"`

	Settings              Settings               `yaml:"settings"`
	Licenses              []License              `yaml:"licenses"`
	FeatureLicenses       map[string]int         `yaml:"featureLicenses"` // seats by field, such as UserPermissionsKnowledgeUser
	Profiles              []Profile              `yaml:"profiles"`
	Roles                 []Role                 `yaml:"roles"`
	PermissionSetLicenses []PermissionSetLicense `yaml:"permissionSetLicenses"`
	PermissionSets        []PermissionSet        `yaml:"permissionSets"`
	PermissionSetGroups   []PermissionSetGroup   `yaml:"permissionSetGroups"`
	Groups                []Group                `yaml:"groups"`
	CustomFields          []CustomField          `yaml:"customFields"`
	// Users begin with the integration user, an administrator.
	Users        []UserConfig  `yaml:"users"`
	Applications []Application `yaml:"applications"`
	Faults       []Fault       `yaml:"faults"`

	// DataFile is where the content comes from, if the file exists, and where
	// [Org.Save] writes it; empty: it is in memory only.
	DataFile string `yaml:"-"`
	// Universe holds the usernames of all orgs; nil means one of its own.
	Universe *Universe `yaml:"-"`
}

// EmailChange is how the org treats a new e-mail address of an active user.
type EmailChange string

// The ways to treat a change of an e-mail address.
const (
	// EmailPending waits for the user's confirmation, 72 hours at most. It is the rule of real orgs.
	EmailPending EmailChange = "pending"
	// EmailImmediate changes at once (Disable Email Change Verification).
	EmailImmediate EmailChange = "immediate"
	// EmailAllowedDomains changes at once and refuses addresses of domains that are not allowed.
	EmailAllowedDomains EmailChange = "allowed-domains"
)

// Settings are the switches of the org's setup.
type Settings struct {
	EmailChange         EmailChange `yaml:"emailChange"`
	AllowedEmailDomains []string    `yaml:"allowedEmailDomains"`
	// SessionTimeout is how long a session lives without use; 0 is two hours.
	SessionTimeout time.Duration `yaml:"sessionTimeout"`
	// TrustedNetwork makes the security token unnecessary.
	TrustedNetwork bool `yaml:"trustedNetwork"`
	// SOAPLoginDisabled switches SOAP login() off, as new orgs have it.
	SOAPLoginDisabled bool `yaml:"soapLoginDisabled"`
	// PasswordFlow switches the OAuth grant with username and password on.
	PasswordFlow bool `yaml:"passwordFlow"`
	// MyDomainLoginOnly refuses sign-ins at login.salesforce.com and test.salesforce.com.
	MyDomainLoginOnly bool `yaml:"myDomainLoginOnly"`
	// StateAndCountryPicklists gives users the fields StateCode and CountryCode,
	// and wants State and Country to be on the lists. It cannot be switched later.
	StateAndCountryPicklists bool `yaml:"stateAndCountryPicklists"`
	// APIDisabled is an edition without the API.
	APIDisabled bool `yaml:"apiDisabled"`
	// LockoutAttempts is how many wrong passwords lock a user out; 0 is 10.
	LockoutAttempts int `yaml:"lockoutAttempts"`
}

// License is a kind of user license and its seats. In a Config, Used is ignored.
type License struct {
	Name          string `yaml:"name"`          // such as Salesforce
	DefinitionKey string `yaml:"definitionKey"` // such as SFDC
	UserType      string `yaml:"userType"`      // of the users that have it; Standard when empty
	Total         int    `yaml:"total"`         // seats; -1 means no limit
	Used          int    `yaml:"-"`             // seats that active users take
}

// Profile belongs to one license and grants permissions.
type Profile struct {
	Name        string   `yaml:"name"`
	License     string   `yaml:"license"`     // name of the license
	Permissions []string `yaml:"permissions"` // such as ApiEnabled; All grants every one
	// LoginHours is when users may sign in, such as 08:00-18:00 in UTC, also over
	// midnight; empty: always.
	LoginHours string `yaml:"loginHours"`
	// LoginRanges are networks that users may sign in from, such as 10.0.0.0/8;
	// empty: anywhere. In memory everybody comes from 127.0.0.1.
	LoginRanges []string `yaml:"loginRanges"`
}

// Role is a place in the hierarchy.
type Role struct {
	Name          string `yaml:"name"`
	DeveloperName string `yaml:"developerName"` // made from the name when empty
	Parent        string `yaml:"parent"`        // name of the role above
}

// PermissionSetLicense is a license that permission sets may ask for.
type PermissionSetLicense struct {
	DeveloperName string `yaml:"developerName"`
	Label         string `yaml:"label"`
	Total         int    `yaml:"total"`
}

// PermissionSet grants permissions to the users it is assigned to.
type PermissionSet struct {
	Name        string   `yaml:"name"`
	Label       string   `yaml:"label"`
	License     string   `yaml:"license"` // user license or permission set license that users need; empty: any
	Permissions []string `yaml:"permissions"`
}

// PermissionSetGroup bundles permission sets.
type PermissionSetGroup struct {
	DeveloperName  string   `yaml:"developerName"`
	Label          string   `yaml:"label"`
	PermissionSets []string `yaml:"permissionSets"`
}

// Group is a public group (Regular) or a queue (Queue).
type Group struct {
	Name          string   `yaml:"name"`
	DeveloperName string   `yaml:"developerName"`
	Type          string   `yaml:"type"`
	Members       []string `yaml:"members"` // usernames, or developer names of groups
}

// CustomField is a field that the org's administrator added.
type CustomField struct {
	Object     string `yaml:"object"`
	Name       string `yaml:"name"` // ends with __c
	Label      string `yaml:"label"`
	Type       string `yaml:"type"`   // string, boolean, int, double, date, datetime, email, picklist
	Length     int    `yaml:"length"` // 255 when 0, for text
	Required   bool   `yaml:"required"`
	Unique     bool   `yaml:"unique"`
	ExternalID bool   `yaml:"externalId"`
	// Values makes a picklist restricted to them.
	Values []string `yaml:"values"`
}

// UserConfig is a user that the org has from the start.
type UserConfig struct {
	Username      string `yaml:"username"`
	Password      string `yaml:"password"` // empty: cannot sign in
	SecurityToken string `yaml:"securityToken"`
	Profile       string `yaml:"profile"` // name
	Role          string `yaml:"role"`    // name
	Manager       string `yaml:"manager"` // username of an earlier user
	// PasswordExpired allows signing in, and then nothing but a new password.
	PasswordExpired bool `yaml:"passwordExpired"`
	// Fields are any others of the User object. Required ones that are missing are made up.
	Fields         map[string]any `yaml:"fields"`
	PermissionSets []string       `yaml:"permissionSets"`
	// Guard is why the user cannot be deactivated, in the words of the org, such
	// as "You cannot disable the Web to Lead Default Creator".
	Guard string `yaml:"guard"`
}

// Application is an external client app that may use OAuth.
type Application struct {
	ClientID     string `yaml:"clientId"`
	ClientSecret string `yaml:"clientSecret"`
	RunAs        string `yaml:"runAs"` // username for the client credentials; empty: that grant is off
	// Certificate or public key, in PEM, that checks JWT bearer assertions; empty: that grant is off.
	Certificate string `yaml:"certificate"`
	// RedirectURIs are where the web server flow may lead back to; empty: anywhere.
	RedirectURIs []string `yaml:"redirectUris"`
}

// Credentials is what a client needs to sign in as the integration user.
type Credentials struct {
	Username      string `json:"username"`
	Password      string `json:"password"`
	SecurityToken string `json:"securityToken"`
	ClientID      string `json:"clientId"`
	ClientSecret  string `json:"clientSecret"`
}

// The sign-in data of the default org. They are fixed on purpose: the org is a
// simulation and holds nothing worth protecting.
const (
	DefaultUsername      = "admin@sim.example"
	DefaultPassword      = "Simulated-1"
	DefaultSecurityToken = "SimulatedSecurityToken01"
	DefaultClientID      = "3MVG9SimulatedConsumerKey"
	DefaultClientSecret  = "SimulatedConsumerSecret"
)

// Default is an Enterprise Edition org with one administrator (see the Default
// constants), the usual profiles and licenses, a few roles, permission sets and
// groups, and seats for a large company.
func Default() Config {
	return Config{
		Name: "Simulated Org", Edition: "Enterprise Edition", MyDomain: "simulated", InstanceName: "SIM1",
		SandboxName: "sbx",
		Settings:    Settings{EmailChange: EmailPending, PasswordFlow: true, SessionTimeout: 2 * time.Hour, LockoutAttempts: 10},
		Licenses: []License{
			{Name: "Salesforce", DefinitionKey: "SFDC", UserType: "Standard", Total: 250_000},
			{Name: "Salesforce Platform", DefinitionKey: "AUL", UserType: "Standard", Total: 50_000},
			{Name: "Chatter Free", DefinitionKey: "CSN_User", UserType: "CsnOnly", Total: 250_000},
			{Name: "Chatter External", DefinitionKey: "CSN_External_User", UserType: "CsnOnly", Total: 500},
			{Name: "Identity", DefinitionKey: "PID_Identity_User", UserType: "Standard", Total: 100},
		},
		FeatureLicenses: map[string]int{
			"UserPermissionsMarketingUser": 1_000, "UserPermissionsSFContentUser": 1_000, "UserPermissionsKnowledgeUser": 100,
			"UserPermissionsSupportUser": 1_000, "UserPermissionsInteractionUser": 100, "UserPermissionsLiveAgentUser": 100,
		},
		Profiles:              defaultProfiles(),
		Roles:                 []Role{{Name: "CEO"}, {Name: "VP Sales", Parent: "CEO"}, {Name: "Sales Representative", Parent: "VP Sales"}, {Name: "Service Agent", Parent: "CEO"}},
		PermissionSetLicenses: []PermissionSetLicense{{DeveloperName: "SalesConsoleUser", Label: "Sales Console User", Total: 100}},
		PermissionSets: []PermissionSet{
			{Name: "Report_Runner", Label: "Report Runner", Permissions: []string{"RunReports"}},
			{Name: "Event_Editor", Label: "Event Editor", License: "Salesforce", Permissions: []string{"EditEvent"}},
			{Name: "Sales_Console", Label: "Sales Console", License: "SalesConsoleUser", Permissions: []string{"EditTask"}},
		},
		PermissionSetGroups: []PermissionSetGroup{{DeveloperName: "Sales_Tools", Label: "Sales Tools", PermissionSets: []string{"Report_Runner", "Event_Editor"}}},
		Groups:              []Group{{Name: "All Sales", DeveloperName: "All_Sales", Type: "Regular"}, {Name: "Support Queue", DeveloperName: "Support_Queue", Type: "Queue"}},
		Users: []UserConfig{{
			Username: DefaultUsername, Password: DefaultPassword, SecurityToken: DefaultSecurityToken, Profile: "System Administrator",
			Fields: map[string]any{"FirstName": "Simulated", "LastName": "Administrator", "Alias": "admin"},
		}},
		Applications: []Application{{ClientID: DefaultClientID, ClientSecret: DefaultClientSecret, RunAs: DefaultUsername}},
	}
}

// defaultProfiles follows what a new Enterprise Edition org has.
func defaultProfiles() []Profile {
	worker := []string{permissionAPIEnabled, "EditEvent", "EditTask", "RunReports", "ConvertLeads"}
	return []Profile{
		{Name: "System Administrator", License: "Salesforce", Permissions: []string{"All"}},
		{Name: "Standard User", License: "Salesforce", Permissions: worker},
		{Name: "Read Only", License: "Salesforce", Permissions: []string{permissionAPIEnabled, "RunReports"}},
		{Name: "Solution Manager", License: "Salesforce", Permissions: append(slices.Clone(worker), "ManageSolutions")},
		{Name: "Marketing User", License: "Salesforce", Permissions: worker},
		{Name: "Contract Manager", License: "Salesforce", Permissions: append(slices.Clone(worker), "ActivateContract")},
		{Name: "Minimum Access - Salesforce", License: "Salesforce"},
		{Name: "Standard Platform User", License: "Salesforce Platform", Permissions: worker},
		{Name: "Chatter Free User", License: "Chatter Free"},
		{Name: "Chatter Moderator User", License: "Chatter Free"},
		{Name: "Chatter External User", License: "Chatter External"},
		{Name: "Identity User", License: "Identity"},
	}
}

// filled replaces every part that is empty by that of the default org.
func (c Config) filled() Config {
	d := Default()
	fill(&c.Name, d.Name)
	fill(&c.Edition, d.Edition)
	fill(&c.MyDomain, d.MyDomain)
	fill(&c.InstanceName, d.InstanceName)
	fill(&c.SandboxName, d.SandboxName)
	if c.Settings.EmailChange == "" && !c.Settings.differs() {
		c.Settings = d.Settings
	}
	c.Settings = c.Settings.filled()
	if c.FeatureLicenses == nil {
		c.FeatureLicenses = d.FeatureLicenses
	}
	fillList(&c.Licenses, d.Licenses)
	c = c.withEntitlements(d)
	fillList(&c.Users, d.Users)
	if len(c.Applications) == 0 {
		c.Applications = []Application{{ClientID: DefaultClientID, ClientSecret: DefaultClientSecret, RunAs: c.Users[0].Username}}
	}
	if c.Universe == nil {
		c.Universe = NewUniverse()
	}
	return c
}

// withEntitlements takes the default parts over as far as the licenses that
// they need are there. A list that is empty but not nil stays empty.
func (c Config) withEntitlements(d Config) Config {
	if c.PermissionSetLicenses == nil {
		c.PermissionSetLicenses = d.PermissionSetLicenses
	}
	known := func(license string) bool {
		return license == "" || slices.ContainsFunc(c.Licenses, func(l License) bool { return l.Name == license }) ||
			slices.ContainsFunc(c.PermissionSetLicenses, func(l PermissionSetLicense) bool { return l.DeveloperName == license })
	}
	if len(c.Profiles) == 0 {
		c.Profiles = slices.DeleteFunc(d.Profiles, func(p Profile) bool { return !known(p.License) })
	}
	ownSets := c.PermissionSets != nil
	if !ownSets {
		c.PermissionSets = slices.DeleteFunc(d.PermissionSets, func(s PermissionSet) bool { return !known(s.License) })
	}
	if c.PermissionSetGroups == nil && !ownSets && known("Salesforce") {
		c.PermissionSetGroups = d.PermissionSetGroups
	}
	if c.Roles == nil {
		c.Roles = d.Roles
	}
	if c.Groups == nil {
		c.Groups = d.Groups
	}
	return c
}

// filled replaces the values that cannot be empty.
func (s Settings) filled() Settings {
	d := Default().Settings
	fill(&s.EmailChange, d.EmailChange)
	fill(&s.SessionTimeout, d.SessionTimeout)
	fill(&s.LockoutAttempts, d.LockoutAttempts)
	return s
}

// differs tells whether any switch was set.
func (s Settings) differs() bool {
	return s.SOAPLoginDisabled || s.PasswordFlow || s.TrustedNetwork || s.MyDomainLoginOnly || s.APIDisabled || s.StateAndCountryPicklists ||
		s.SessionTimeout != 0 || s.LockoutAttempts != 0 || len(s.AllowedEmailDomains) > 0
}

// fill replaces a zero value.
func fill[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}

// fillList replaces an empty list.
func fillList[T any](to *[]T, from []T) {
	if len(*to) == 0 {
		*to = from
	}
}

// dailyLimit is the allocation of 24 hours, by the table of the Limits and
// Allocations Quick Reference when the configuration does not say.
func (c Config) dailyLimit() int {
	if c.DailyLimit > 0 {
		return c.DailyLimit
	}
	seats := 0
	for _, l := range c.Licenses {
		if l.DefinitionKey == "SFDC" || l.DefinitionKey == "AUL" {
			seats += max(l.Total, 0)
		}
	}
	switch c.Edition {
	case "Developer Edition":
		return 15_000
	case "Unlimited Edition", "Performance Edition":
		return 100_000 + 5_000*seats
	}
	return 100_000 + 1_000*seats
}

// field makes the field of the schema.
func (c CustomField) field() (*field, error) {
	f := &field{
		name: c.Name, label: c.Label, kind: fieldType(c.Type), length: c.Length, required: c.Required, unique: c.Unique || c.ExternalID,
		externalID: c.ExternalID, lookup: c.ExternalID, indexed: c.ExternalID || c.Unique, list: c.Values,
		createable: true, updateable: true, custom: true,
	}
	fill(&f.label, c.Name)
	fill(&f.kind, typeString)
	switch f.kind {
	case typeString, typeEmail, typePicklist:
		fill(&f.length, 255)
	case typeBoolean, typeInteger, typeDouble, typeDate, typeDateTime:
	case typeID, typeTextArea, typePhone, typeURL, typeReference:
		return nil, fmt.Errorf("custom field %s: type %q is not supported", c.Name, c.Type)
	default:
		return nil, fmt.Errorf("custom field %s: there is no type %q", c.Name, c.Type)
	}
	// An external id need not be unique; a second match then makes an upsert ambiguous.
	f.unique = c.Unique
	return f, nil
}
