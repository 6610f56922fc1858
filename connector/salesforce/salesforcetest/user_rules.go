package salesforcetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// userFields are the fields that the rules of users look at.
type userFields struct {
	username, email, nickname, federation, active, profile, role, manager, alias, first, last *field
	features                                                                                  []*field
}

// userFieldsOf looks the fields up once, because every row needs them.
func userFieldsOf(o *object, features map[string]int) userFields {
	u := userFields{
		username: o.field("Username"), email: o.field("Email"), nickname: o.field("CommunityNickname"),
		federation: o.field("FederationIdentifier"), active: o.field("IsActive"), profile: o.field("ProfileId"),
		role: o.field("UserRoleId"), manager: o.field("ManagerId"), alias: o.field("Alias"),
		first: o.field("FirstName"), last: o.field("LastName"),
	}
	for _, f := range o.fields {
		if _, limited := features[f.name]; limited {
			u.features = append(u.features, f)
		}
	}
	return u
}

// beforeUser applies the rules of users. Rules that look come first, those that
// take something (a seat, a username) last.
func (tx *transaction) beforeUser(d *draft) *apiError {
	u := &tx.org.user
	if d.base == nil && d.get(u.nickname) == "" {
		d.put(u.nickname, unconfirmed.Nickname(tx.org.tables["User"].serial+1))
	}
	for _, rule := range []func(*draft) *apiError{
		tx.usernameForm, tx.address, tx.emailChange, tx.uniqueInOrg, tx.managerChain, tx.profileChange, tx.roleOfLicense, tx.deactivation,
		tx.featureSeats, tx.licenseSeats, tx.claimUsername,
	} {
		if err := rule(d); err != nil {
			return err
		}
	}
	if d.base != nil && d.changes(u.active) && d.get(u.active) == "false" {
		tx.org.endSessions(d.base.id)
	}
	return nil
}

// usernameForm is a loose check: several @ pass, as they do in real orgs.
func (tx *transaction) usernameForm(d *draft) *apiError {
	f := tx.org.user.username
	local, domain, found := strings.Cut(d.get(f), "@")
	if !d.changes(f) || found && local != "" && domain != "" && !strings.ContainsAny(d.get(f), " \t\r\n") {
		return nil
	}
	return rowError("FIELD_INTEGRITY_EXCEPTION", "Username must be in the form of an email address (for example, john@acme.com): Username", f.name)
}

// confirmationLife is how long a new address can be confirmed.
const confirmationLife = 72 * time.Hour

// emailChange keeps the old address of an active user until the new one is
// confirmed. The address of an inactive user changes at once.
func (tx *transaction) emailChange(d *draft) *apiError {
	u, settings := &tx.org.user, tx.org.config.Settings
	if settings.EmailChange == EmailAllowedDomains && !tx.trusted {
		_, domain, _ := strings.Cut(d.get(u.email), "@")
		if !slices.ContainsFunc(settings.AllowedEmailDomains, func(allowed string) bool { return strings.EqualFold(allowed, domain) }) {
			return rowError("INVALID_EMAIL_ADDRESS", fmt.Sprintf("%s: invalid email address: %s", u.email.label, d.get(u.email)), u.email.name)
		}
	}
	if d.base == nil || !d.changes(u.email) || tx.trusted {
		return nil
	}
	if settings.EmailChange != EmailPending || d.old(u.active) == "false" {
		return nil
	}
	id, pending := d.base.id, pendingEmail{address: d.set[u.email.number], since: tx.now}
	before, had := tx.org.pending[id]
	tx.org.pending[id] = pending
	tx.onUndo(func() {
		delete(tx.org.pending, id)
		if had {
			tx.org.pending[id] = before
		}
	})
	d.put(u.email, d.old(u.email))
	return nil
}

// uniqueInOrg has the words for what may exist only once in an org.
func (tx *transaction) uniqueInOrg(d *draft) *apiError {
	u, users := &tx.org.user, tx.org.tables["User"]
	taken := func(f *field) bool {
		return d.get(f) != "" && (d.base == nil || d.changes(f)) && slices.ContainsFunc(users.find(f, d.get(f)), func(r *record) bool {
			return d.base == nil || r.id != d.base.id
		})
	}
	switch {
	case taken(u.username):
		return duplicateUsername()
	case taken(u.nickname):
		return rowError("DUPLICATE_COMM_NICKNAME",
			"Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select another.", u.nickname.name)
	case taken(u.federation):
		return rowError(unconfirmed.FederationIDTakenCode, unconfirmed.FederationIDTaken, u.federation.name)
	}
	return nil
}

// duplicateUsername has the same words whether this org or another one has it.
func duplicateUsername() *apiError {
	return rowError("DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists in this or another Salesforce organization. "+
		"Usernames must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address). ", "Username")
}

// claimUsername takes the name in the universe, which all orgs share, and gives the
// old one back. A name that another org has is refused although no query finds it:
// the case that a provisioning client cannot see coming.
func (tx *transaction) claimUsername(d *draft) *apiError {
	f, universe := tx.org.user.username, tx.org.config.Universe
	name, old := d.get(f), d.old(f)
	if d.base != nil && strings.EqualFold(name, old) {
		return nil
	}
	if !universe.claim(name) {
		return duplicateUsername()
	}
	tx.onUndo(func() { universe.release(name) })
	if d.base != nil {
		universe.release(old)
		tx.onUndo(func() { universe.claim(old) })
	}
	return nil
}

// managerChain refuses a manager who reports to the user.
func (tx *transaction) managerChain(d *draft) *apiError {
	f := tx.org.user.manager
	if d.base == nil || !d.changes(f) {
		return nil
	}
	users := tx.org.tables["User"]
	for id, hops := d.get(f), 0; id != "" && hops < 10_000; hops++ {
		if id == d.base.id {
			return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.CircularManager, f.name)
		}
		above := users.get(id)
		if above == nil {
			return nil
		}
		id, _ = above.stored(f)
	}
	return nil
}

// licenseOf finds the license behind a profile.
func (tx *transaction) licenseOf(profile string) *record {
	r := tx.org.tables["Profile"].get(profile)
	if r == nil {
		return nil
	}
	id, _ := r.stored(tx.org.profileLicense)
	return tx.org.tables["UserLicense"].get(id)
}

// definitionKey is the LicenseDefinitionKey; empty without a license.
func (o *Org) definitionKey(license *record) string {
	if license == nil {
		return ""
	}
	key, _ := license.stored(o.schema.object("UserLicense").field("LicenseDefinitionKey"))
	return key
}

// profileChange allows the moves between licenses that Salesforce allows. It looks
// at licenses and not at profiles: within one license every profile may follow.
func (tx *transaction) profileChange(d *draft) *apiError {
	f := tx.org.user.profile
	if d.base == nil || !d.changes(f) {
		return nil
	}
	from, to := tx.org.definitionKey(tx.licenseOf(d.old(f))), tx.org.definitionKey(tx.licenseOf(d.get(f)))
	if message, ok := unconfirmed.MayMove(from, to); !ok {
		return rowError("FIELD_INTEGRITY_EXCEPTION", message, f.name)
	}
	return nil
}

// roleOfLicense looks only at writes that touch the role or the license.
func (tx *transaction) roleOfLicense(d *draft) *apiError {
	u := &tx.org.user
	if d.get(u.role) == "" || !d.changes(u.role) && !d.changes(u.profile) || unconfirmed.MayHaveRole(tx.org.definitionKey(tx.licenseOf(d.get(u.profile)))) {
		return nil
	}
	return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.RoleNotAllowed, u.role.name)
}

// deactivation guards those whom the org needs: users who are named in its setup
// (Help: Considerations for Deactivating Users), the user who asks, and the last
// administrator.
func (tx *transaction) deactivation(d *draft) *apiError {
	u := &tx.org.user
	if d.base == nil || !d.changes(u.active) || d.get(u.active) == "true" || tx.trusted {
		return nil
	}
	switch guard := tx.org.signIn(d.base.id).guard; {
	case guard != "":
		return rowError("FIELD_INTEGRITY_EXCEPTION", guard, u.active.name)
	case d.base.id == tx.user:
		return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.DeactivateSelf, u.active.name)
	case tx.isLastAdministrator(d.base):
		return rowError("CANNOT_DISABLE_LAST_ADMIN", unconfirmed.LastAdministrator, u.active.name)
	}
	return nil
}

// isLastAdministrator tells whether nobody else who is active has the profile.
func (tx *transaction) isLastAdministrator(r *record) bool {
	u, administrator := &tx.org.user, tx.org.administratorProfile
	if profile, _ := r.stored(u.profile); profile != administrator {
		return false
	}
	for _, other := range tx.org.tables["User"].rows {
		profile, _ := other.stored(u.profile)
		if other.id != r.id && profile == administrator && tx.org.isActive(other) {
			return false
		}
	}
	return true
}

// isActive reads the flag of a stored user.
func (o *Org) isActive(r *record) bool {
	v, ok := r.stored(o.user.active)
	return !ok || v == "true"
}

// licenseSeats takes the seat that the user will have, by way of the profile, and
// gives the one back that the user had. Only active users take seats.
func (tx *transaction) licenseSeats(d *draft) *apiError {
	u := &tx.org.user
	var had, needs *record
	if d.base != nil && d.old(u.active) == "true" {
		had = tx.licenseOf(d.old(u.profile))
	}
	if d.get(u.active) == "true" {
		needs = tx.licenseOf(d.get(u.profile))
	}
	if had == needs {
		return nil
	}
	if needs != nil {
		if !unconfirmed.HasSeat(tx.org.integer(needs, "UserLicense", "TotalLicenses"), tx.org.used[needs.id]) && !tx.trusted {
			return rowError("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded")
		}
		tx.take(needs.id, 1)
	}
	if had != nil {
		tx.take(had.id, -1)
	}
	return nil
}

// featureSeats counts the flags that take a feature license while the user is active.
func (tx *transaction) featureSeats(d *draft) *apiError {
	u := &tx.org.user
	for _, f := range u.features {
		had := d.base != nil && d.old(u.active) == "true" && d.old(f) == "true"
		needs := d.get(u.active) == "true" && d.get(f) == "true"
		switch {
		case needs && !had:
			if !unconfirmed.HasSeat(tx.org.config.FeatureLicenses[f.name], tx.org.used[f.name]) && !tx.trusted {
				return rowError("LICENSE_LIMIT_EXCEEDED", "license limit exceeded", f.name)
			}
			tx.take(f.name, 1)
		case had && !needs:
			tx.take(f.name, -1)
		}
	}
	return nil
}
