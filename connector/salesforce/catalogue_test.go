package salesforce

import (
	"testing"

	"github.com/usher-id/usher/connector"
)

// TestEveryCodeOfTheReferenceHasItsRow lists the codes that provisioning can meet,
// by the StatusCode and ExceptionCode enumerations of the partner WSDL and the
// status codes of the REST API Developer Guide, with what each has to mean here.
func TestEveryCodeOfTheReferenceHasItsRow(t *testing.T) {
	t.Parallel()
	type meaning struct {
		kind  connector.Kind
		retry bool
	}
	data, clash, refused := meaning{connector.Invalid, false}, meaning{connector.Conflict, false}, meaning{connector.Forbidden, false}
	out, unavailable := meaning{connector.Unauthorized, false}, meaning{connector.Unavailable, true}
	fault := meaning{connector.Unavailable, false} // of the program, or of something between it and Salesforce
	gone := meaning{connector.NotFound, false}
	want := map[string]meaning{
		// Records.
		"REQUIRED_FIELD_MISSING": data, "DUPLICATE_USERNAME": clash, "DUPLICATE_COMM_NICKNAME": clash, "LICENSE_LIMIT_EXCEEDED": clash,
		"FIELD_INTEGRITY_EXCEPTION": data, "DUPLICATE_VALUE": clash, "DUPLICATE_EXTERNAL_ID": clash,
		"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": data, "STRING_TOO_LONG": data, "INVALID_EMAIL_ADDRESS": data, "MALFORMED_ID": data,
		"INVALID_CROSS_REFERENCE_KEY": data, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": refused, "INSUFFICIENT_ACCESS_OR_READONLY": refused,
		"INSUFFICIENT_ACCESS": refused, "INVALID_FIELD_FOR_INSERT_UPDATE": refused, "INVALID_FIELD": data, "INVALID_TYPE_ON_FIELD_IN_RECORD": data,
		"JSON_PARSER_ERROR": data, "FIELD_CUSTOM_VALIDATION_EXCEPTION": data, "FIELD_FILTER_VALIDATION_EXCEPTION": data,
		"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": data, "CANNOT_EXECUTE_FLOW_TRIGGER": data, "MIXED_DML_OPERATION": data,
		"UNABLE_TO_LOCK_ROW": {connector.Conflict, true}, "ENTITY_IS_DELETED": gone, "NOT_FOUND": gone,
		"CANNOT_DISABLE_LAST_ADMIN": clash, "CANNOT_FREEZE_SELF": clash, "CANNOT_PASSWORD_LOCKOUT": clash, "INACTIVE_OWNER_OR_USER": out,
		"OP_WITH_INVALID_USER_TYPE_EXCEPTION": data, "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT": clash, "INVALID_USERID": data, "DELETE_FAILED": clash,
		"ALL_OR_NONE_OPERATION_ROLLED_BACK": {connector.Conflict, true}, "INVALID_TYPE_FOR_OPERATION": data,
		// Requests.
		"METHOD_NOT_ALLOWED": fault, "INVALID_SESSION_ID": out, "INVALID_AUTH_HEADER": out,
		"API_DISABLED_FOR_ORG": refused, "API_CURRENTLY_DISABLED": refused, "REQUEST_LIMIT_EXCEEDED": {connector.QuotaExceeded, false},
		"SERVER_UNAVAILABLE": unavailable, "ORG_IN_MAINTENANCE": unavailable, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": unavailable,
		"UNKNOWN_EXCEPTION": unavailable, "QUERY_TIMEOUT": unavailable, "REQUEST_RUNNING_TOO_LONG": unavailable, "OPERATION_TOO_LARGE": fault,
		"EXCEEDED_ID_LIMIT": fault, "MALFORMED_QUERY": fault, "INVALID_TYPE": refused, "INVALID_QUERY_LOCATOR": fault,
		"NUMBER_OUTSIDE_VALID_RANGE": data, "UNSUPPORTED_API_VERSION": fault, "INVALID_QUERY_FILTER_OPERATOR": fault, "QUERY_TOO_COMPLICATED": fault,
		"PROCESSING_HALTED": {connector.Conflict, true}, "BATCH_PROCESSING_HALTED": {connector.Conflict, true},
		"INVALIDJOBSTATE": fault,
		// Signing in.
		"INVALID_LOGIN": out, "LOGIN_MUST_USE_SECURITY_TOKEN": out, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": out, "PASSWORD_LOCKOUT": out,
		"LOGIN_DURING_RESTRICTED_TIME": out, "LOGIN_DURING_RESTRICTED_DOMAIN": out, "TRIAL_EXPIRED": refused, "ORG_LOCKED": refused,
		"ORG_NOT_OWNED_BY_INSTANCE": fault, "ORG_IS_SIGNING_UP": unavailable, "LOGIN_CHALLENGE_ISSUED": out, "LOGIN_CHALLENGE_PENDING": out,
		"SSO_SERVICE_DOWN": fault, "INVALID_SSO_GATEWAY_URL": out, "MUTUAL_AUTHENTICATION_FAILED": out, "UNSUPPORTED_CLIENT": refused,
		targetConcurrentLimit: {connector.Throttled, true}, targetSOAPLoginDisabled: out, targetLoginRateExceeded: {connector.Throttled, false},
	}
	for code, meant := range want {
		e := lookup(code)
		if e.explanation == "" {
			t.Errorf("%s has no row", code)
			continue
		}
		if e.kind != meant.kind || e.retry != meant.retry {
			t.Errorf("%s is %q, retry %v; want %q, retry %v", code, string(e.kind), e.retry, string(meant.kind), meant.retry)
		}
	}
	// The names that administrators know from Microsoft Entra's provisioning log.
	for target, code := range map[string]string{
		"LICENSE_LIMIT_EXCEEDED": "SalesforceLicenseLimitExceeded", "DUPLICATE_USERNAME": "SalesforceDuplicateUserName",
		"REQUIRED_FIELD_MISSING": "SalesforceRequiredFieldMissing", "INVALID_LOGIN": "SalesforceInvalidCredentials",
	} {
		if got := lookup(target).productCode(); got != code {
			t.Errorf("%s is logged as %s, want %s", target, got, code)
		}
	}
}
