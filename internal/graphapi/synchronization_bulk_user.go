package graphapi

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/usher-id/usher/scim"
)

// bulkFields returns what a user of SCIM says, as a body of /users would. What is left
// out, null or empty says nothing, so it changes nothing.
func bulkFields(u scim.User) (fields, error) {
	f := fields{}
	for name, value := range map[string]string{
		"userPrincipalName": u.UserName, "displayName": u.DisplayName, "givenName": u.Name.GivenName, "surname": u.Name.FamilyName,
		"employeeId": employeeOf(u), "jobTitle": u.Title, "employeeType": u.UserType, "preferredLanguage": u.PreferredLanguage,
		"mail": chosen(u.Emails, "work"), "mobilePhone": typed(u.PhoneNumbers, "mobile"), "faxNumber": typed(u.PhoneNumbers, "fax"),
	} {
		if err := f.say(name, value, value != ""); err != nil {
			return nil, err
		}
	}
	if phone := typed(u.PhoneNumbers, "work"); phone != "" {
		if err := f.say("businessPhones", []string{phone}, true); err != nil {
			return nil, err
		}
	}
	if err := f.say("accountEnabled", u.Active, u.Active != nil); err != nil {
		return nil, err
	}
	if err := f.sayAddress(u.Addresses); err != nil {
		return nil, err
	}
	return f, f.sayEnterprise(u.Enterprise)
}

// say sets a member, if there is something to say.
func (f fields) say(name string, value any, said bool) error {
	if !said {
		return nil
	}
	raw, err := json.Marshal(value)
	f[strings.ToLower(name)] = raw
	return err
}

// sayAddress takes the address of work, or else the primary or the first one.
func (f fields) sayAddress(addresses []scim.Address) error {
	if len(addresses) == 0 {
		return nil
	}
	at := slices.IndexFunc(addresses, func(a scim.Address) bool { return strings.EqualFold(a.Type, "work") })
	if at < 0 {
		at = max(0, slices.IndexFunc(addresses, func(a scim.Address) bool { return a.Primary }))
	}
	address := addresses[at]
	for name, value := range map[string]string{
		"streetAddress": address.StreetAddress, "city": address.Locality, "state": address.Region, "postalCode": address.PostalCode, "country": address.Country,
	} {
		if err := f.say(name, value, value != ""); err != nil {
			return err
		}
	}
	return nil
}

// sayEnterprise takes what the enterprise extension says. The cost center and the
// division stand nested in Microsoft Graph.
func (f fields) sayEnterprise(e *scim.EnterpriseUser) error {
	if e == nil {
		return nil
	}
	for name, value := range map[string]string{"department": e.Department, "companyName": e.Organization} {
		if err := f.say(name, value, value != ""); err != nil {
			return err
		}
	}
	organization := map[string]string{}
	for name, value := range map[string]string{"costCenter": e.CostCenter, "division": e.Division} {
		if value != "" {
			organization[name] = value
		}
	}
	return f.say(organizationData, organization, len(organization) > 0)
}

// complete adds what a new user needs and the upload did not say.
func (f fields) complete(u scim.User) error {
	_, named := f["displayname"]
	name := cmp.Or(u.Name.Formatted, strings.TrimSpace(u.Name.GivenName+" "+u.Name.FamilyName), u.UserName)
	if err := f.say("displayName", name, !named); err != nil {
		return err
	}
	local, _, _ := strings.Cut(u.UserName, "@")
	if err := f.say("mailNickname", local, local != ""); err != nil {
		return err
	}
	_, said := f["accountenabled"]
	return f.say("accountEnabled", true, !said)
}

// employeeOf returns the number of the employee in the system that uploads.
func employeeOf(u scim.User) string {
	if u.ExternalID == "" && u.Enterprise != nil {
		return u.Enterprise.EmployeeNumber
	}
	return u.ExternalID
}

// managerOf returns what the upload calls the manager.
func managerOf(u scim.User) string {
	if u.Enterprise == nil {
		return ""
	}
	return u.Enterprise.Manager.Value
}

// typed returns the first value of a type.
func typed(values []scim.Labelled, wanted string) string {
	at := slices.IndexFunc(values, func(v scim.Labelled) bool { return strings.EqualFold(v.Type, wanted) })
	if at < 0 {
		return ""
	}
	return values[at].Value
}

// chosen returns the value of a type, or else the primary or the first one.
func chosen(values []scim.Labelled, wanted string) string {
	if value := typed(values, wanted); value != "" || len(values) == 0 {
		return value
	}
	return values[max(0, slices.IndexFunc(values, func(v scim.Labelled) bool { return v.Primary }))].Value
}
