package salesforcetest

import (
	"fmt"
	"net/http"
)

// This file collects the behaviour that no public source confirms: codes,
// texts and rules that are probable. Correct them here when a real org shows
// otherwise; nothing else repeats them. What is probable about the grammar of
// queries is in unconfirmed.go of package soql.

// unknownFieldRefusesCall makes one unknown field refuse all records of a
// collection; otherwise it refuses its own record.
const unknownFieldRefusesCall = true

// federationIDFindsUsers gives FederationIdentifier the property idLookup, with
// which an upsert could match by it.
const federationIDFindsUsers = false

// Texts and limits that are probable only.
const (
	insufficientAccess = "insufficient access rights on object id"

	loginRateLimit    = 3_600 // login() calls of one user in an hour
	deactivateSelf    = "You cannot deactivate your own user."
	lastAdministrator = "You can't deactivate the last active user with the System Administrator profile."
	circularManager   = "Manager: a user cannot be their own manager, directly or through others: Manager ID"
	circularRole      = "Parent Role: a role cannot be above itself: Parent Role ID"
	roleNotAllowed    = "Role: the license of the user does not allow a role: Role ID"
	otherUserLicense  = "You can only assign profiles that are compatible with the user's license. For a list of compatible licenses and profiles, see the Salesforce Help."
	fromStandardToCSN = "It is not permitted to change user type from Standard to CSN Only(db=n,api=CsnOnly)"
	freezeSelf        = "You cannot freeze your own user."
	lockPassword      = "A password can be unlocked, not locked."
	apiDisabledOrg    = "API is not enabled for this Organization or Partner"
	apiDisabledUser   = "API is currently disabled for this User"
	soapLoginOff      = "SOAP API login() is disabled by default in this org."
	passwordExpired   = "The users password has expired, you must call SetPassword before attempting any other API operations"
	missingToken      = "Invalid username, password, security token; or user locked out. Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of your company's trusted networks, you must add a security token to your password to log in. To get your new security token, log in to Salesforce."
	loginRateExceeded = "login rate exceeded"
	standInAssigned   = "Permission Set: the permission set of a profile or of a group can't be assigned: PermissionSet ID"
	systemGroup       = "Group: only public groups and queues can be changed"
	repeatedName      = "Developer Name: the name is in use: "

	stateWithoutCountry = "A country/territory must be selected before specifying a state value for field: "
	mismatchedTerritory = "Mismatched integration value and ISO code for field: "
	restrictedDomain    = "User is not allowed to log in from this IP address."
	tooManyParents      = "SOQL statements cannot have more than 35 child-to-parent relationships"
	tooManyChildren     = "SOQL statements cannot have more than 20 parent-to-child relationships"
	noObject            = "Cannot deserialize instance of SObject from a value that is no object or request may be missing a required field at [line:1, column:1]"
	illegalTypeOf       = "Illegal entity relationship in polymorphic 'When' expression: '%s'"
	restrictedTime      = "User is not allowed to log in at this time."
)

// Elements of answers in XML. That a list repeats its element is known from the
// responses of sObject Tree; the names of the roots are probable.
const (
	xmlQueryResult = "QueryResult"
	xmlResult      = "Result"
	xmlErrors      = "Errors"
	xmlError       = "Error"
	xmlVersions    = "Versions"
	xmlVersion     = "Version"
)

// preconditionFailed is the refusal of a write or a read whose condition does not
// hold. The status is known, the body is not.
func preconditionFailed() *apiError {
	return newError(http.StatusPreconditionFailed, "PRECONDITION_FAILED", "The precondition of the request does not hold")
}

// unableTo refuses an operation that the object does not have at all.
func unableTo(o *object, verb string) *apiError {
	if verb == "delete" {
		return rowError("INVALID_TYPE_FOR_OPERATION", fmt.Sprintf("entity type %s does not support %s", o.name, verb))
	}
	participle := "updated"
	if verb == "create" {
		participle = "inserted"
	}
	return rowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", fmt.Sprintf("entity type cannot be %s: %s", participle, o.label))
}

// nicknameFor makes the nickname of a user that was created without one.
func nicknameFor(serial uint64) string { return fmt.Sprintf("User%d", 15_000_000_000_000_000+serial) }

// standInName names the permission set that stands for the profile or the
// permission set group with the id.
func standInName(id string) string { return "X" + id[:15] }

// mayHavePermissionSets tells whether users of a license can have permission sets.
func mayHavePermissionSets(definitionKey string) bool {
	return definitionKey != "CSN_User" && definitionKey != "CSN_External_User"
}

// apiRefusal is how REST refuses an org, or a user, without the API.
func apiRefusal(ofOrg bool) *apiError {
	if ofOrg {
		return newError(http.StatusForbidden, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
	}
	return newError(http.StatusForbidden, "API_CURRENTLY_DISABLED", apiDisabledUser)
}

// hasSeat tells whether a license has a seat left; -1 seats are no limit.
func hasSeat(total, used int) bool { return total < 0 || used < total }

// federationTaken is the refusal of a federation id in use: the text is known,
// the code is not.
func federationTaken(field string) *apiError {
	return rowError("FIELD_INTEGRITY_EXCEPTION", "This Federation ID is already in use. Use a different Federation ID.: SAML Federation ID", field)
}

// compatible tells whether a user may move from one license to another, and
// with which text it is refused. Within the core set everything goes; Chatter
// leads to the core and never back.
func compatible(from, to string) (message string, ok bool) {
	core := map[string]bool{"SFDC": true, "AUL": true, "AUL1": true, "AUL_LIGHT": true, "FDC_SUB": true, "FDC_ONE": true, "PID_FDC_FREE": true}
	chatter := map[string]int{"CSN_External_User": 1, "CSN_User": 2}
	switch {
	case from == to, core[from] && core[to]:
		return "", true
	case chatter[from] > 0 && core[to]:
		return "", true
	case chatter[from] > 0 && chatter[to] > chatter[from]:
		return "", true
	case core[from] && chatter[to] > 0:
		return fromStandardToCSN, false
	}
	return otherUserLicense, false
}

// mayHaveRole tells whether users of a license can have a role.
func mayHaveRole(definitionKey string) bool {
	switch definitionKey {
	case "CSN_User", "CSN_External_User", "PID_Identity_User", "PID_External_Identity":
		return false
	}
	return true
}
