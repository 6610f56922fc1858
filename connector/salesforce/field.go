package salesforce

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
)

// Names of the objects and attributes that the connector itself speaks of.
const (
	objectUser     = "User"
	objectUserRole = "UserRole"

	attributeID           = "Id"
	attributeUsername     = "Username"
	attributeIsActive     = "IsActive"
	attributeEmail        = "Email"
	attributeProfileID    = "ProfileId"
	attributeProfileName  = "ProfileName"
	attributeUserRoleID   = "UserRoleId"
	attributeUserRoleName = "UserRoleName"
	attributeManagerID    = "ManagerId"
)

// salesforceTime is the form of dates and times in answers.
const salesforceTime = "2006-01-02T15:04:05.000-0700"

// field is how one attribute is read from a record.
type field struct {
	attribute string
	path      []string // in the record: the field, or a relationship and a field
	object    string   // type of the object that a reference points to
	moment    bool     // a date and time
}

// newField returns how an attribute of User is read. Attributes that the schema
// makes up are read through a relationship; all others are fields of that name.
func newField(attribute string) field {
	f := field{attribute: attribute, path: []string{attribute}}
	switch attribute {
	case attributeProfileName:
		f.path = []string{"Profile", "Name"}
	case attributeUserRoleName:
		f.path = []string{"UserRole", "Name"}
	case attributeManagerID, "DelegatedApproverId":
		f.object = objectUser
	case attributeUserRoleID:
		f.object = objectUserRole
	case "CreatedDate", "LastModifiedDate", "SystemModstamp", "LastLoginDate", "LastPasswordChangeDate", "LastViewedDate", "LastReferencedDate":
		f.moment = true
	}
	return f
}

// soql is the field in a statement.
func (f field) soql() string { return strings.Join(f.path, ".") }

// read takes the attribute's value from a record.
func (f field) read(r record) attr.Value {
	switch value := r.lookup(f.path...).(type) {
	case string:
		return f.fromText(value)
	case bool:
		return attr.Bool(value)
	case float64:
		if whole := int64(value); float64(whole) == value {
			return attr.Int(whole)
		}
		return attr.Text(strconv.FormatFloat(value, 'f', -1, 64))
	}
	return attr.Value{}
}

func (f field) fromText(text string) attr.Value {
	switch {
	case f.object != "":
		return attr.RefTo(attr.Ref{Type: f.object, ID: longID(text)})
	case f.moment:
		if t, err := time.Parse(salesforceTime, text); err == nil {
			return attr.Moment(t)
		}
	case strings.HasSuffix(f.attribute, attributeID):
		return attr.Text(longID(text))
	}
	return attr.Text(text)
}

// isFieldName reports whether a name can be the API name of a field, so that it
// can stand in a statement: letters, digits and underscores.
func isFieldName(name string) bool {
	if name == "" || name[0] >= '0' && name[0] <= '9' || len(name) > 80 {
		return false
	}
	return isAlphanumeric(strings.ReplaceAll(name, "_", ""))
}

// fieldsOf returns how attributes are read. An attribute that is a relationship
// of its own kind, or cannot be a field, is an error.
func (c *client) fieldsOf(attributes []string) ([]field, error) {
	fields := make([]field, 0, len(attributes))
	seen := make(map[string]bool, len(attributes))
	for _, attribute := range attributes {
		// Salesforce refuses a statement that names a field twice.
		folded := strings.ToLower(attribute)
		if seen[folded] {
			continue
		}
		seen[folded] = true
		if err := c.supported(attribute); err != nil {
			return nil, err
		}
		fields = append(fields, newField(attribute))
	}
	return fields, nil
}

func (c *client) supported(attribute string) error {
	if !isFieldName(attribute) {
		err := c.own(codeInvalidAttribute, strconv.Quote(attribute)+" is not the API name of a field", nil)
		err.Fields = []string{attribute}
		return err
	}
	return nil
}

// appendField writes a field of a record to be written, in JSON.
func appendField(b []byte, name string, value attr.Value) ([]byte, error) {
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	switch value.Kind() {
	case attr.Null, attr.Boolean, attr.Integer, attr.String:
		if value.Kind() == attr.String && value.String() == "" {
			return append(b, "null"...), nil // Salesforce keeps no empty texts
		}
		return value.AppendJSON(b), nil
	case attr.Time:
		return append(b, value.Moment().Format(`"2006-01-02T15:04:05.000Z"`)...), nil
	case attr.Reference:
		return attr.Text(value.Ref().ID).AppendJSON(b), nil
	case attr.List:
		// The values of a multi-select picklist are one text.
		return attr.Text(value.String()).AppendJSON(b), nil
	case attr.Complex:
	}
	return b, &connector.Error{
		Kind: connector.Invalid, Code: codeInvalidAttribute, Fields: []string{name},
		Message: name + " has a complex value, which no field of Salesforce takes", Advice: ownEntry(codeInvalidAttribute).advice,
	}
}

// writtenRow is the answer for one record of a collection.
type writtenRow struct {
	ID      string  `json:"id"`
	Success bool    `json:"success"`
	Errors  []fault `json:"errors"`
}

// parseRows reads the answer to a collection, which must have a row for each
// record that was sent.
func parseRows(body []byte, count int) ([]writtenRow, bool) {
	var rows []writtenRow
	if err := json.Unmarshal(body, &rows); err != nil || len(rows) != count {
		return nil, false
	}
	for _, row := range rows {
		if !row.Success && (len(row.Errors) == 0 || row.Errors[0].code() == "") || row.Success && row.ID == "" {
			return nil, false
		}
	}
	return rows, true
}
