package salesforce

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

const (
	// featureTotals reads how many feature licences the org has bought. Salesforce
	// measures them once a day and gives one record for each (ActiveFeatureLicenseMetric in the
	// Object Reference, from version 52.0 on); how many are taken is counted here,
	// because that changes all the time.
	featureTotals = "SELECT FeatureType, TotalLicenseCount, MetricsDate FROM ActiveFeatureLicenseMetric ORDER BY MetricsDate DESC NULLS LAST"
	// permissionSetLicenseSeats reads the seats of permission set licences.
	permissionSetLicenseSeats = "SELECT DeveloperName, TotalLicenses, UsedLicenses FROM PermissionSetLicense WHERE Status = 'Active'"

	flagPrefix = "UserPermissions" // of the flags of User that take a feature licence
	// statementsAtOnce is how many queries one composite request takes.
	statementsAtOnce = 5
)

// mappedFlags are the flags that the mapping writes.
func (c *Connector) mappedFlags() []string {
	var flags []string
	for _, name := range c.mapped {
		if strings.HasPrefix(name, flagPrefix) && isFieldName(name) && !slices.Contains(flags, name) {
			flags = append(flags, name)
		}
	}
	return flags
}

// rolesAndFeatures reads profiles with the seats of their licences and, where the
// mapping writes any, the features with theirs: all of it with one call as long as
// the mapping writes no more than three flags.
func (c *Connector) rolesAndFeatures(ctx context.Context) ([]connector.Role, []connector.Feature, error) {
	flags := c.mappedFlags()
	statements := []string{profilesWithSeats}
	if len(flags) > 0 {
		statements = append(statements, featureTotals)
		for _, flag := range flags {
			statements = append(statements, "SELECT COUNT(Id) taken FROM User WHERE IsActive = true AND "+flag+" = true")
		}
	}
	licenses := slices.Contains(c.mapped, attributePermissionSetLicenses)
	if licenses {
		statements = append(statements, permissionSetLicenseSeats)
	}
	var answers [][]record
	for some := range slices.Chunk(statements, statementsAtOnce) {
		part, err := c.client.queries(ctx, some)
		if err != nil {
			return nil, nil, err
		}
		answers = append(answers, part...)
	}
	var features []connector.Feature
	if len(flags) > 0 {
		features = flagFeatures(flags, answers[1], answers[2:2+len(flags)])
	}
	if licenses {
		features = append(features, licenseFeatures(answers[len(answers)-1])...)
	}
	return rolesOf(answers[0]), features, nil
}

// flagFeatures puts together what was bought and what is taken of feature
// licences. A flag of which the org does not tell how many there are, because it
// has none of that kind, is left out.
func flagFeatures(flags []string, totals []record, taken [][]record) []connector.Feature {
	var features []connector.Feature
	for i, flag := range flags {
		kind := strings.TrimPrefix(flag, flagPrefix)
		// The newest measurement comes first.
		n := slices.IndexFunc(totals, func(r record) bool { return strings.EqualFold(r.text("FeatureType"), kind) })
		if n < 0 || totals[n].lookup("TotalLicenseCount") == nil || len(taken[i]) != 1 {
			continue
		}
		features = append(features, connector.Feature{Attribute: flag, Value: "true", License: connector.License{
			Name: kind + " feature", Total: totals[n].number("TotalLicenseCount"), Used: taken[i][0].number("taken"),
		}})
	}
	return features
}

// licenseFeatures are the permission set licences.
func licenseFeatures(records []record) []connector.Feature {
	var features []connector.Feature
	for _, r := range records {
		name := r.text("DeveloperName")
		license := connector.License{Name: name + " permission set license", Total: r.number("TotalLicenses"), Used: r.number("UsedLicenses")}
		if license.Total == unconfirmed.UnlimitedSeats {
			license.Total = connector.Unlimited
		}
		features = append(features, connector.Feature{Attribute: attributePermissionSetLicenses, Value: name, License: license, Assigned: true})
	}
	return features
}
