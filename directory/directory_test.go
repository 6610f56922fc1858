package directory_test

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

func TestOriginalUserPrincipalName(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"ana@contoso.com": "ana@contoso.com",
		"maria.rossi_fabrikam.com#EXT#@contoso.onmicrosoft.com": "maria.rossi@fabrikam.com",
		"jo_anne_fabrikam.com#EXT#@contoso.onmicrosoft.com":     "jo_anne@fabrikam.com",
		"jo_fabrikam.com#ext#@contoso.onmicrosoft.com":          "jo@fabrikam.com",
		"nodomain#EXT#@contoso.onmicrosoft.com":                 "nodomain",
	}
	for name, want := range tests {
		if got := directory.OriginalUserPrincipalName(name); got != want {
			t.Errorf("OriginalUserPrincipalName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestUserPropertiesAreSortedAndUnique(t *testing.T) {
	t.Parallel()
	previous := ""
	for _, property := range directory.UserProperties() {
		if property.Name <= previous {
			t.Errorf("%q comes after %q", property.Name, previous)
		}
		previous = property.Name
	}
}

func TestGetFindsFieldsAndAttributes(t *testing.T) {
	t.Parallel()
	user := directory.User{
		ID: "1", UserPrincipalName: "ana@contoso.com", AccountEnabled: true, ManagerID: "2",
		Attributes: attr.New("User", "1", map[string]attr.Value{"department": attr.Text("Sales")}),
	}
	for name, want := range map[string]attr.Value{
		"id":                attr.Text("1"),
		"userPrincipalName": attr.Text("ana@contoso.com"),
		"accountEnabled":    attr.Bool(true),
		"manager":           attr.RefTo(attr.Ref{Type: "User", ID: "2"}),
		"department":        attr.Text("Sales"),
		"city":              {},
	} {
		if got := user.Get(name); !attr.Equal(got, want, true) {
			t.Errorf("Get(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestIsExtensionName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"extension_9d98a1b2c3d4e5f60718293a4b5c6d7e_Nickname": true,
		"extension_Nickname":  false,
		"extensionAttribute1": false,
	} {
		if got := directory.IsExtensionName(name); got != want {
			t.Errorf("IsExtensionName(%q) = %v, want %v", name, got, want)
		}
	}
}
