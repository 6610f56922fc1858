package contoso

import (
	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// Directory returns the user as the directory holds it: the same as importing the
// user's line of users.csv gives.
func (u User) Directory() directory.User {
	attributes := map[string]attr.Value{}
	for name, text := range map[string]string{
		"givenName": u.GivenName, "surname": u.Surname, "mail": u.Mail, "mailNickname": u.MailNickname,
		"userType": u.UserType, "jobTitle": u.JobTitle, "department": u.Department, "companyName": u.CompanyName,
		"employeeId": u.EmployeeID, "officeLocation": u.OfficeLocation, "city": u.City, "state": u.State,
		"country": u.Country, "postalCode": u.PostalCode, "streetAddress": u.StreetAddress,
		"mobilePhone": u.MobilePhone, "preferredLanguage": u.PreferredLanguage,
	} {
		if text != "" {
			attributes[name] = attr.Text(text)
		}
	}
	if len(u.BusinessPhones) > 0 {
		attributes["businessPhones"] = attr.Texts(u.BusinessPhones...)
	}
	return directory.User{
		ID:                u.ID,
		UserPrincipalName: u.UserPrincipalName,
		DisplayName:       u.DisplayName,
		AccountEnabled:    u.AccountEnabled,
		ManagerID:         u.ManagerID,
		Attributes:        attr.New("User", u.ID, attributes),
	}
}

// Directory returns the membership as the directory reads it.
func (m Member) Directory() directory.Member {
	return directory.Member{Group: m.Group, Member: m.Member, Type: "User"}
}
