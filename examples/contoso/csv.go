package contoso

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// The files that Write makes.
const (
	UsersFile       = "users.csv"
	GroupsFile      = "groups.csv"
	MembersFile     = "members.csv"
	AssignmentsFile = "assignments.csv"
)

// Write writes the company as four CSV files into a folder, which it makes if
// there is none. It streams: the memory does not grow with the company, except for
// the names of managers.
func (c Company) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("write the sample company: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("write the sample company: %w", err)
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{UsersFile, c.WriteUsers},
		{GroupsFile, c.WriteGroups},
		{MembersFile, c.WriteMembers},
		{AssignmentsFile, c.WriteAssignments},
	} {
		if err := writeFile(root, file.name, file.write); err != nil {
			return errors.Join(err, root.Close())
		}
	}
	return root.Close()
}

func writeFile(root *os.Root, name string, write func(io.Writer) error) error {
	file, err := root.Create(name)
	if err != nil {
		return fmt.Errorf("write the sample company: %w", err)
	}
	return errors.Join(write(file), file.Close())
}

// WriteUsers writes users.csv. The header names the properties of Microsoft Graph's
// user; managers are named by user principal name.
func (c Company) WriteUsers(w io.Writer) error {
	return writeRows(w, []string{
		"id", "userPrincipalName", "displayName", "givenName", "surname", "mail", "mailNickname", "accountEnabled",
		"userType", "jobTitle", "department", "companyName", "employeeId", "officeLocation", "city", "state", "country",
		"postalCode", "streetAddress", "mobilePhone", "businessPhones", "preferredLanguage", "manager",
	}, func(row func(...string) bool) {
		for u := range c.Users() {
			if !row(u.ID, u.UserPrincipalName, u.DisplayName, u.GivenName, u.Surname, u.Mail, u.MailNickname,
				strconv.FormatBool(u.AccountEnabled), u.UserType, u.JobTitle, u.Department, u.CompanyName, u.EmployeeID,
				u.OfficeLocation, u.City, u.State, u.Country, u.PostalCode, u.StreetAddress, u.MobilePhone,
				strings.Join(u.BusinessPhones, ";"), u.PreferredLanguage, u.Manager) {
				return
			}
		}
	})
}

// WriteGroups writes groups.csv.
func (c Company) WriteGroups(w io.Writer) error {
	header := []string{"id", "displayName", "description", "mailNickname", "securityEnabled"}
	return writeRows(w, header, func(row func(...string) bool) {
		for _, g := range c.Groups() {
			row(g.ID, g.DisplayName, g.Description, g.MailNickname, "true")
		}
	})
}

// WriteMembers writes members.csv: group display names and user principal names.
func (c Company) WriteMembers(w io.Writer) error {
	return writeRows(w, []string{"group", "member"}, func(row func(...string) bool) {
		for m := range c.Members() {
			if !row(m.Group, m.Member) {
				return
			}
		}
	})
}

// WriteAssignments writes assignments.csv.
func (c Company) WriteAssignments(w io.Writer) error {
	header := []string{"application", "principalType", "principal", "role"}
	return writeRows(w, header, func(row func(...string) bool) {
		for _, a := range c.Assignments() {
			row(a.Application, a.PrincipalType, a.Principal, a.Role)
		}
	})
}

// writeRows writes a header and rows; row reports whether to go on.
func writeRows(w io.Writer, header []string, rows func(row func(...string) bool)) error {
	out := csv.NewWriter(w)
	err := out.Write(header)
	rows(func(fields ...string) bool {
		if err == nil {
			err = out.Write(fields)
		}
		return err == nil
	})
	out.Flush()
	if err = errors.Join(err, out.Error()); err != nil {
		return fmt.Errorf("write the sample company: %w", err)
	}
	return nil
}
