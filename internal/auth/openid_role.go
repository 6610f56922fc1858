package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// lookUp returns a claim: by its name, or where none has it, by the path that dots
// make, such as realm_access.roles.
func (c claimSet) lookUp(name string) (any, bool) {
	if value, found := c.all[name]; found || name == "" {
		return value, found
	}
	var value any = c.all
	for part := range strings.SplitSeq(name, ".") {
		members, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = members[part]; !ok {
			return nil, false
		}
	}
	return value, true
}

// text returns the first of the claims that is a text and not empty.
func (c claimSet) text(names ...string) string {
	for _, name := range names {
		if text, ok := c.all[name].(string); ok && strings.TrimSpace(text) != "" {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// values returns the texts of a claim: itself, or those of its list.
func (c claimSet) values(name string) []string {
	value, _ := c.lookUp(name)
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var texts []string
		for _, item := range value {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

// name returns what the administrator is called.
func (c claimSet) name() string { return c.text("preferred_username", "email", "upn", "sub") }

// role returns the greatest role that the claims give, or the default role. The error
// says why there is none.
func (c claimSet) role(settings store.OpenIDProvider) (store.Role, error) {
	role := settings.DefaultRole
	for _, value := range c.values(settings.Claim) {
		if given := settings.Roles[value]; given.Allows(store.RoleReader) && (role == "" || given.Allows(role)) {
			role = given
		}
	}
	if role.Allows(store.RoleReader) {
		return role, nil
	}
	if _, found := c.lookUp(settings.Claim); !found && settings.Claim != "" {
		reason := fmt.Sprintf("the OpenID provider says nothing of %s: its tokens have no claim %s, which gives the role", c.name(), settings.Claim)
		if elsewhere, ok := c.all["_claim_names"].(map[string]any); ok && elsewhere[settings.Claim] != nil {
			reason = fmt.Sprintf("%s is in too many groups to be listed in the token (claim %s): use app roles, or limit the claim to groups assigned to the application", c.name(), settings.Claim)
		}
		return "", &OpenIDError{Reason: reason}
	}
	return "", &OpenIDError{Reason: fmt.Sprintf("no value of the claim %s gives %s a role here", settings.Claim, c.name())}
}

// provision makes the administrator whom the claims are about what they say.
func (p *People) provision(ctx context.Context, settings store.OpenIDProvider, found claimSet) (store.Administrator, error) {
	administrator, err := p.Store.AdministratorBySubject(ctx, found.issuer, found.subject)
	if errors.Is(err, store.ErrNotFound) {
		return p.newcomer(ctx, settings, found)
	}
	if err != nil {
		return administrator, err
	}
	if administrator.Disabled() {
		return administrator, &OpenIDError{Reason: "the administrator " + administrator.Name + " is disabled"}
	}
	if settings.Claim == "" {
		return administrator, nil // the role is set here
	}
	role, err := found.role(settings)
	if err != nil {
		// Who has no role any more is out, also where they are signed in already.
		_, ended := p.Store.RemoveSessions(ctx, administrator.ID, "")
		return administrator, errors.Join(err, ended)
	}
	return p.follow(ctx, administrator, role, found.text("name"))
}

// follow gives an administrator the role of the claims. The last administrator keeps
// theirs.
func (p *People) follow(ctx context.Context, administrator store.Administrator, role store.Role, displayName string) (store.Administrator, error) {
	before := administrator
	administrator.Role = role
	if displayName != "" && checkNames(store.Administrator{Name: before.Name, DisplayName: displayName}) == nil {
		administrator.DisplayName = displayName
	}
	if administrator == before {
		return administrator, nil
	}
	err := p.Store.UpdateAdministrator(ctx, before.ID, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		var audits []journal.Audit
		if a.Role != administrator.Role {
			audits = append(audits, journal.Audit{
				Activity: "Update administrator role", Actor: "OpenID provider " + a.Issuer, Subject: a.Name, Detail: fmt.Sprintf("role %s, before %s", administrator.Role, a.Role),
			})
		}
		a.Role, a.DisplayName = administrator.Role, administrator.DisplayName
		return a, audits, nil
	})
	if errors.Is(err, store.ErrConflict) {
		return before, p.Store.Audit(ctx, journal.Audit{
			Activity: "Keep role of the last administrator", Actor: "OpenID provider " + before.Issuer, Subject: before.Name,
			Detail: fmt.Sprintf("the claims give the role %s, and nobody else could change anything", role),
		})
	}
	return administrator, err
}

// newcomer adds somebody whom the provider vouches for.
func (p *People) newcomer(ctx context.Context, settings store.OpenIDProvider, found claimSet) (store.Administrator, error) {
	role, err := found.role(settings)
	if err != nil {
		return store.Administrator{}, err
	}
	administrator := store.Administrator{
		ID: uuid.NewString(), Name: found.name(), DisplayName: found.text("name"), Role: role, Issuer: found.issuer, Subject: found.subject, CreatedAt: moment(),
	}
	if administrator.DisplayName == "" {
		administrator.DisplayName = administrator.Name
	}
	if err := checkNames(administrator); err != nil {
		return administrator, &OpenIDError{Reason: "the name that the OpenID provider gives cannot be used", Err: err}
	}
	err = p.Store.AddAdministrator(ctx, administrator, journal.Audit{
		Activity: "Add administrator", Actor: "OpenID provider " + found.issuer, Subject: administrator.Name, Detail: "role " + string(role) + ", subject " + found.subject,
	})
	if errors.Is(err, store.ErrConflict) {
		return administrator, &OpenIDError{Reason: fmt.Sprintf("there is an administrator %q already who signs in differently; "+
			"an administrator has to remove that one first, because a name alone proves nothing", administrator.Name)}
	}
	return administrator, err
}

// deniedOpenID logs a sign-in that failed.
func (p *People) deniedOpenID(ctx context.Context, err error, from Device) error {
	if refused, ok := errors.AsType[*OpenIDError](err); ok {
		p.Log.WarnContext(ctx, "sign-in with OpenID Connect failed", "address", from.Address, "error", refused.Error())
	}
	return err
}

// auditDenial writes to the audit log that somebody whom the provider vouches for may
// not sign in.
func (p *People) auditDenial(ctx context.Context, err error, found claimSet, from Device) error {
	refused, ok := errors.AsType[*OpenIDError](err)
	if !ok {
		return nil
	}
	return p.Store.Audit(ctx, journal.Audit{
		Activity: "Deny sign-in", Actor: fmt.Sprintf("%s (subject %s of %s)", found.name(), found.subject, found.issuer), Subject: found.name(),
		Detail: refused.Reason + from.from(),
	})
}
