package salesforce

import "github.com/usher-id/usher/connector"

// dataErrors are the faults of single records.
//
//nolint:gochecknoglobals // compile-time table
var dataErrors = []entry{
	{target: "REQUIRED_FIELD_MISSING", kind: connector.Invalid, explanation: "A field that Salesforce requires has no value.", advice: "Fill in the attribute in the directory, give the mapping a default value, or exclude the user by a scoping filter."},
	{target: "DUPLICATE_USERNAME", kind: connector.Conflict, code: codePrefix + "DuplicateUserName", explanation: "The username exists already, in this org or in any other Salesforce org of the world.", advice: "Map Username to another value for this user, or rename the other account. It is tried again in later cycles."},
	{target: "DUPLICATE_COMM_NICKNAME", kind: connector.Conflict, explanation: "Another user of the org has the same nickname.", advice: "Map CommunityNickname to a value that is unique, or leave it out: Salesforce then makes one."},
	{target: "LICENSE_LIMIT_EXCEEDED", kind: connector.Conflict, explanation: "No seat of the licence is free that the user's profile, or a feature, takes.", advice: "Buy seats, deactivate users, or assign a role of another licence. It is tried again in later cycles."},
	{target: "FIELD_INTEGRITY_EXCEPTION", kind: connector.Invalid, explanation: "A value contradicts a rule of Salesforce, such as the form of a username or a profile of another licence.", advice: "Correct the value that the message names."},
	{target: "DUPLICATE_VALUE", kind: connector.Conflict, explanation: "Another record has the same value in a field that must be unique.", advice: "Correct the value on one side."},
	{target: "DUPLICATE_EXTERNAL_ID", kind: connector.Conflict, explanation: "Several records have the same external id.", advice: "Remove the duplicates in Salesforce."},
	{target: "DUPLICATES_DETECTED", kind: connector.Conflict, explanation: "A duplicate rule of the org refuses the record.", advice: "Correct the value, or change the duplicate rule."},
	{target: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", kind: connector.Invalid, explanation: "The value is not one of those that the field offers.", advice: "Map the attribute to one of the values that Salesforce lists for the field. Languages and locales may have to be switched on in the org."},
	{target: "STRING_TOO_LONG", kind: connector.Invalid, explanation: "The value is longer than the field.", advice: "Shorten it in the mapping with Left or Mid."},
	{target: "INVALID_EMAIL_ADDRESS", kind: connector.Invalid, explanation: "The e-mail address is not valid, or its domain is not allowed in the org.", advice: "Correct the address, or add the domain to the allowed e-mail domains. Where verification of e-mail changes is switched off this stops deactivations too."},
	{target: "MALFORMED_ID", kind: connector.Invalid, explanation: "An id is not that of the right type of record.", advice: "Correct the mapping: references need ids of this org."},
	{target: "INVALID_CROSS_REFERENCE_KEY", kind: connector.Invalid, explanation: "The record that is referred to does not exist.", advice: "Correct the mapping of the reference."},
	{target: "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", kind: connector.Forbidden, explanation: "The admin user may not use the record that is referred to.", advice: "Give the admin user access to it, such as the profile or the role."},
	{target: "INSUFFICIENT_ACCESS_OR_READONLY", kind: connector.Forbidden, explanation: "The admin user may not write the record.", advice: "Give the profile of the admin user the permission Manage Users, or Manage Internal Users."},
	{target: "INSUFFICIENT_ACCESS", kind: connector.Forbidden, explanation: "The admin user may not do this.", advice: "Give the profile of the admin user the permission Manage Users, or Manage Internal Users."},
	{target: "INVALID_FIELD_FOR_INSERT_UPDATE", kind: connector.Forbidden, explanation: "The field cannot be written, by anybody or by the admin user.", advice: "Remove it from the mapping, or give the admin user the field's edit permission."},
	{target: "INVALID_FIELD", kind: connector.Invalid, explanation: "The object has no such field, or the admin user may not see it.", advice: "Correct the attribute's name in the mapping (custom fields end with __c), or give the admin user the field's read permission."},
	{target: "INVALID_TYPE_ON_FIELD_IN_RECORD", kind: connector.Invalid, explanation: "The value is of the wrong type for the field.", advice: "Correct the type of the attribute in the schema."},
	{target: "JSON_PARSER_ERROR", kind: connector.Invalid, explanation: "A value has a form that the field does not take.", advice: "Correct the type of the attribute in the schema."},
	{target: "NUMBER_OUTSIDE_VALID_RANGE", kind: connector.Invalid, explanation: "A number is too large or too small.", advice: "Correct the value."},
	{target: "FIELD_CUSTOM_VALIDATION_EXCEPTION", kind: connector.Invalid, explanation: "A validation rule of the org refuses the record.", advice: "Correct the value as the message says, or exempt the admin user from the rule."},
	{target: "FIELD_FILTER_VALIDATION_EXCEPTION", kind: connector.Invalid, explanation: "A lookup filter of the org refuses the value.", advice: "Correct the value, or change the filter."},
	{target: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", kind: connector.Invalid, explanation: "A trigger of the org refuses the record.", advice: "Give the message to whoever maintains the org's Apex code."},
	{target: "CANNOT_EXECUTE_FLOW_TRIGGER", kind: connector.Invalid, explanation: "A flow of the org failed on the record.", advice: "Give the message to whoever maintains the org's flows."},
	{target: "MIXED_DML_OPERATION", kind: connector.Invalid, explanation: "A trigger or flow of the org writes users and other records in one go.", advice: "Give the message to whoever maintains the org's automation."},
	{target: "UNABLE_TO_LOCK_ROW", kind: connector.Conflict, explanation: "Somebody else was writing the same records at the same time.", advice: "None needed: it is tried again.", retry: true},
	{target: "ENTITY_IS_DELETED", kind: connector.NotFound, code: codeInvalidAnchor, explanation: "The account does not exist any more.", advice: "Restart provisioning, so that matching looks for the account again."},
	{target: "NOT_FOUND", kind: connector.NotFound, code: codeInvalidAnchor, explanation: "The account does not exist in the org.", advice: "Restart provisioning, so that matching looks for the account again."},
	{target: "CANNOT_DISABLE_LAST_ADMIN", kind: connector.Conflict, explanation: "The user is the last active administrator of the org.", advice: "Make another user administrator first."},
	{target: "CANNOT_FREEZE_SELF", kind: connector.Conflict, explanation: "The user is the one that Usher signs in as.", advice: "Sign in as a user that is not provisioned."},
	{target: "CANNOT_PASSWORD_LOCKOUT", kind: connector.Conflict, explanation: "The user cannot be locked out.", advice: "Ask an administrator of the org."},
	{target: "OP_WITH_INVALID_USER_TYPE_EXCEPTION", kind: connector.Invalid, explanation: "This cannot be done to a user of this type.", advice: "Exclude the user by a scoping filter."},
	{target: "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", kind: connector.Conflict, explanation: "The contact has a user already.", advice: "Correct the contact, or match the existing user."},
	{target: "INVALID_USERID", kind: connector.Invalid, explanation: "The id is not that of a user.", advice: "Restart provisioning, so that matching looks for the account again."},
	{target: "DELETE_FAILED", kind: connector.Conflict, explanation: "The record is in use and cannot be deleted.", advice: "Remove what uses it."},
	{target: "ALL_OR_NONE_OPERATION_ROLLED_BACK", kind: connector.Conflict, explanation: "The record was not written because another one of the same call failed.", advice: "None needed: it is tried again.", retry: true},
	{target: "PROCESSING_HALTED", kind: connector.Conflict, explanation: "The request was not carried out because another one of the same call failed.", advice: "None needed: it is tried again.", retry: true},
	{target: "BATCH_PROCESSING_HALTED", kind: connector.Conflict, explanation: "The request was not carried out because another one of the same call failed.", advice: "None needed: it is tried again.", retry: true},
	{target: "INVALID_TYPE_FOR_OPERATION", kind: connector.Invalid, explanation: "This cannot be done to records of this kind.", advice: "Report this: it is a fault of the program."},
	{target: "LIMIT_EXCEEDED", kind: connector.Conflict, explanation: "A limit of the org is reached.", advice: "See the message."},
	{target: "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS", kind: connector.Invalid, explanation: "A trigger or flow of the org asks too much at once.", advice: "Give the message to whoever maintains the org's automation."},
	{target: "STORAGE_LIMIT_EXCEEDED", kind: connector.Conflict, explanation: "The org's storage is full.", advice: "Free storage or buy more."},
	{target: "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", kind: connector.Unavailable, explanation: "Salesforce maintains the org, which can only be read meanwhile.", advice: "None needed: the next cycle tries again.", retry: true},
}

// requestErrors are the faults of whole requests.
//
//nolint:gochecknoglobals // compile-time table
var requestErrors = []entry{
	{target: "REQUEST_LIMIT_EXCEEDED", kind: connector.QuotaExceeded, explanation: "The API requests that the org has for 24 hours are used up.", advice: "Wait until the window moves on, find out in Setup, System Overview who uses them, or buy more."},
	{target: targetConcurrentLimit, kind: connector.Throttled, explanation: "Too many long requests run in the org at the same time.", advice: "None needed: it is tried again.", retry: true},
	{target: "SERVER_UNAVAILABLE", kind: connector.Unavailable, explanation: "Salesforce is overloaded or maintained.", advice: "See https://status.salesforce.com. The next cycle tries again.", retry: true},
	{target: "UNKNOWN_EXCEPTION", kind: connector.Unavailable, explanation: "Salesforce failed for a reason that it does not tell.", advice: "Give the ErrorId of the message to Salesforce support if it stays.", retry: true},
	{target: "QUERY_TIMEOUT", kind: connector.Unavailable, explanation: "Salesforce took too long over a query.", advice: "None needed: the next cycle tries again.", retry: true},
	{target: "REQUEST_RUNNING_TOO_LONG", kind: connector.Unavailable, explanation: "Salesforce stopped a request that took too long.", advice: "Look for triggers and flows of the org that are slow on users.", retry: true},
	{target: "OPERATION_TOO_LARGE", kind: connector.Unavailable, explanation: "The org has too much data for the query.", advice: "Give the admin user the permission View All Users."},
	{target: "EXCEEDED_ID_LIMIT", kind: connector.Unavailable, explanation: "More was asked for at once than Salesforce gives.", advice: "Report this: it is a fault of the program."},
	{target: "MALFORMED_QUERY", kind: connector.Unavailable, explanation: "Salesforce could not understand a query.", advice: "Check the attribute names in the mapping; otherwise report it."},
	{target: "QUERY_TOO_COMPLICATED", kind: connector.Unavailable, explanation: "The query has too many formula fields.", advice: "Map fewer formula fields."},
	{target: "INVALID_QUERY_FILTER_OPERATOR", kind: connector.Unavailable, explanation: "The field cannot be searched for.", advice: "Choose another matching attribute."},
	{target: "INVALID_TYPE", kind: connector.Forbidden, explanation: "The object does not exist, or the admin user may not see it.", advice: "Give the profile of the admin user the permission View Setup and Configuration."},
	{target: "INVALID_QUERY_LOCATOR", kind: connector.Unavailable, explanation: "The position within a long answer was lost.", advice: "None needed: it is read again."},
	{target: "INVALIDJOBSTATE", kind: connector.Unavailable, code: codePrefix + "InvalidJobState", explanation: "A bulk job is not in a state in which this can be done.", advice: "None needed: what became of the job is found out."},
	{target: "METHOD_NOT_ALLOWED", kind: connector.Unavailable, explanation: "The host does not allow this kind of request.", advice: "Check whether a proxy changes requests.", code: codePrefix + "MethodNotAllowed"},
	{target: targetURITooLong, kind: connector.Unavailable, explanation: "The address of the request was too long.", advice: "Report this: it is a fault of the program."},
}
