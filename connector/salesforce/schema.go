package salesforce

import (
	_ "embed"
	"slices"

	"github.com/usher-id/usher/mapping"
)

// schemaDocument is the default synchronization schema: the one that Microsoft
// Entra ID gives its Salesforce application.
//
//go:embed schema_salesforce.json
var schemaDocument []byte

// DefaultSchema returns the default synchronization schema, a fresh copy. Its
// mappings are exactly those of the document; the list of attributes that a user
// can have in Salesforce is longer by [ExtendedAttributes], none of which is
// mapped to begin with, and says how long texts may be.
func DefaultSchema() mapping.Schema {
	schema, err := mapping.Parse(schemaDocument)
	if err != nil {
		panic("the schema that is built in cannot be read: " + err.Error()) // a test reads it
	}
	for d := range schema.Directories {
		for o := range schema.Directories[d].Objects {
			object := &schema.Directories[d].Objects[o]
			if schema.Directories[d].Name != targetDirectory || object.Name != objectUser {
				continue
			}
			for i := range object.Attributes {
				attribute := &object.Attributes[i]
				if length := maximumLength(attribute.Name); length > 0 {
					attribute.Metadata = append(attribute.Metadata, mapping.MaximumLength(length))
				}
			}
			object.Attributes = append(object.Attributes, ExtendedAttributes()...)
		}
	}
	return schema
}

// maximumLength returns how many characters a text attribute of a user holds, 0 for
// attributes of other types and those that the org itself defines (Salesforce Object
// Reference, User, Profile and UserRole; a describe call gives the same).
func maximumLength(attribute string) int {
	switch attribute {
	case "Alias":
		return 8
	case "StateCode", "CountryCode":
		return 10
	case attributeID, attributeProfileID, "CallCenterId", "IndividualId", "ContactId":
		return 18
	case "EmployeeNumber", "PostalCode":
		return 20
	case "FirstName", "MiddleName", "Suffix", "CommunityNickname", "City", "Phone", "MobilePhone", "Fax", "Extension",
		"TimeZoneSidKey", "LocaleSidKey", "EmailEncodingKey", "LanguageLocaleKey", "DigestFrequency", "DefaultGroupNotificationFrequency", "PortalRole":
		return 40
	case attributeUsername, "LastName", "Title", "Department", "Division", "CompanyName", "State", "Country", "SenderEmail", "SenderName", "StayInTouchSubject", attributeUserRoleName:
		return 80
	case attributeEmail:
		return 128
	case "Street", attributeProfileName:
		return 255
	case "FederationIdentifier", "StayInTouchSignature", "StayInTouchNote":
		return 512
	case "AboutMe":
		return 1000
	case "Signature":
		return 1333
	}
	return 0
}

// targetDirectory is the name of the target in the document.
const targetDirectory = "salesforce.com"

// ExtendedAttributes returns the attributes of a user that this connector
// provisions beyond those of the document: other fields of User, entitlements and
// the freezing of the sign-in.
func ExtendedAttributes() []mapping.AttributeDefinition {
	var definitions []mapping.AttributeDefinition
	for _, name := range []string{
		attributeUserRoleName, "MiddleName", "Suffix", "Fax", "Extension", "AboutMe", "SenderEmail", "SenderName", "Signature",
		"DigestFrequency", "DefaultGroupNotificationFrequency", "CallCenterId", "StayInTouchSubject", "StayInTouchSignature", "StayInTouchNote",
		"StateCode", "CountryCode", "IndividualId", "ContactId", "PortalRole",
	} {
		definitions = append(definitions, extended(name, mapping.StringType, ""))
	}
	for _, name := range slices.Concat(featureLicenses(), preferences()) {
		definitions = append(definitions, extended(name, mapping.BooleanType, ""))
	}
	definitions = append(definitions,
		extended(attributeIsFrozen, mapping.BooleanType, ""), extended("ReceivesAdminInfoEmails", mapping.BooleanType, ""),
		extended("ReceivesInfoEmails", mapping.BooleanType, ""), extended("ForecastEnabled", mapping.BooleanType, ""),
		extended("DelegatedApproverId", mapping.ReferenceType, objectUser))
	for _, kind := range entitlements() {
		// The document has PermissionSets itself.
		if kind.attribute != attributePermissionSets {
			definitions = append(definitions, extended(kind.attribute, mapping.ReferenceType, kind.reference))
		}
	}
	return definitions
}

func extended(name string, kind mapping.AttributeType, references string) mapping.AttributeDefinition {
	_, many := findEntitlement(name)
	definition := mapping.AttributeDefinition{
		Name: name, Type: kind, Multivalued: many, Mutability: mapping.ReadWrite,
		ReferencedObjects: []mapping.ReferencedObject{}, Metadata: []mapping.Metadata{},
	}
	if length := maximumLength(name); length > 0 {
		definition.Metadata = append(definition.Metadata, mapping.MaximumLength(length))
	}
	if references != "" {
		definition.ReferencedObjects = append(definition.ReferencedObjects, mapping.ReferencedObject{ReferencedObjectName: references})
	}
	return definition
}

// featureLicenses lists the flags of User that take a feature licence and are not
// in the document.
func featureLicenses() []string {
	var names []string
	for _, feature := range []string{
		"SFContent", "Knowledge", "Interaction", "Support", "Mobile", "ChatterAnswers", "JigsawProspecting", "LiveAgent",
		"SiteforceContributor", "SiteforcePublisher", "Avantgo", "Wireless",
	} {
		names = append(names, "UserPermissions"+feature+"User")
	}
	return append(names, "UserPermissionsWorkDotComUserFeature")
}

// preferences lists what users choose for themselves and an administrator may
// choose for them.
func preferences() []string {
	names := []string{"EmailPreferencesAutoBcc", "EmailPreferencesAutoBccStayInTouch", "EmailPreferencesStayInTouchReminder"}
	for _, preference := range []string{
		"ActivityRemindersPopup", "EventRemindersCheckboxDefault", "TaskRemindersCheckboxDefault", "ReminderSoundOff", "DisableAllFeedsEmail",
		"DisableFollowersEmail", "DisableMentionsPostEmail", "HideSecondChatterOnboardingSplash", "ShowEmailToExternalUsers",
		"ShowWorkPhoneToExternalUsers", "ShowTitleToExternalUsers", "ShowCityToGuestUsers", "LightningExperiencePreferred", "PathAssistantCollapsed",
		"CacheDiagnostics",
	} {
		names = append(names, "UserPreferences"+preference)
	}
	return names
}

// userMapping returns the mapping of users, which the schema has by test.
func userMapping(schema mapping.Schema) *mapping.ObjectMapping {
	return &schema.SynchronizationRules[0].ObjectMappings[0]
}

// defaultAttributes returns the target attributes that the default mapping
// writes, those to read when nobody says otherwise.
func defaultAttributes() []string {
	var names []string
	for _, row := range userMapping(DefaultSchema()).AttributeMappings {
		names = append(names, row.TargetAttributeName)
	}
	return names
}
