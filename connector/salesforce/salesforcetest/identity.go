package salesforcetest

import (
	"net/http"
)

// links are the addresses that the identity answers carry. {version} is for the
// client to replace.
func (o *Org) links(c *call, user string) []member {
	data := c.base + "/services/data/v{version}/"
	return []member{
		{"enterprise", c.base + "/services/Soap/c/{version}/" + o.id[:15]},
		{"metadata", c.base + "/services/Soap/m/{version}/" + o.id[:15]},
		{"partner", c.base + "/services/Soap/u/{version}/" + o.id[:15]},
		{"rest", data},
		{"sobjects", data + "sobjects/"},
		{"search", data + "search/"},
		{"query", data + "query/"},
		{"recent", data + "recent/"},
		{"tooling_soap", c.base + "/services/Soap/T/{version}/" + o.id[:15]},
		{"tooling_rest", data + "tooling/"},
		{"profile", c.base + "/" + user},
		{"custom_domain", "https://" + o.host()},
	}
}

// userinfo answers with the claims of OpenID Connect.
func (o *Org) userinfo(c *call) *answer {
	c.outcome.kind = "userinfo"
	user, refused := o.authenticate(c)
	if refused != nil {
		return oauthRefusal()
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	t, r := o.schema.object("User"), o.tables["User"].get(user)
	get := func(name string) string { return o.value(t, r, t.field(name)) }
	return reply(http.StatusOK, []member{
		{"sub", c.base + "/id/" + o.id + "/" + r.id},
		{"user_id", r.id},
		{"organization_id", o.id},
		{"preferred_username", get("Username")},
		{"nickname", get("CommunityNickname")},
		{"name", get("Name")},
		{"email", get("Email")},
		{"email_verified", true},
		{"given_name", get("FirstName")},
		{"family_name", get("LastName")},
		{"zoneinfo", get("TimeZoneSidKey")},
		{"profile", c.base + "/" + r.id},
		{"photos", []member{{"picture", get("FullPhotoUrl")}, {"thumbnail", get("SmallPhotoUrl")}}},
		{"urls", o.links(c, r.id)},
		{"active", o.isActive(r)},
		{"user_type", upper(get("UserType"))},
		{"language", get("LanguageLocaleKey")},
		{"locale", get("LocaleSidKey")},
		{"utcOffset", -28_800_000},
		{"updated_at", get("LastModifiedDate")},
		{"is_app_installed", true},
	})
}

// identity answers /id/{organization}/{user}.
func (o *Org) identity(c *call, organization, user string) *answer {
	c.outcome.kind = "identity"
	asking, refused := o.authenticate(c)
	if refused != nil {
		return oauthRefusal()
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	t, r := o.schema.object("User"), o.tables["User"].get(user)
	if idKey(organization) != idKey(o.id) || r == nil || r.id != asking && !o.may(asking, permissionManageUsers) {
		return refuse(newError(http.StatusForbidden, "Wrong_Org", "Wrong_Org"))
	}
	get := func(name string) string { return o.value(t, r, t.field(name)) }
	return reply(http.StatusOK, []member{
		{"id", c.base + "/id/" + o.id + "/" + r.id},
		{"asserted_user", r.id == asking},
		{"user_id", r.id},
		{"organization_id", o.id},
		{"username", get("Username")},
		{"nick_name", get("CommunityNickname")},
		{"display_name", get("Name")},
		{"email", get("Email")},
		{"email_verified", true},
		{"first_name", get("FirstName")},
		{"last_name", get("LastName")},
		{"timezone", get("TimeZoneSidKey")},
		{"photos", []member{{"picture", get("FullPhotoUrl")}, {"thumbnail", get("SmallPhotoUrl")}}},
		{"addr_street", nullable(get("Street"))},
		{"addr_city", nullable(get("City"))},
		{"addr_state", nullable(get("State"))},
		{"addr_country", nullable(get("Country"))},
		{"addr_zip", nullable(get("PostalCode"))},
		{"mobile_phone", nullable(get("MobilePhone"))},
		{"mobile_phone_verified", false},
		{"is_lightning_login_user", false},
		{"status", []member{{"created_date", nil}, {"body", nil}}},
		{"urls", o.links(c, r.id)},
		{"active", o.isActive(r)},
		{"user_type", upper(get("UserType"))},
		{"language", get("LanguageLocaleKey")},
		{"locale", get("LocaleSidKey")},
		{"utcOffset", -28_800_000},
		{"last_modified_date", get("LastModifiedDate")},
		{"is_app_installed", true},
	})
}

// oauthRefusal is the plain text with which these addresses refuse a token.
func oauthRefusal() *answer {
	return &answer{status: http.StatusForbidden, body: []byte("Bad_OAuth_Token"), contentType: "text/plain;charset=UTF-8"}
}

// nullable writes an empty text as null.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// upper is how identity answers write the type of a user.
func upper(userType string) string {
	if userType == "CsnOnly" {
		return "CSN_ONLY"
	}
	return "STANDARD"
}
