package graphapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// appRole is a role of an application as it is sent and received.
type appRole struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Value       *string  `json:"value"`
	Description *string  `json:"description"`
	Enabled     *bool    `json:"isEnabled"`
	MemberTypes []string `json:"allowedMemberTypes"`
	Origin      string   `json:"origin"`
}

func roleEntities(roles []directory.AppRole) []any {
	list := make([]any, 0, len(roles))
	for _, role := range roles {
		list = append(list, entity{
			"id": role.ID, "displayName": role.DisplayName, "value": text(role.Value), "description": text(role.Description),
			"isEnabled": role.Enabled, "allowedMemberTypes": []string{"User"}, "origin": "Application",
		})
	}
	return list
}

// rolesOf reads the roles of a body, which are all that the application is to have.
func rolesOf(f fields, applicationID string) (roles []directory.AppRole, given bool, err error) {
	raw, given := f["approles"]
	if !given {
		return nil, false, nil
	}
	var list []appRole
	if err := json.Unmarshal(raw, &list); err != nil || string(raw) == "null" {
		return nil, true, badValue("appRoles", "Application", "")
	}
	seen := map[string]bool{}
	for _, one := range list {
		role, err := one.role(applicationID)
		if err != nil {
			return nil, true, err
		}
		if seen[role.ID] || role.Value != "" && seen["value "+role.Value] {
			return nil, true, badRequest("Request contains a property with duplicate values: each role needs an id and a value of its own.")
		}
		seen[role.ID], seen["value "+role.Value] = true, true
		roles = append(roles, role)
	}
	return roles, true, nil
}

func (one appRole) role(applicationID string) (directory.AppRole, error) {
	role := directory.AppRole{ApplicationID: applicationID, DisplayName: one.DisplayName, Enabled: one.Enabled == nil || *one.Enabled}
	if one.Value != nil {
		role.Value = *one.Value
	}
	if one.Description != nil {
		role.Description = *one.Description
	}
	id, err := uuid.Parse(one.ID)
	switch {
	case err != nil || id == uuid.Nil:
		return role, badValue("appRoles", "Application", "Each role needs an id, a GUID that is not all zeros.")
	case one.DisplayName == "" || !storable(one.DisplayName):
		return role, badValue("appRoles", "Application", "Each role needs a displayName.")
	case strings.ContainsAny(role.Value, " \t\r\n") || !storable(role.Value) || !storable(role.Description):
		return role, badValue("appRoles", "Application", "The value of a role has no spaces.")
	case len(one.MemberTypes) > 0 && !slices.Contains(one.MemberTypes, "User"):
		return role, badValue("appRoles", "Application", "Roles are for users and groups here: allowedMemberTypes must have User.")
	}
	role.ID = id.String()
	return role, nil
}

// replaceRoles makes the roles of an application those given. A role that is left out
// must be disabled first, so that nobody removes one by mistake.
func replaceRoles(ctx context.Context, e store.Editor, applicationID string, roles []directory.AppRole) error {
	known, err := e.Roles(ctx, applicationID)
	if err != nil {
		return err
	}
	for _, before := range known {
		at := slices.IndexFunc(roles, func(role directory.AppRole) bool { return role.ID == before.ID })
		switch {
		case at >= 0:
			// What was imported from the target stays tied to it.
			roles[at].TargetID, roles[at].License = before.TargetID, before.License
		case before.Enabled:
			return &Error{
				Status: http.StatusBadRequest, Code: "CannotDeleteOrUpdateEnabledEntitlement",
				Message: "Permission (scope or role) cannot be deleted or updated unless disabled first.",
			}
		default:
			if err := e.RemoveRole(ctx, applicationID, before.ID); err != nil {
				return err
			}
		}
	}
	for _, role := range roles {
		err := e.PutRole(ctx, role)
		if errors.Is(err, store.ErrConflict) {
			err = badValue("appRoles", "Application", "The id "+role.ID+" is that of a role of another application.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
