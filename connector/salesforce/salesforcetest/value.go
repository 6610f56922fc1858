package salesforcetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// coerce turns a JSON value into the canonical text of the field; null and ""
// become empty. The error refuses the whole request, as a body that does not
// fit the object does.
func coerce(f *field, value any) (string, *apiError) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return coerceText(f, v)
	case bool:
		if f.kind == typeBoolean {
			return truth(v), nil
		}
		return "", wrongType(f, "VALUE_"+strings.ToUpper(truth(v)), truth(v))
	case json.Number:
		return coerceNumber(f, v)
	case []any:
		return "", wrongType(f, "START_ARRAY", "[")
	}
	return "", wrongType(f, "START_OBJECT", "{")
}

// wrongType has the words of the JSON parser that Salesforce uses.
func wrongType(f *field, token, value string) *apiError {
	return malformedJSON("Cannot deserialize instance of %s from %s value %s or request may be missing a required field at [line:1, column:2]",
		f.kind, token, value)
}

// coerceText reads a JSON string. Clients send booleans and numbers as text too, and
// a real org takes them.
func coerceText(f *field, text string) (string, *apiError) {
	switch f.kind {
	case typeBoolean:
		switch strings.ToLower(text) {
		case "true", "1":
			return "true", nil
		case "false", "0":
			return "false", nil
		}
		return "", wrongType(f, "VALUE_STRING", text)
	case typeInteger, typeDouble:
		if text == "" {
			return "", nil
		}
		return coerceNumber(f, json.Number(text))
	case typeDate, typeDateTime:
		if text == "" {
			return "", nil
		}
		t, err := soql.ParseTime(text)
		if err != nil {
			return "", wrongType(f, "VALUE_STRING", text)
		}
		if f.kind == typeDate {
			return t.Format(time.DateOnly), nil
		}
		return formatTime(t.UnixMilli()), nil
	case typeString, typeTextArea, typeEmail, typePhone, typeURL, typePicklist, typeID, typeReference:
	}
	// No field has whitespace at its ends, nor an empty text (Apex Developer Guide, "Primitive Data Types").
	return strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }), nil
}

// coerceNumber reads a number into the form that records keep.
func coerceNumber(f *field, n json.Number) (string, *apiError) {
	number, err := strconv.ParseFloat(string(n), 64)
	switch {
	case f.kind != typeInteger && f.kind != typeDouble:
		return "", wrongType(f, "VALUE_NUMBER_INT", string(n))
	case err != nil, f.kind == typeInteger && number != float64(int64(number)):
		return "", wrongType(f, "VALUE_STRING", string(n))
	case f.kind == typeInteger:
		return strconv.FormatInt(int64(number), 10), nil
	}
	return strconv.FormatFloat(number, 'f', -1, 64), nil
}

// validate checks a value that is not empty against the rules of its field. It
// returns the value as it is kept.
func (tx *transaction) validate(f *field, value string) (string, *apiError) {
	switch f.kind {
	case typeReference:
		return tx.validateReference(f, value)
	case typePicklist:
		if len(f.list) > 0 && !f.unrestricted && !f.coded {
			return validatePicklist(f, value)
		}
	case typeString, typeTextArea, typeEmail, typePhone, typeURL:
	case typeID, typeBoolean, typeInteger, typeDouble, typeDate, typeDateTime:
		return value, nil
	}
	if f.length > 0 && len(value) > f.length && utf8.RuneCountInString(value) > f.length {
		return "", rowError("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.label, value, f.length), f.name)
	}
	if f.kind == typeEmail && !isEmail(value) {
		return "", rowError("INVALID_EMAIL_ADDRESS", fmt.Sprintf("%s: invalid email address: %s", f.label, value), f.name)
	}
	if f.shared {
		return tx.org.intern(value), nil
	}
	return value, nil
}

// validatePicklist returns the value in the spelling of the list. The refusal names
// the label of the field, not its name.
func validatePicklist(f *field, value string) (string, *apiError) {
	for _, allowed := range f.list {
		if strings.EqualFold(allowed, value) {
			return allowed, nil
		}
	}
	return "", rowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
		fmt.Sprintf("%s: bad value for restricted picklist field: %s", f.label, value), f.name)
}

// validateReference checks the form, the kind and the existence of the record.
func (tx *transaction) validateReference(f *field, value string) (string, *apiError) {
	wrong := rowError("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", f.label, value), f.name)
	if !isID(value) {
		return "", wrong
	}
	for _, name := range f.referenceTo {
		target := tx.org.schema.object(name)
		if target == nil || target.prefix != value[:3] {
			continue
		}
		r := tx.org.get(target, value)
		if r == nil {
			return "", rowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
		}
		return r.id, nil
	}
	return "", wrong
}

// isEmail accepts what has one @ with something in front and a domain behind. It is
// stricter than the check of usernames, which only look like addresses.
func isEmail(text string) bool {
	local, domain, found := strings.Cut(text, "@")
	if !found || local == "" || strings.ContainsAny(text, " \t\r\n,;:<>()[]\\\"") || strings.Contains(domain, "@") {
		return false
	}
	return !strings.HasPrefix(local, ".") && !strings.HasSuffix(local, ".") && isDomain(domain)
}

// isDomain wants two labels at least.
func isDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if slices.Contains(labels, "") {
		return false
	}
	return len(labels) > 1
}

// value returns what a reader sees in a field; empty means null.
func (o *Org) value(t *object, r *record, f *field) string {
	if f.kind == typeID {
		return r.id
	}
	if !f.computed {
		if v, ok := r.stored(f); ok {
			return v
		}
		return f.initial()
	}
	switch f.name {
	case "Name":
		first, _ := r.stored(t.field("FirstName"))
		last, _ := r.stored(t.field("LastName"))
		return strings.TrimSpace(first + " " + last)
	case "CreatedDate":
		return formatTime(r.created)
	case "LastModifiedDate", "UsedLicensesLastUpdated":
		return formatTime(r.modified)
	case "SystemModstamp":
		return formatTime(r.stamp)
	case "CreatedById":
		return r.createdBy
	case "LastModifiedById":
		return r.modifiedBy
	case "IsDeleted":
		return truth(o.tables[t.name].get(r.id) == nil)
	case "UserType":
		return o.userType(t, r)
	case "LastLoginDate":
		return timeOrNull(o.signIn(r.id).lastLogin)
	case "LastPasswordChangeDate":
		return timeOrNull(o.signIn(r.id).passwordAt)
	case "UsedLicenses":
		return strconv.Itoa(o.used[r.id])
	case "FullPhotoUrl":
		return "https://" + o.host() + "/profilephoto/005/F"
	case "SmallPhotoUrl":
		return "https://" + o.host() + "/profilephoto/005/T"
	}
	return ""
}

// timeOrNull is a moment in milliseconds since 1970, or null for none.
func timeOrNull(milliseconds int64) string {
	if milliseconds == 0 {
		return ""
	}
	return formatTime(milliseconds)
}

// userType follows the license of the user's or the profile's own.
func (o *Org) userType(t *object, r *record) string {
	if t.name == "User" {
		profile, _ := r.stored(o.user.profile)
		if r = o.tables["Profile"].get(profile); r == nil {
			return ""
		}
	}
	license, _ := r.stored(o.profileLicense)
	return o.userTypes[license]
}
