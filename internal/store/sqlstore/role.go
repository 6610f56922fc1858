package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// actor is who the audit log names for what Usher does on its own.
const actor = "Usher"

// ImportRoles makes the application's roles those of the target; see engine.Ledger.
// Roles without a target id, which were not imported, stay as they are.
func (c cycles) ImportRoles(ctx context.Context, cycle engine.Cycle, roles []connector.Role) ([]journal.Audit, error) {
	var audits []journal.Audit
	err := c.commit(ctx, "import roles of application "+cycle.ApplicationID, cycle, func(t *tx) error {
		application, err := t.application(ctx, cycle.ApplicationID)
		if err != nil {
			return err
		}
		known, err := t.applicationRoles(ctx, application.ID)
		if err != nil {
			return err
		}
		differences, err := compareRoles(application.ID, known, roles)
		if err != nil {
			return err
		}
		for _, difference := range differences {
			audit, err := t.putRole(ctx, application, difference)
			if err != nil {
				return err
			}
			audits = append(audits, audit)
		}
		return t.appendAudits(ctx, audits)
	})
	if err != nil {
		return nil, err
	}
	return audits, nil
}

// roleDifference is a role as it was, zero for a new one, and as it has to be.
type roleDifference struct {
	before, after directory.AppRole
}

func (d roleDifference) activity() string {
	switch {
	case d.before.ID == "":
		return "Add app role"
	case d.before.Enabled && !d.after.Enabled:
		return "Disable app role"
	}
	return "Update app role"
}

func (d roleDifference) detail() string {
	details := []string{fmt.Sprintf("%q (%s in the target)", d.after.DisplayName, d.after.TargetID)}
	if d.before.ID == "" {
		return details[0]
	}
	for _, field := range []struct{ name, before, after string }{
		{"name", d.before.DisplayName, d.after.DisplayName},
		{"description", d.before.Description, d.after.Description},
		{"licence", d.before.License, d.after.License},
	} {
		if field.before != field.after {
			details = append(details, fmt.Sprintf("%s %q -> %q", field.name, field.before, field.after))
		}
	}
	switch {
	case d.before.Enabled && !d.after.Enabled:
		details = append(details, "the target has it no longer")
	case !d.before.Enabled && d.after.Enabled:
		details = append(details, "the target has it again")
	}
	return strings.Join(details, ", ")
}

// compareRoles returns what has to change, new and changed roles in the order of
// the target, then those that it has no longer.
func compareRoles(applicationID string, known []directory.AppRole, roles []connector.Role) ([]roleDifference, error) {
	byTarget := make(map[string]directory.AppRole, len(known))
	for _, role := range known {
		if role.TargetID != "" {
			byTarget[role.TargetID] = role
		}
	}
	var changes []roleDifference
	seen := make(map[string]bool, len(roles))
	for _, role := range roles {
		if role.ID == "" || role.Name == "" || seen[role.ID] {
			return nil, errorf(store.ErrInvalid, "the target gives the role %q with the id %q, which is empty or not unique", role.Name, role.ID)
		}
		seen[role.ID] = true
		before := byTarget[role.ID]
		after := directory.AppRole{
			ID: before.ID, ApplicationID: applicationID, DisplayName: clean(role.Name), Value: before.Value,
			Description: clean(role.Description), Enabled: true, TargetID: role.ID, License: clean(role.License.Name),
		}
		if before != after {
			changes = append(changes, roleDifference{before, after})
		}
	}
	for _, before := range known {
		if before.TargetID != "" && before.Enabled && !seen[before.TargetID] {
			after := before
			after.Enabled = false
			changes = append(changes, roleDifference{before, after})
		}
	}
	return changes, nil
}

// putRole writes a role. A change of a role that is there is a change of each user
// who has it.
func (t *tx) putRole(ctx context.Context, application directory.Application, difference roleDifference) (journal.Audit, error) {
	role := difference.after
	if role.ID == "" {
		role.ID = uuid.NewString()
	}
	audit := journal.Audit{At: now(), Activity: difference.activity(), Actor: actor, Subject: application.DisplayName, Detail: difference.detail()}
	if _, err := t.exec(ctx, `insert into app_roles
		(id, application_id, display_name, display_name_key, value, description, enabled, target_id, license)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (id) do update set display_name = excluded.display_name, display_name_key = excluded.display_name_key,
			value = excluded.value, description = excluded.description, enabled = excluded.enabled, license = excluded.license`,
		role.ID, role.ApplicationID, role.DisplayName, key(role.DisplayName), role.Value, role.Description, role.Enabled,
		role.TargetID, role.License); err != nil {
		return audit, err
	}
	if difference.before.ID == "" {
		return audit, t.touchObject(ctx, applicationObjectChange, application.ID)
	}
	return audit, t.touch(ctx, change{kind: roleChange, applicationID: application.ID, roleID: role.ID})
}
