package unconfirmed

// Refusals of sign-ins.
const (
	SOAPLoginRestricted = "SOAP API login() is disabled by default in this org."
	LoginRateExceeded   = "login rate exceeded"
	APIDisabledForOrg   = "API is not enabled for this Organization or Partner"
	APIDisabledForUser  = "API is currently disabled for this User"
	PasswordExpired     = "The users password has expired, you must call SetPassword before attempting any other API operations"
	MissingToken        = "Invalid username, password, security token; or user locked out. Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of your company's trusted networks, you must add a security token to your password to log in. To get your new security token, log in to Salesforce."
	RestrictedDomain    = "User is not allowed to log in from this IP address."
	RestrictedTime      = "User is not allowed to log in at this time."
	NoRunAsUser         = "no client credentials user enabled"
)

// Refusals of writes.
const (
	InsufficientAccess    = "insufficient access rights on object id"
	DeactivateSelf        = "You cannot deactivate your own user."
	LastAdministrator     = "You can't deactivate the last active user with the System Administrator profile."
	FreezeSelf            = "You cannot freeze your own user."
	LockPassword          = "A password can be unlocked, not locked."
	CircularManager       = "Manager: a user cannot be their own manager, directly or through others: Manager ID"
	CircularRole          = "Parent Role: a role cannot be above itself: Parent Role ID"
	RoleNotAllowed        = "Role: the license of the user does not allow a role: Role ID"
	OtherUserLicense      = "You can only assign profiles that are compatible with the user's license. For a list of compatible licenses and profiles, see the Salesforce Help."
	FromStandardToChatter = "It is not permitted to change user type from Standard to CSN Only(db=n,api=CsnOnly)"
	StandInAssigned       = "Permission Set: the permission set of a profile or of a group can't be assigned: PermissionSet ID"
	SystemGroup           = "Group: only public groups and queues can be changed"
	RepeatedName          = "Developer Name: the name is in use: "
	StateWithoutCountry   = "A country/territory must be selected before specifying a state value for field: "
	MismatchedTerritory   = "Mismatched integration value and ISO code for field: "
	// FederationIDTaken has a known text; FederationIDTakenCode is probable.
	FederationIDTaken     = "This Federation ID is already in use. Use a different Federation ID.: SAML Federation ID"
	FederationIDTakenCode = "FIELD_INTEGRITY_EXCEPTION"
)

// Refusals of requests and queries. The status of a precondition that does not
// hold is known, its code is not.
const (
	NoObject               = "Cannot deserialize instance of SObject from a value that is no object or request may be missing a required field at [line:1, column:1]"
	MissingIDs             = "The ids parameter is required"
	PreconditionFailed     = "The precondition of the request does not hold"
	PreconditionFailedCode = "PRECONDITION_FAILED"
	URITooLongCode         = "URI_TOO_LONG"
	TooManyParents         = "SOQL statements cannot have more than 35 child-to-parent relationships"
	TooManyChildren        = "SOQL statements cannot have more than 20 parent-to-child relationships"
	IllegalTypeOf          = "Illegal entity relationship in polymorphic 'When' expression: '%s'"
)

// Elements of answers in XML. That a list repeats its element is known from the
// responses of sObject Tree; the names of the roots are probable.
const (
	XMLQueryResult = "QueryResult"
	XMLResult      = "Result"
	XMLErrors      = "Errors"
	XMLError       = "Error"
	XMLVersions    = "Versions"
	XMLVersion     = "Version"
)
