package salesforce

import (
	"cmp"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Keys of the settings. Those of the sign-in are of the enumeration synchronizationSecret of
// Microsoft Graph.
//
//nolint:gosec // names of settings, not secrets.
const (
	keyUserName     = "UserName"
	keyPassword     = "Password"
	keySecretToken  = "SecretToken"
	keyTenantURL    = "BaseAddress"
	keyClientID     = "ClientIdentifier"
	keyClientSecret = "ClientSecret"
	keyPrivateKey   = "AppKey"
	keyRefreshToken = "Oauth2RefreshToken"
	keySandboxName  = "SandboxName"

	// Choices of the administrator, which Graph has no keys for.
	keyDisableAction   = "DisableAction"
	keyDisabledProfile = "DisabledProfile"
	keyDisabledPrefix  = "DisabledUsernamePrefix"
	keyDailyBudget     = "DailyBudget"
	keyBulkFrom        = "BulkFrom"

	// The same two by the names that OAuth applications use there.
	keyOAuthClientID     = "Oauth2ClientId"
	keyOAuthClientSecret = "Oauth2ClientSecret"
)

// Options are the choices of whoever runs Usher, the same for all orgs. The zero
// value is right for nearly everybody.
type Options struct {
	// Version of the REST API, such as "64.0". Empty: the newest one that the org and
	// the connector both know.
	Version string
	// Client names the program in the org's login history and API reports. Empty: Usher.
	Client string
	// Timeout ends a single request. Zero: two minutes.
	Timeout time.Duration
	// DescribeFrom is how many writes a connection makes before it asks the org once
	// what the fields of User take, and stops to send rows that cannot succeed. Zero:
	// 200, so that a run of few changes does not pay for it. Negative: never.
	DescribeFrom int
	// DescribeAge is how long the answer is relied on; then the org is asked whether it
	// changed, which an administrator may have done in the middle of a long run. Zero:
	// ten minutes.
	DescribeAge time.Duration
	// BulkPoll is the first wait for a bulk job; it doubles from one look to the next.
	// Zero: one second.
	BulkPoll time.Duration
}

func (o Options) filled() Options {
	o.Client = cmp.Or(o.Client, "Usher")
	o.Timeout = cmp.Or(o.Timeout, 2*time.Minute)
	o.DescribeFrom = cmp.Or(o.DescribeFrom, batchSize)
	o.DescribeAge = cmp.Or(o.DescribeAge, 10*time.Minute)
	return o
}

// edition is what differs between production and sandbox.
type edition struct {
	sandbox   bool
	loginHost string
}

// Template returns the gallery entry for production orgs, those of Government
// Cloud included.
func Template(options Options) connector.Template {
	descriptor := describe(connector.Descriptor{
		TemplateID:  "salesforce",
		GalleryID:   "cd3ed3de-93ee-400b-8b19-b61ef44a0f29",
		Aliases:     []string{"SalesforceOutDelta"},
		Name:        "Salesforce",
		Description: "Users of a Salesforce org: creates, updates and deactivates them, and imports the org's profiles as roles.",
		Interval:    40 * time.Minute,
	}, settings())
	return template(descriptor, edition{loginHost: "login.salesforce.com"}, options, DefaultSchema)
}

// SandboxTemplate returns the gallery entry for sandboxes.
func SandboxTemplate(options Options) connector.Template {
	descriptor := describe(connector.Descriptor{
		TemplateID: "SfSandboxOutDelta",
		// No public text gives the id of this entry in Microsoft Entra ID's gallery; this one is our own.
		GalleryID:   "5f6f4f0c-5d2b-4f37-9a6e-0d3f6c1b7a52",
		Aliases:     []string{"salesforcesandbox"},
		Name:        "Salesforce Sandbox",
		Description: "Users of a Salesforce sandbox: as Salesforce, with a suffix behind the usernames.",
		Interval:    20 * time.Minute,
	}, append(settings(), provisioning.Setting{
		Key: keySandboxName, Label: "Sandbox name", Flag: "sandbox-name", Example: "uat",
		Help: "Name of the sandbox. It is put behind every username with a dot, as Salesforce does when it copies an org; empty: usernames are not changed.",
	}))
	t := template(descriptor, edition{sandbox: true, loginHost: "test.salesforce.com"}, options, DefaultSchema)
	t.Adapt = adaptSandbox
	return t
}

func template(descriptor connector.Descriptor, e edition, options Options, schema func() mapping.Schema) connector.Template {
	options = options.filled()
	return connector.Template{
		Descriptor: descriptor,
		Schema:     schema,
		Open: func(environment connector.Environment) (connector.Connector, error) {
			return open(descriptor, e, options, environment)
		},
	}
}

func describe(d connector.Descriptor, settings []provisioning.Setting) connector.Descriptor {
	d.Settings, d.SignIns = settings, signIns()
	d.Capabilities = connector.Capabilities{
		ObjectType: objectUser, NameAttribute: attributeUsername, ActiveAttribute: attributeIsActive,
		CreatesDisabled: true, Deletes: false, ImportsRoles: true, RequiresRole: true,
		Spelling:        plan.Spelling{TrimsBlanks: true, ShortIDs: true},
		RoleIDAttribute: attributeProfileID, RoleNameAttribute: attributeProfileName,
		BatchSize: batchSize, Concurrency: 5, CodePrefix: codePrefix,
	}
	return d
}

// settings declares what an administrator fills in. None is required by itself:
// each way to sign in needs others, and the choices have defaults.
func settings() []provisioning.Setting {
	return append(signInSettings(), choices()...)
}

// signIns are the ways to sign in; see newAccount for which one is used.
func signIns() []connector.SignIn {
	return []connector.SignIn{
		{Name: "Client secret", Help: "An External Client App with the client credentials flow. Nobody's password is needed.", Keys: []string{keyTenantURL, keyClientID, keyClientSecret}},
		{Name: "Private key", Help: "An External Client App with the JWT bearer flow. No secret is known to both sides.", Keys: []string{keyUserName, keyClientID, keyPrivateKey, keyTenantURL}},
		{Name: "Refresh token", Help: "A token that an External Client App issued to an administrator.", Keys: []string{keyClientID, keyClientSecret, keyRefreshToken, keyTenantURL}},
		{Name: "Username and password", Help: "As in Microsoft Entra ID. Salesforce retires it with the Summer '27 release.", Keys: []string{keyUserName, keyPassword, keySecretToken, keyTenantURL}},
	}
}

func signInSettings() []provisioning.Setting {
	return []provisioning.Setting{
		{
			Key: keyUserName, Label: "Admin Username", Flag: "username", Example: "usher@contoso.com",
			Help: "Username of the Salesforce user that Usher signs in as. Use one of its own with the System Administrator profile.",
		},
		{
			Key: keyPassword, Label: "Admin Password", Flag: "password", Secret: true,
			Help: "Password of that user, for the sign-in that Salesforce retires with the Summer '27 release.",
		},
		{
			Key: keySecretToken, Label: "Secret Token", Flag: "security-token", Secret: true,
			Help: "Security token of that user. Salesforce mails a new one after Settings, Reset My Security Token, and whenever the password changes.",
		},
		{
			Key: keyTenantURL, Label: "Tenant URL", Flag: "tenant-url", Example: "https://contoso.my.salesforce.com",
			Help: "My Domain URL of the org. Needed for Government Cloud and for a sign-in with a client secret.",
		},
		{
			Key: keyClientID, Label: "Client ID", Flag: "client-id", Example: "3MVG9...",
			Help: "Consumer key of the External Client App, for a sign-in without a password.",
		},
		{
			Key: keyClientSecret, Label: "Client Secret", Flag: "client-secret", Secret: true,
			Help: "Consumer secret of the External Client App. The app needs the client credentials flow and a user to run as.",
		},
		{
			Key: keyPrivateKey, Label: "Private Key", Flag: "private-key", Secret: true,
			Help: "RSA private key in PEM whose certificate is in the External Client App, for the JWT bearer flow.",
		},
		{
			Key: keyRefreshToken, Label: "Refresh Token", Flag: "refresh-token", Secret: true,
			Help: "Refresh token that the External Client App issued.",
		},
	}
}

// choices are off as long as they are empty.
func choices() []provisioning.Setting {
	return []provisioning.Setting{
		{
			Key: keyDisableAction, Label: "Disable by", Flag: "disable-action", Example: disableFreeze,
			Help: "How users are disabled: deactivate, which frees the licence, or freeze, which blocks the sign-in at once and keeps the licence. Empty: deactivate.",
		},
		{
			Key: keyDisabledProfile, Label: "Profile of disabled users", Flag: "disabled-profile", Example: "Minimum Access - Salesforce",
			Help: "Profile that users are moved to when they are disabled. Empty: they keep theirs.",
		},
		{
			Key: keyDisabledPrefix, Label: "Username prefix of disabled users", Flag: "disabled-username-prefix", Example: "old.",
			Help: "Prefix that the username gets, together with the id of the user, when a user is disabled, so that the username is free for a new user. Empty: it stays.",
		},
		{
			Key: keyDailyBudget, Label: "Daily budget", Flag: "daily-budget", Example: "80%",
			Help: "How far the org's API requests of 24 hours may be used, by all programs together, before Usher does removals alone: a number, or a share such as 80%. Empty: to the end.",
		},
		{
			Key: keyBulkFrom, Label: "Bulk from", Flag: "bulk-from", Example: "1000",
			Help: "Number of writes of one kind (creations, updates, removals) from which a batch is written by Bulk API 2.0, up to 2500; a batch is then twice as large. Empty: never, which is faster and for most orgs as cheap.",
		},
	}
}
