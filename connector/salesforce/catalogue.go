package salesforce

import (
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
)

// codePrefix begins every code of the provisioning log that is about Salesforce.
const codePrefix = "Salesforce"

// Codes for what is found out here and not said by Salesforce.
const (
	codeInvalidCredentials   = codePrefix + "InvalidCredentials"
	codeIncomplete           = codePrefix + "CredentialsIncomplete"
	codeInvalidPrivateKey    = codePrefix + "InvalidPrivateKey"
	codeInvalidTenantURL     = codePrefix + "InvalidTenantUrl"
	codeInvalidProfile       = codePrefix + "InvalidProfile"
	codeInvalidUserRole      = codePrefix + "InvalidUserRole"
	codeInvalidEntitlement   = codePrefix + "InvalidEntitlement"
	codeInvalidSetting       = codePrefix + "InvalidSetting"
	codeBudgetSpent          = codePrefix + "DailyBudgetSpent"
	codeFreezeImpossible     = codePrefix + "FreezeImpossible"
	codeInvalidAttribute     = codePrefix + "InvalidAttribute"
	codeInvalidAnchor        = codePrefix + "InvalidAnchor"
	codeInvalidAction        = codePrefix + "InvalidAction"
	codeBatchTooLarge        = codePrefix + "BatchTooLarge"
	codeUnsupportedAttribute = codePrefix + "UnsupportedAttribute"
	codeUnreachable          = codePrefix + "Unreachable"
	codeHostNotFound         = codePrefix + "HostNotFound"
	codeTLS                  = codePrefix + "TlsFailure"
	codeTimeout              = codePrefix + "Timeout"
	codeWrongHost            = codePrefix + "WrongHost"
	codeAnswerLost           = codePrefix + "AnswerLost"
	codeUnexpectedAnswer     = codePrefix + "UnexpectedAnswer"
	codeIncompleteRead       = codePrefix + "IncompleteRead"
)

// Codes of Salesforce that are acted on.
const (
	licenseLimit = "LICENSE_LIMIT_EXCEEDED" // there is no seat
	rowLocked    = "UNABLE_TO_LOCK_ROW"     // somebody else is writing the record
)

// Names under which the catalogue keeps what Salesforce has no code of its own
// for.
const (
	targetSOAPLoginDisabled = "SOAP_LOGIN_DISABLED"
	targetLoginRateExceeded = "LOGIN_RATE_EXCEEDED"
	targetConcurrentLimit   = "CONCURRENT_LIMIT_EXCEEDED"
	targetURITooLong        = "URI_TOO_LONG"
)

// Explanation says what a code of the provisioning log means and what to do.
type Explanation struct {
	Code        string
	Target      string // Salesforce's own code; empty for what is found out here
	Kind        connector.Kind
	Explanation string
	Advice      string
	Retry       bool // tried again within the cycle; everything else with a later one
}

// entry is one row of the catalogue of errors.
type entry struct {
	target      string // Salesforce's code
	kind        connector.Kind
	code        string // for the provisioning log; empty: made from target
	explanation string
	advice      string
	retry       bool // nothing happened, and trying again soon helps
}

// productCode returns the code for the provisioning log.
func (e entry) productCode() string {
	if e.code != "" {
		return e.code
	}
	return productCode(e.target)
}

// productCode turns LICENSE_LIMIT_EXCEEDED into SalesforceLicenseLimitExceeded.
func productCode(target string) string {
	var b strings.Builder
	b.WriteString(codePrefix)
	for word := range strings.SplitSeq(strings.ToLower(target), "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// lookup returns the row for a code of Salesforce. A code that is not in the
// catalogue counts as one about the data.
func lookup(target string) entry {
	for _, list := range [][]entry{dataErrors, requestErrors, signInErrors} {
		if i := slices.IndexFunc(list, func(e entry) bool { return e.target == target }); i >= 0 {
			return list[i]
		}
	}
	return entry{target: target, kind: connector.Invalid}
}

// Explanations returns the explanation of every code that this connector puts
// into the provisioning log, in the order of the codes, each once.
func Explanations() []Explanation {
	var all []Explanation
	for _, list := range [][]entry{signInErrors, oauthErrors, dataErrors, requestErrors, ownErrors} {
		for _, e := range list {
			target, _, _ := strings.Cut(e.target, ":")
			if slices.Contains([]string{targetConcurrentLimit, targetLoginRateExceeded, targetSOAPLoginDisabled, targetURITooLong}, target) {
				target = ""
			}
			all = append(all, Explanation{
				Code: e.productCode(), Target: target, Kind: e.kind, Explanation: e.explanation, Advice: e.advice, Retry: e.retry,
			})
		}
	}
	slices.SortStableFunc(all, func(a, b Explanation) int { return strings.Compare(a.Code, b.Code) })
	return slices.CompactFunc(all, func(a, b Explanation) bool { return a.Code == b.Code })
}

// ownErrors explains the codes that are found out here.
//
//nolint:gochecknoglobals // compile-time table
var ownErrors = []entry{
	{code: codeIncomplete, kind: connector.Unauthorized, explanation: "A setting that the chosen way to sign in needs is not filled in.", advice: "Fill in the setting that the message names."},
	{code: codeInvalidPrivateKey, kind: connector.Unauthorized, explanation: "The private key cannot be read.", advice: "Paste an RSA private key in PEM, without a passphrase."},
	{code: codeInvalidTenantURL, kind: connector.Invalid, explanation: "The Tenant URL is not one that credentials may be sent to.", advice: "Enter the My Domain URL of the org, such as https://contoso.my.salesforce.com."},
	{code: codeInvalidProfile, kind: connector.Invalid, explanation: "The org has no profile of the name that the mapping gives, or several.", advice: "Assign the user one of the roles that were imported from the org, or correct the default value of ProfileName."},
	{code: codeInvalidUserRole, kind: connector.Invalid, explanation: "The org has no role of the name that the mapping gives, or several.", advice: "Correct the mapping of UserRoleName, or create the role in Salesforce."},
	{code: codeInvalidSetting, kind: connector.Invalid, explanation: "A setting of the application has a value that it cannot have.", advice: "Correct the setting that the message names."},
	{code: codeBudgetSpent, kind: connector.QuotaExceeded, explanation: "As much of the org's API requests of 24 hours is used as the daily budget allows. Removals go on.", advice: "None needed: the rest follows when the window of 24 hours has moved on. Raise the daily budget if other programs leave enough."},
	{code: codeFreezeImpossible, kind: connector.Forbidden, explanation: "Salesforce does not show the sign-in of the user, so it cannot be frozen.", advice: "Give the Salesforce user that Usher signs in as the permission Manage Users."},
	{code: codeInvalidEntitlement, kind: connector.Invalid, explanation: "The org has no permission set, permission set group, permission set license, public group or queue of the name that the mapping gives, or several.", advice: "Correct the mapping. The names are the API names, in the spelling of Salesforce, and not the labels."},
	{code: codeInvalidAttribute, kind: connector.Invalid, explanation: "The mapping names an attribute that cannot be the API name of a field.", advice: "Use the API name of the field, as Setup, Object Manager, User shows it."},
	{code: codeInvalidAnchor, kind: connector.NotFound, explanation: "The account that the user is connected to does not exist in the org.", advice: "Restart provisioning, so that matching looks for the account again. After a sandbox was refreshed all ids are new."},
	{code: codeInvalidAction, kind: connector.Invalid, explanation: "A change that writes nothing was sent to be written.", advice: "Report this: it is a fault of the program."},
	{code: codeBatchTooLarge, kind: connector.Invalid, explanation: "More changes were sent at once than Salesforce takes.", advice: "Report this: it is a fault of the program."},
	{code: codeUnsupportedAttribute, kind: connector.Unsupported, explanation: "The mapping writes an attribute that this connector cannot write.", advice: "Remove the attribute from the mapping."},
	{code: codeUnreachable, kind: connector.Unavailable, explanation: "No connection to Salesforce could be made.", advice: "Check the network, the proxy and https://status.salesforce.com. The next cycle tries again.", retry: true},
	{code: codeHostNotFound, kind: connector.Unavailable, explanation: "The host name of the org does not exist.", advice: "Correct the Tenant URL, or check the name service of this machine."},
	{code: codeTLS, kind: connector.Unavailable, explanation: "The encrypted connection could not be made.", advice: "Check the clock of this machine and its certificate authorities, and whether a proxy opens the connection."},
	{code: codeTimeout, kind: connector.Unavailable, explanation: "Salesforce took too long to answer.", advice: "None needed: the next cycle tries again.", retry: true},
	{code: codeWrongHost, kind: connector.Unavailable, explanation: "What answers at the host is not a Salesforce org.", advice: "Correct the Tenant URL: it is the My Domain URL of the org, not that of its user interface or a login page."},
	{code: codeAnswerLost, kind: connector.Ambiguous, explanation: "The answer to a write was lost: it may have happened.", advice: "None needed: the account is looked up before anything is written again."},
	{code: codeUnexpectedAnswer, kind: connector.Unavailable, explanation: "Salesforce answered in a form that cannot be understood.", advice: "None needed if it happens once; otherwise report it with the message."},
	{code: codeIncompleteRead, kind: connector.Unavailable, explanation: "Salesforce sent fewer records than it announced. Nothing is concluded from what is missing.", advice: "None needed: the next cycle reads again."},
}

// signInErrors are the faults of SOAP login() and of every call of a user who
// may not use the API.
//
//nolint:gochecknoglobals // compile-time table
var signInErrors = []entry{
	{target: "INVALID_LOGIN", kind: connector.Unauthorized, code: codeInvalidCredentials, explanation: "Salesforce refuses the username, the password or the security token, or the user is locked out.", advice: "Enter username, password and security token again. A new password also makes a new security token, which Salesforce mails to the user. Setup, Login History says which of them is wrong. A sandbox is signed in to with the application Salesforce Sandbox."},
	{target: "LOGIN_MUST_USE_SECURITY_TOKEN", kind: connector.Unauthorized, explanation: "The password is right, but the security token is missing or out of date.", advice: "In Salesforce choose Settings, Reset My Security Token as the admin user and enter the token that is mailed, or add this network to the trusted IP ranges."},
	{target: targetSOAPLoginDisabled, kind: connector.Unauthorized, explanation: "The org does not allow the sign-in with a password: SOAP login() is switched off.", advice: "Create an External Client App and sign in with Client ID and Client Secret or a private key; or, until Summer '27, switch SOAP login() on under Setup, User Interface and give the user the permission Use Any API Auth."},
	{target: targetLoginRateExceeded, kind: connector.Throttled, explanation: "The user signed in too often within an hour.", advice: "Use a Salesforce user that no other program uses."},
	{target: "PASSWORD_LOCKOUT", kind: connector.Unauthorized, explanation: "The admin user is locked out after too many wrong passwords.", advice: "Unlock the user in Salesforce under Setup, Users and enter the right password here."},
	{target: "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", kind: connector.Unauthorized, code: codePrefix + "PasswordExpired", explanation: "The password of the admin user has expired.", advice: "Sign in to Salesforce as that user, set a new password, and enter it here with the new security token. The permission Password Never Expires avoids this."},
	{target: "LOGIN_DURING_RESTRICTED_TIME", kind: connector.Unauthorized, explanation: "The profile of the admin user does not allow signing in at this hour.", advice: "Remove the login hours from the profile of that user."},
	{target: "LOGIN_DURING_RESTRICTED_DOMAIN", kind: connector.Unauthorized, explanation: "The profile of the admin user does not allow signing in from this network.", advice: "Add the address of this machine to the login IP ranges of that profile."},
	{target: "API_DISABLED_FOR_ORG", kind: connector.Forbidden, explanation: "The org's edition has no API.", advice: "Use an edition with API access (Enterprise, Unlimited, Performance, Developer, or Professional with the add-on)."},
	{target: "API_CURRENTLY_DISABLED", kind: connector.Forbidden, explanation: "The admin user may not use the API.", advice: "Give the profile of that user the permission API Enabled."},
	{target: "TRIAL_EXPIRED", kind: connector.Forbidden, explanation: "The org's trial has ended.", advice: "Buy the org or use another one."},
	{target: "ORG_LOCKED", kind: connector.Forbidden, explanation: "Salesforce has locked the org.", advice: "Ask Salesforce support."},
	{target: "ORG_IS_SIGNING_UP", kind: connector.Unavailable, explanation: "The org is still being made.", advice: "Wait until Salesforce says that it is ready.", retry: true},
	{target: "ORG_IN_MAINTENANCE", kind: connector.Unavailable, explanation: "Salesforce maintains the org.", advice: "None needed: the next cycle tries again.", retry: true},
	{target: "ORG_NOT_OWNED_BY_INSTANCE", kind: connector.Unavailable, code: codeWrongHost, explanation: "The org does not live at this host.", advice: "Enter the My Domain URL of the org as Tenant URL."},
	{target: "INACTIVE_OWNER_OR_USER", kind: connector.Unauthorized, explanation: "The admin user is inactive.", advice: "Activate the user in Salesforce, or sign in as another one."},
	{target: "LOGIN_CHALLENGE_ISSUED", kind: connector.Unauthorized, explanation: "Salesforce wants to verify the identity of the admin user.", advice: "Add this network to the trusted IP ranges, or sign in with an External Client App."},
	{target: "LOGIN_CHALLENGE_PENDING", kind: connector.Unauthorized, explanation: "Salesforce waits for the admin user to verify the identity.", advice: "Add this network to the trusted IP ranges, or sign in with an External Client App."},
	{target: "SSO_SERVICE_DOWN", kind: connector.Unavailable, explanation: "The admin user signs in through another service, and that is down.", advice: "Use a user who signs in to Salesforce itself."},
	{target: "INVALID_SSO_GATEWAY_URL", kind: connector.Unauthorized, explanation: "The admin user signs in through another service, whose address is wrong.", advice: "Use a user who signs in to Salesforce itself."},
	{target: "MUTUAL_AUTHENTICATION_FAILED", kind: connector.Unauthorized, explanation: "The org asks for a client certificate.", advice: "Exempt the admin user from Enforce SSL/TLS Mutual Authentication."},
	{target: "UNSUPPORTED_API_VERSION", kind: connector.Unavailable, explanation: "Salesforce has retired the API version that was used.", advice: "Update Usher. A sign-in with a password has no version that stays: use an External Client App.", code: codePrefix + "UnsupportedApiVersion"},
	{target: "UNSUPPORTED_CLIENT", kind: connector.Forbidden, explanation: "The org does not accept this client.", advice: "Allow Usher under Setup, Connected Apps OAuth Usage."},
	{target: "INVALID_SESSION_ID", kind: connector.Unauthorized, explanation: "Salesforce refuses the session right after the sign-in.", advice: "Check Setup, Session Settings: a session that is locked to an address or a domain does not work for the API."},
	{target: "INVALID_AUTH_HEADER", kind: connector.Unauthorized, explanation: "Salesforce could not read the session.", advice: "Check whether a proxy changes the Authorization header."},
}

// oauthErrors are the faults of the OAuth token endpoint: target is the error,
// with a part of its description behind a colon where one error has many causes.
//
//nolint:gochecknoglobals // compile-time table
var oauthErrors = []entry{
	{target: "invalid_grant:expired", kind: connector.Unauthorized, code: codePrefix + "RefreshTokenExpired", explanation: "The refresh token has expired or was revoked.", advice: "Sign in to the External Client App again and enter the new refresh token."},
	{target: "invalid_grant:approved", kind: connector.Unauthorized, code: codePrefix + "UserNotApproved", explanation: "The user has not approved the External Client App.", advice: "In the app's policies choose Admin approved users are pre-authorized and add the profile of the user."},
	{target: "invalid_grant:audience", kind: connector.Unauthorized, code: codePrefix + "WrongAudience", explanation: "The assertion was made for another host.", advice: "Use the template for sandboxes for a sandbox, or enter the My Domain URL as Tenant URL."},
	{target: "invalid_grant:locked", kind: connector.Unauthorized, code: codePrefix + "PasswordLockout", explanation: "The admin user is locked out.", advice: "Unlock the user in Salesforce under Setup, Users."},
	{target: "invalid_grant:ip restricted", kind: connector.Unauthorized, code: codePrefix + "LoginDuringRestrictedDomain", explanation: "The user or the app may not be used from this network.", advice: "Relax the IP restrictions of the app, or add this machine's address."},
	{target: "invalid_grant:inactive user", kind: connector.Unauthorized, code: codePrefix + "InactiveOwnerOrUser", explanation: "The admin user is inactive.", advice: "Activate the user in Salesforce, or use another one."},
	{target: "invalid_grant:inactive organization", kind: connector.Forbidden, code: codePrefix + "OrgLocked", explanation: "The org is inactive.", advice: "Ask Salesforce support."},
	{target: "invalid_grant:client credentials", kind: connector.Unauthorized, code: codePrefix + "NoClientCredentialsUser", explanation: "The app has no user to run as.", advice: "In the app's policies enable the client credentials flow and choose a user under Run As."},
	{target: "invalid_grant", kind: connector.Unauthorized, code: codeInvalidCredentials, explanation: "Salesforce refuses the sign-in.", advice: "Check the user, the app and the certificate. Setup, Login History says why it was refused."},
	{target: "invalid_client", kind: connector.Unauthorized, code: codePrefix + "InvalidClient", explanation: "Salesforce does not know the client id, or the client secret is wrong.", advice: "Copy consumer key and secret from the External Client App again. A new app needs up to ten minutes until it works."},
	{target: "invalid_client_id", kind: connector.Unauthorized, code: codePrefix + "InvalidClient", explanation: "Salesforce does not know the client id.", advice: "Copy the consumer key from the External Client App again."},
	{target: "unsupported_grant_type", kind: connector.Unauthorized, code: codePrefix + "UnsupportedGrantType", explanation: "The app or the host does not offer this way to sign in.", advice: "Switch the flow on in the External Client App. The client credentials flow works at the My Domain URL alone."},
	{target: "invalid_app_access", kind: connector.Unauthorized, code: codePrefix + "InvalidAppAccess", explanation: "The user may not use the app.", advice: "Add the profile of the user to the app's policies, or install the app in the org."},
	{target: "invalid_scope", kind: connector.Unauthorized, code: codePrefix + "InvalidScope", explanation: "The app may not use the API.", advice: "Add the scope Manage user data via APIs (api) to the app."},
	{target: "inactive_user", kind: connector.Unauthorized, code: codePrefix + "InactiveOwnerOrUser", explanation: "The admin user is inactive.", advice: "Activate the user in Salesforce, or use another one."},
	{target: "inactive_org", kind: connector.Forbidden, code: codePrefix + "OrgLocked", explanation: "The org is inactive.", advice: "Ask Salesforce support."},
	{target: "rate_limit_exceeded", kind: connector.Throttled, code: codePrefix + "LoginRateExceeded", explanation: "The app signed in too often.", advice: "Use an app that no other program uses."},
	{target: "invalid_request", kind: connector.Unauthorized, code: codePrefix + "InvalidRequest", explanation: "Salesforce could not understand the sign-in.", advice: "Check the host: the client credentials flow works at the My Domain URL alone."},
}

// lookupOAuth returns the row for an answer of the token endpoint. What is not in
// the catalogue counts as refused credentials.
func lookupOAuth(name, description string) entry {
	description = strings.ToLower(description)
	for _, e := range oauthErrors {
		target, part, _ := strings.Cut(e.target, ":")
		if target == name && strings.Contains(description, part) {
			return e
		}
	}
	return entry{target: name, kind: connector.Unauthorized, code: codeInvalidCredentials, advice: "Check the user and the app. Setup, Login History says why it was refused."}
}
