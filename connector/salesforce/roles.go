package salesforce

import (
	"context"
	"fmt"
	"iter"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

const (
	// profilesWithSeats reads profiles together with the seats of their licences.
	profilesWithSeats = "SELECT Id, Name, Description, UserLicense.Name, UserLicense.TotalLicenses, UserLicense.UsedLicenses FROM Profile ORDER BY Name, Id"
	profilesAlone     = "SELECT Id, Name, Description, UserLicenseId FROM Profile ORDER BY Name, Id"
	licensesAlone     = "SELECT Id, Name, TotalLicenses, UsedLicenses FROM UserLicense"
)

// Roles yields the profiles of the org in the order of their names, custom ones
// too, with the seats of the licence that each takes. Two profiles of one name
// both come; the connector refuses to choose between them.
func (c *Connector) Roles(ctx context.Context) iter.Seq2[connector.Role, error] {
	return func(yield func(connector.Role, error) bool) {
		roles, err := c.roles(ctx)
		if err != nil {
			yield(connector.Role{}, fmt.Errorf("read profiles in Salesforce: %w", err))
			return
		}
		for _, role := range roles {
			if !yield(role, nil) {
				return
			}
		}
	}
}

func (c *Connector) roles(ctx context.Context) ([]connector.Role, error) {
	roles, features, err := c.rolesAndFeatures(ctx)
	if err != nil && refusedField(err) {
		features = nil
		roles, err = c.rolesWithSeats(ctx)
	}
	if err != nil && refusedField(err) {
		roles, err = c.rolesAndLicenses(ctx)
	}
	if err != nil {
		return nil, err
	}
	ids, names := map[string][]string{}, make([]string, 0, len(roles))
	for _, role := range roles {
		ids[foldName(role.Name)] = append(ids[foldName(role.Name)], role.ID)
		names = append(names, role.Name)
	}
	c.profiles.remember(ids, names)
	c.seats.remember(c.descriptor.Capabilities, roles, features)
	return roles, nil
}

func (c *Connector) rolesWithSeats(ctx context.Context) ([]connector.Role, error) {
	records, err := c.client.all(ctx, profilesWithSeats)
	if err != nil {
		return nil, err
	}
	return rolesOf(records), nil
}

func rolesOf(records []record) []connector.Role {
	roles := make([]connector.Role, 0, len(records))
	for _, r := range records {
		license, _ := r.lookup("UserLicense").(map[string]any)
		roles = append(roles, role(r, record(license)))
	}
	return roles
}

// rolesAndLicenses asks for profiles and licences one after the other, for an
// account that may not follow the relationship. Without access to licences the
// profiles come alone.
func (c *Connector) rolesAndLicenses(ctx context.Context) ([]connector.Role, error) {
	profiles, err := c.client.all(ctx, profilesAlone)
	if err != nil {
		return nil, err
	}
	records, err := c.client.all(ctx, licensesAlone)
	if err != nil && !refusedField(err) {
		return nil, err
	}
	licenses := map[string]record{}
	for _, r := range records {
		licenses[longID(r.text(attributeID))] = r
	}
	roles := make([]connector.Role, 0, len(profiles))
	for _, r := range profiles {
		roles = append(roles, role(r, licenses[longID(r.text("UserLicenseId"))]))
	}
	return roles, nil
}

// refusedField reports whether a query failed because of something that the org
// does not have or does not show to the account.
func refusedField(err error) bool {
	code := asError(err).TargetCode
	return code == "INVALID_FIELD" || code == "INVALID_TYPE"
}

func role(profile, license record) connector.Role {
	r := connector.Role{ID: longID(profile.text(attributeID)), Name: profile.text("Name"), Description: profile.text("Description")}
	if isID(r.ID) {
		r.Aliases = []string{r.ID[:15]}
	}
	if name := license.text("Name"); name != "" {
		r.License = connector.License{Name: name, Total: license.number("TotalLicenses"), Used: license.number("UsedLicenses")}
		if r.License.Total == unconfirmed.UnlimitedSeats {
			r.License.Total = connector.Unlimited
		}
	}
	return r
}
