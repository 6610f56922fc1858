package salesforce_test

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/connectortest"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/provisioning"
)

func TestSalesforceConforms(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, connectortest.Harness{Open: openTarget})
}

// openTarget opens a simulated org for the conformance suite.
func openTarget(t *testing.T) connectortest.Target {
	t.Helper()
	org := newOrg(t, salesforcetest.Default())
	return targetOf(t, org, passwords(org))
}

func targetOf(t *testing.T, org *salesforcetest.Org, credentials provisioning.Credentials) connectortest.Target {
	t.Helper()
	const wrong = "canary-wrong-password"
	fault := func(kind salesforcetest.FaultKind, operation string) func() {
		return func() { org.SetFaults([]salesforcetest.Fault{{Kind: kind, Operation: operation}}) }
	}
	return connectortest.Target{
		Connector: open(t, org, credentials), Refused: open(t, org, credentials.With("Password", wrong)),
		Secrets: []string{wrong, org.Credentials().Password, org.Credentials().SecurityToken},
		Account: func(name string) attr.Object { return person(name + "@example.com") }, Free: "Title", Required: "LastName",
		Accounts: func() []attr.Object { return accounts(org) },
		Requests: func() int { return org.Statistics().Calls },
		Disturb: connectortest.Disturbances{
			LoseAnswer: fault(salesforcetest.FaultResponseLost, "create"), Quota: fault(salesforcetest.FaultQuota, "create"),
			Unavailable: fault(salesforcetest.FaultUnavailable, "create"), Expire: org.ExpireSessions,
		},
	}
}

// accounts is the content of an org in the form in which the connector gives it.
func accounts(org *salesforcetest.Org) []attr.Object {
	var objects []attr.Object
	for _, user := range org.Users() {
		attributes := map[string]attr.Value{
			"IsActive": attr.Bool(user.IsActive), "ProfileName": attr.Text(user.ProfileName),
			"UserPermissionsMarketingUser": attr.Bool(user.Get("UserPermissionsMarketingUser") == "true"),
		}
		for _, name := range []string{
			"Username", "Alias", "Email", "LastName", "FirstName", "Title", "EmailEncodingKey", "LanguageLocaleKey", "LocaleSidKey", "TimeZoneSidKey",
		} {
			if text := user.Get(name); text != "" {
				attributes[name] = attr.Text(text)
			} else {
				attributes[name] = attr.Value{}
			}
		}
		if user.ManagerID != "" {
			attributes["ManagerId"] = attr.RefTo(attr.Ref{Type: "User", ID: user.ManagerID})
		}
		objects = append(objects, attr.New("User", user.ID, attributes))
	}
	return objects
}

var _ connector.Connector = (*salesforce.Connector)(nil)
