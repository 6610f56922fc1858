package salesforcetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// beforeAssignment applies the rules of assigning permission sets and groups of
// them. The assignment of a group also names the permission set that stands for
// the group, so a reader has to look at both fields.
func (tx *transaction) beforeAssignment(d *draft) *apiError {
	o := tx.org.schema.object("PermissionSetAssignment")
	assignee, set, group := o.field("AssigneeId"), o.field("PermissionSetId"), o.field("PermissionSetGroupId")
	if d.base != nil { // Only the date of its end can be changed.
		return nil
	}
	if (d.get(set) == "") == (d.get(group) == "") {
		return rowError("REQUIRED_FIELD_MISSING", "Required fields are missing: [PermissionSetId]", "PermissionSetId")
	}
	for _, existing := range tx.org.tables[o.name].find(assignee, d.get(assignee)) {
		if id, _ := existing.stored(set); id != "" && id == d.get(set) {
			return rowError("DUPLICATE_VALUE", fmt.Sprintf("Duplicate PermissionSetAssignment. Assignee: %s, Permission Set: %s", d.get(assignee), id))
		}
		if id, _ := existing.stored(group); id != "" && id == d.get(group) {
			return rowError("DUPLICATE_VALUE", fmt.Sprintf("Duplicate PermissionSetAssignment. Assignee: %s, Permission Set Group: %s", d.get(assignee), id))
		}
	}
	sets := tx.org.setsOf(d.get(set), d.get(group))
	if d.get(group) != "" {
		d.put(set, tx.org.standIn("PermissionSetGroupId", d.get(group)))
	}
	if tx.trusted {
		return nil
	}
	user := tx.org.tables["User"].get(d.get(assignee))
	for _, id := range sets {
		if err := tx.assignable(user, tx.org.tables["PermissionSet"].get(id)); err != nil {
			return err
		}
	}
	return nil
}

// standIn finds the permission set that stands for a profile or for a permission
// set group, by the field of PermissionSet that names it; empty if there is none.
func (o *Org) standIn(field, id string) string {
	t := o.schema.object("PermissionSet")
	for _, r := range o.tables[t.name].find(t.field(field), id) {
		return r.id
	}
	return ""
}

// assignProfile keeps the assignment of the permission set that every profile
// owns: each user has one (Object Reference, PermissionSet: IsOwnedByProfile),
// and it follows the profile.
func (tx *transaction) assignProfile(user *record) {
	o := tx.org.schema.object("PermissionSetAssignment")
	assignee, set := o.field("AssigneeId"), o.field("PermissionSetId")
	profile, _ := user.stored(tx.org.user.profile)
	owned := tx.org.standIn("ProfileId", profile)
	for _, r := range tx.org.tables[o.name].find(assignee, user.id) {
		if tx.org.ownedByProfile(r) {
			tx.replace(tx.org.tables[o.name], newDraft(o, r).put(set, owned))
			return
		}
	}
	tx.insert(tx.org.tables[o.name], newDraft(o, nil).put(assignee, user.id).put(set, owned))
}

// ownedByProfile tells whether an assignment is that of a profile's own set.
func (o *Org) ownedByProfile(assignment *record) bool {
	set, _ := assignment.stored(o.schema.object("PermissionSetAssignment").field("PermissionSetId"))
	return o.name("PermissionSet", set, "IsOwnedByProfile") == "true"
}

// setsOf lists the permission sets of an assignment: the one, or those of the group.
func (o *Org) setsOf(set, group string) []string {
	if group == "" {
		return []string{set}
	}
	component := o.schema.object("PermissionSetGroupComponent")
	var sets []string
	for _, r := range o.tables[component.name].find(component.field("PermissionSetGroupId"), group) {
		id, _ := r.stored(component.field("PermissionSetId"))
		sets = append(sets, id)
	}
	return sets
}

// assignable tells whether the license of the user allows the permission set. A
// permission set may ask for a user license, or for a permission set license,
// which is then assigned to the user as long as there are seats.
func (tx *transaction) assignable(user, set *record) *apiError {
	o := tx.org.schema.object("PermissionSet")
	if kind, _ := set.stored(o.field("Type")); kind == "Profile" || kind == "Group" {
		return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.StandInAssigned, "PermissionSetId")
	}
	license, _ := set.stored(o.field("LicenseId"))
	profile, _ := user.stored(tx.org.user.profile)
	key := tx.org.definitionKey(tx.licenseOf(profile))
	refused := !unconfirmed.MayHavePermissionSets(key)
	switch {
	case license == "":
	case strings.HasPrefix(license, "0PL"):
		return tx.grantLicense(user.id, license)
	default:
		refused = tx.licenseOf(profile).id != license
	}
	if !refused {
		return nil
	}
	name, _ := set.stored(o.field("Name"))
	return rowError("FIELD_INTEGRITY_EXCEPTION", fmt.Sprintf(
		"Can't assign permission set %s to user %s. The user license doesn't allow the permission: %s", name, user.id, tx.org.firstPermission(set)))
}

// firstPermission names one permission of a set, for texts.
func (o *Org) firstPermission(set *record) string {
	t := o.schema.object("PermissionSet")
	for _, p := range permissions() {
		if v, _ := set.stored(t.field("Permissions" + p.name)); v == "true" {
			return p.label
		}
	}
	return ""
}

// grantLicense gives the user a permission set license unless it is there. It stays
// when the permission set is taken away again.
func (tx *transaction) grantLicense(user, license string) *apiError {
	o := tx.org.schema.object("PermissionSetLicenseAssign")
	assignee, id := o.field("AssigneeId"), o.field("PermissionSetLicenseId")
	if slices.ContainsFunc(tx.org.tables[o.name].find(assignee, user), func(r *record) bool {
		had, _ := r.stored(id)
		return had == license
	}) {
		return nil
	}
	d := newDraft(o, nil).put(assignee, user).put(id, license)
	if err := tx.beforeLicenseAssignment(d); err != nil {
		return err
	}
	tx.after(o, tx.insert(tx.org.tables[o.name], d))
	return nil
}

// beforeLicenseAssignment refuses a license that the user has, and one without a
// free seat.
func (tx *transaction) beforeLicenseAssignment(d *draft) *apiError {
	o := tx.org.schema.object("PermissionSetLicenseAssign")
	assignee, id := o.field("AssigneeId"), o.field("PermissionSetLicenseId")
	for _, r := range tx.org.tables[o.name].find(assignee, d.get(assignee)) {
		if had, _ := r.stored(id); had == d.get(id) {
			return rowError("DUPLICATE_VALUE", "duplicate value found: PermissionSetLicenseId duplicates value on record with id: "+r.id[:15], id.name)
		}
	}
	license := tx.org.tables["PermissionSetLicense"].get(d.get(id))
	if !unconfirmed.HasSeat(tx.org.integer(license, "PermissionSetLicense", "TotalLicenses"), tx.org.used[license.id]) && !tx.trusted {
		return rowError("LICENSE_LIMIT_EXCEEDED", "license limit exceeded")
	}
	return nil
}

// beforeMember looks for a membership that exists already, which then is the
// answer (Object Reference, GroupMember: Usage), and refuses groups that nobody
// can add members to.
func (tx *transaction) beforeMember(d *draft) (*record, *apiError) {
	o := tx.org.schema.object("GroupMember")
	group, member := o.field("GroupId"), o.field("UserOrGroupId")
	for _, r := range tx.org.tables[o.name].find(member, d.get(member)) {
		if in, _ := r.stored(group); in == d.get(group) {
			return r, nil
		}
	}
	t := tx.org.schema.object("Group")
	kind := tx.org.value(t, tx.org.tables["Group"].get(d.get(group)), t.field("Type"))
	if kind != "Regular" && kind != "Queue" && !tx.trusted {
		return nil, rowError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", unconfirmed.SystemGroup)
	}
	return nil, nil
}

// beforeNamed gives groups and roles the developer name that they lack, and
// refuses roles that are above themselves.
func (tx *transaction) beforeNamed(o *object, d *draft) *apiError {
	developer := o.field("DeveloperName")
	if d.get(developer) == "" {
		d.put(developer, developerName(d.get(o.field("Name"))))
	}
	if o.name == "Group" {
		if err := tx.ownGroup(o, d); err != nil {
			return err
		}
		return tx.uniqueGroup(o, d)
	}
	if tx.developerNameTaken(o, d) {
		return rowError("DUPLICATE_DEVELOPER_NAME", unconfirmed.RepeatedName+d.get(developer), developer.name)
	}
	parent := o.field("ParentRoleId")
	for id, hops := d.get(parent), 0; id != "" && d.base != nil && hops < 1_000; hops++ {
		if id == d.base.id {
			return rowError("FIELD_INTEGRITY_EXCEPTION", unconfirmed.CircularRole, parent.name)
		}
		above := tx.org.tables[o.name].get(id)
		if above == nil {
			break
		}
		id, _ = above.stored(parent)
	}
	return nil
}

// ownGroup refuses to make or change the groups that the org keeps by itself.
func (tx *transaction) ownGroup(o *object, d *draft) *apiError {
	kind := o.field("Type")
	for _, value := range []string{d.get(kind), cmp.Or(d.old(kind), "Regular")} {
		if value != "Regular" && value != "Queue" {
			return rowError("INSUFFICIENT_ACCESS_OR_READONLY", unconfirmed.SystemGroup)
		}
	}
	return nil
}

// roleGroups makes the groups that stand for a role in sharing (Object Reference,
// Group: Type), which queries show among the public ones. They have no name of
// their own.
func (tx *transaction) roleGroups(role *record) {
	t := tx.org.tables["Group"]
	name := tx.org.name("UserRole", role.id, "DeveloperName")
	for _, kind := range []string{"Role", "RoleAndSubordinates"} {
		d := newDraft(t.object, nil).put(t.object.field("DeveloperName"), name).put(t.object.field("Type"), kind).
			put(t.object.field("RelatedId"), role.id)
		tx.insert(t, d)
	}
}

// uniqueGroup lets a public group and a queue, but no two of a kind, share a developer name.
func (tx *transaction) uniqueGroup(o *object, d *draft) *apiError {
	developer, kind := o.field("DeveloperName"), o.field("Type")
	for _, r := range tx.org.tables[o.name].rows {
		if r == nil || d.base != nil && r.id == d.base.id {
			continue
		}
		if strings.EqualFold(tx.org.value(o, r, developer), d.get(developer)) && tx.org.value(o, r, kind) == d.get(kind) {
			return rowError("DUPLICATE_DEVELOPER_NAME", unconfirmed.RepeatedName+d.get(developer), developer.name)
		}
	}
	return nil
}

// developerNameTaken tells whether another role has the developer name.
func (tx *transaction) developerNameTaken(o *object, d *draft) bool {
	developer := o.field("DeveloperName")
	return d.changes(developer) && slices.ContainsFunc(tx.org.tables[o.name].find(developer, d.get(developer)), func(r *record) bool {
		return d.base == nil || r.id != d.base.id
	})
}

// developerName turns a label into an API name.
func developerName(label string) string {
	name := []byte{}
	for i := range len(label) {
		if c := label[i]; strings.IndexByte(digits, c) >= 0 {
			name = append(name, c)
		} else if len(name) > 0 && name[len(name)-1] != '_' {
			name = append(name, '_')
		}
	}
	text := strings.Trim(string(name), "_")
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		text = "X" + text
	}
	return text
}

// beforeDelete refuses what others need, and takes along what hangs on the record.
func (tx *transaction) beforeDelete(o *object, r *record) *apiError {
	switch o.name {
	case "PermissionSetLicenseAssign":
		license, _ := r.stored(o.field("PermissionSetLicenseId"))
		tx.take(license, -1)
	case "PermissionSetAssignment":
		if tx.org.ownedByProfile(r) {
			return rowError("INSUFFICIENT_ACCESS_OR_READONLY", unconfirmed.InsufficientAccess)
		}
	case "Group":
		if kind := tx.org.value(o, r, o.field("Type")); kind != "Regular" && kind != "Queue" {
			return rowError("INSUFFICIENT_ACCESS_OR_READONLY", unconfirmed.SystemGroup)
		}
		member := tx.org.schema.object("GroupMember")
		for _, f := range []*field{member.field("GroupId"), member.field("UserOrGroupId")} {
			for _, m := range tx.org.tables[member.name].find(f, r.id) {
				tx.remove(tx.org.tables[member.name], m)
			}
		}
	case "UserRole":
		for _, u := range tx.org.tables["User"].rows {
			if id, _ := u.stored(tx.org.user.role); id == r.id {
				return rowError("DELETE_FAILED", "Your attempt to delete "+tx.org.value(o, r, o.field("Name"))+
					" could not be completed because it is associated with users.")
			}
		}
		group := tx.org.schema.object("Group")
		for _, g := range slices.Clone(tx.org.tables[group.name].rows) {
			if g != nil && tx.org.value(group, g, group.field("RelatedId")) == r.id {
				tx.remove(tx.org.tables[group.name], g)
			}
		}
	}
	return nil
}
