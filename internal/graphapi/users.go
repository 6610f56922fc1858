package graphapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) userRoutes() []route {
	return []route{
		get("users", a.listUsers),
		get("users/$count", a.countUsers),
		post("users", store.RoleAdministrator, a.createUser),
		get("users/{user}", a.getUser),
		patch("users/{user}", a.updateUser),
		remove("users/{user}", a.deleteUser),
		get("users/{user}/manager", a.getManager),
		get("users/{user}/manager/$ref", a.getManagerReference),
		put("users/{user}/manager/$ref", a.putManager),
		remove("users/{user}/manager/$ref", a.removeManager),
		get("users/{user}/directReports", a.listReports),
		get("users/{user}/memberOf", a.listGroupsOfUser),
		get("users/{user}/memberOf/microsoft.graph.group", a.listGroupsOfUser),
		get("users/{user}/transitiveMemberOf", a.listGroupsAboveUser),
		get("users/{user}/transitiveMemberOf/microsoft.graph.group", a.listGroupsAboveUser),
	}
}

// userProperties are the properties of users that the directory keeps, by their names
// in lower case.
var userProperties = sync.OnceValue(func() map[string]directory.Property { //nolint:gochecknoglobals // a table
	properties := make(map[string]directory.Property)
	for _, property := range directory.UserProperties() {
		properties[strings.ToLower(property.Name)] = property
	}
	return properties
})

// The nested properties of users. Their members stand on their own in the directory.
const (
	extensionAttributes = "onPremisesExtensionAttributes"
	organizationData    = "employeeOrgData"
)

// membersOfNested returns which properties of the directory a nested one holds.
func membersOfNested(nested string) []string { return nestedMembers()[nested] }

var nestedMembers = sync.OnceValue(func() map[string][]string { //nolint:gochecknoglobals // a table
	numbered := make([]string, 15)
	for i := range numbered {
		numbered[i] = "extensionAttribute" + strconv.Itoa(i+1)
	}
	return map[string][]string{organizationData: {"costCenter", "division"}, extensionAttributes: numbered}
})

// userKind has the properties that Microsoft Graph sends of a user without being
// asked; the others have to be selected.
var userKind = sync.OnceValue(func() kind { //nolint:gochecknoglobals // a table
	k := newKind("user",
		"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname",
		"userPrincipalName", extensionAttributes+"/?", organizationData+"/?", "passwordProfile?", "createdDateTime?", "deletedDateTime?")
	for _, property := range directory.UserProperties() {
		lower := strings.ToLower(property.Name)
		if _, known := k.properties[lower]; !known && property.Name != "manager" && !slices.Contains(membersOfNested(extensionAttributes), property.Name) {
			k.properties[lower] = selectable(property.Name)
		}
	}
	delete(k.properties, "costcenter")
	delete(k.properties, "division")
	k.open, k.advanced = directory.IsExtensionName, true
	return k
})

// selectable is a property that is only sent when it is selected.
func selectable(name string) property { return property{name: name, asked: true} }

func (a *api) users() resource {
	return resource{set: "users", kind: userKind(), expand: map[string]expander{
		"manager": a.expandManager, "directreports": a.expandReports, "memberof": a.expandMemberOf,
	}}
}

// userEntity makes a user what is sent. With a list of names it has no more than
// these, besides what identifies it: most of the time of a long list goes here.
func userEntity(u directory.User, needed map[string]bool) entity {
	e := entity{
		"@odata.type": "#microsoft.graph.user", "id": u.ID, "userPrincipalName": u.UserPrincipalName, "displayName": text(u.DisplayName),
		"accountEnabled": u.AccountEnabled, "createdDateTime": moment(u.CreatedAt), "deletedDateTime": moment(u.DeletedAt),
	}
	for _, property := range userProperties() {
		if property.Name == "manager" || needed != nil && !needed[property.Name] {
			continue
		}
		if _, there := e[property.Name]; there {
			continue
		}
		value := u.Attributes.Get(property.Name)
		if value.IsNull() && property.Multivalued {
			e[property.Name] = []any{}
			continue
		}
		e[property.Name] = valueOf(value)
	}
	for _, nested := range []string{extensionAttributes, organizationData} {
		if needed == nil || needed[nested] {
			e[nested] = nestedEntity(u, nested)
		}
		for _, name := range membersOfNested(nested) {
			delete(e, name)
		}
	}
	if needed == nil || needed[extensionNames] {
		for name, value := range u.Attributes.All() {
			if directory.IsExtensionName(name) {
				e[name] = valueOf(value)
			}
		}
	}
	return e
}

func nestedEntity(u directory.User, nested string) entity {
	object := entity{}
	for _, name := range membersOfNested(nested) {
		object[name] = valueOf(u.Attributes.Get(name))
	}
	return object
}

// extensionNames among the needed names stands for all custom extensions.
const extensionNames = "extension_"

// needed returns which properties an answer needs: those that are sent, and those that
// filter, search and order look at.
func (r *request) needed(k kind) map[string]bool {
	names := map[string]bool{}
	add := func(name string) {
		if strings.HasPrefix(strings.ToLower(name), extensionNames) {
			names[extensionNames] = true
		}
		if p, found := k.find(name); found {
			names[p.name] = true
		}
	}
	for _, tree := range []*filter{r.query.filter, r.query.search} {
		if tree != nil {
			tree.each(func(f filter) {
				if len(f.path) > 0 {
					add(f.path[0])
				}
			})
		}
	}
	for _, o := range r.query.orderBy {
		add(o.path[0])
	}
	selected := k.selection(r.query.selected)
	for name := range selected {
		add(name)
	}
	if selected == nil {
		for _, p := range k.properties {
			if !p.asked {
				names[p.name] = true
			}
		}
	}
	return names
}

// userCollection yields users who are not deleted. Where the filter demands an id or
// a user principal name only that user is read.
func (a *api) userCollection(r *request) collection {
	c := collection{resource: a.users(), count: a.Store.CountUsers}
	needed := r.needed(c.kind)
	c.after = func(ctx context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			if r.query.filter != nil && position == "" {
				for _, name := range []string{"id", "userPrincipalName"} {
					if wanted, demanded := r.query.filter.equality(name); demanded {
						user, err := findUser(ctx, a.Store, wanted)
						if _, absent := errors.AsType[*Error](err); !absent {
							yield(userEntity(user, needed), err)
						}
						return
					}
				}
			}
			for user, err := range a.Store.Users(ctx, position) {
				if err == nil && user.Deleted() {
					continue
				}
				if !yield(userEntity(user, needed), err) {
					return
				}
			}
		}
	}
	return c
}

func (a *api) listUsers(ctx context.Context, r *request) (response, error) {
	if q := r.query; q.filter == nil && q.search == nil && len(q.orderBy) == 0 && len(q.expand) == 0 {
		return a.outlinedUsers(ctx, r)
	}
	return r.answerPage(ctx, a.userCollection(r))
}

func (a *api) countUsers(ctx context.Context, r *request) (response, error) {
	return r.answerCount(ctx, a.userCollection(r))
}

// user returns the user of the path.
func (a *api) user(ctx context.Context, f finder, r *request) (directory.User, error) {
	key := r.key("user")
	if key.alternate != "" && key.alternate != "userprincipalname" {
		_, err := r.text("user")
		return directory.User{}, err
	}
	return findUser(ctx, f, key.text)
}

func (a *api) getUser(ctx context.Context, r *request) (response, error) {
	user, err := a.user(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.users(), userEntity(user, nil))
}

func (a *api) createUser(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	for _, name := range []string{"accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"} {
		if raw, there := f[strings.ToLower(name)]; !there || string(raw) == "null" {
			return response{}, badRequest("A value is required for property '%s' of resource 'User'.", name)
		}
	}
	extensions, err := a.Store.Extensions(ctx, "")
	if err != nil {
		return response{}, err
	}
	user, err := applyUser(directory.User{ID: newID()}, f, extensions)
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Add user", func(e store.Editor) (string, string, error) {
		if err := bindManager(ctx, e, &user, f); err != nil {
			return "", "", err
		}
		if err := putUser(ctx, e, user); err != nil {
			return "", "", err
		}
		user, err = e.User(ctx, user.ID) // with the moment of its creation
		return user.UserPrincipalName, "", err
	})
	if err != nil {
		return response{}, err
	}
	answer, err := r.answerEntity(ctx, a.users(), userEntity(user, nil))
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/users/" + user.ID)}}
	return answer, err
}

// putUser writes a user. A name that somebody else has is told as Microsoft Graph
// tells it.
func putUser(ctx context.Context, e store.Editor, user directory.User) error {
	err := e.PutUser(ctx, user)
	if errors.Is(err, store.ErrConflict) {
		return taken("userPrincipalName")
	}
	return err
}

// bindManager takes the manager of a body, when it names one.
func bindManager(ctx context.Context, e store.Editor, user *directory.User, f fields) error {
	address, there, err := member[string](f, "manager@odata.bind")
	if err != nil || !there {
		return err
	}
	if address == "" {
		user.ManagerID = ""
		return nil
	}
	id, err := reference(address)
	if err != nil {
		return err
	}
	manager, err := findUser(ctx, e, id)
	user.ManagerID = manager.ID
	return err
}

func (a *api) updateUser(ctx context.Context, r *request) (response, error) {
	f, err := r.fields()
	if err != nil {
		return response{}, err
	}
	extensions, err := a.Store.Extensions(ctx, "")
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Update user", func(e store.Editor) (string, string, error) {
		user, err := a.user(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		changed, err := applyUser(user, f, extensions)
		if err != nil {
			return "", "", err
		}
		if err := bindManager(ctx, e, &changed, f); err != nil {
			return "", "", err
		}
		return user.UserPrincipalName, "properties " + strings.Join(sortedNames(f), ", "), putUser(ctx, e, changed)
	})
	return noContent(), err
}

func (a *api) deleteUser(ctx context.Context, r *request) (response, error) {
	err := r.edit(ctx, "Delete user", func(e store.Editor) (string, string, error) {
		user, err := a.user(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		return user.UserPrincipalName, "", e.RemoveUser(ctx, user.ID)
	})
	return noContent(), err
}

// manager returns the manager of the user of the path; not found when there is none.
func (a *api) manager(ctx context.Context, r *request) (directory.User, error) {
	user, err := a.user(ctx, a.Store, r)
	if err != nil {
		return directory.User{}, err
	}
	if user.ManagerID == "" {
		return directory.User{}, notFound("manager")
	}
	return findUser(ctx, a.Store, user.ManagerID)
}

func (a *api) getManager(ctx context.Context, r *request) (response, error) {
	manager, err := a.manager(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.objects(), userEntity(manager, nil))
}

func (a *api) getManagerReference(ctx context.Context, r *request) (response, error) {
	manager, err := a.manager(ctx, r)
	if err != nil {
		return response{}, err
	}
	return ok(entity{"@odata.context": r.context("$ref"), "@odata.id": r.link("/directoryObjects/" + manager.ID)}), nil
}

func (a *api) putManager(ctx context.Context, r *request) (response, error) {
	id, err := r.referenceOf()
	if err != nil {
		return response{}, err
	}
	err = r.edit(ctx, "Set user manager", func(e store.Editor) (string, string, error) {
		user, err := a.user(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		manager, err := findUser(ctx, e, id)
		if err != nil {
			return "", "", err
		}
		user.ManagerID = manager.ID
		return user.UserPrincipalName, manager.UserPrincipalName, e.PutUser(ctx, user)
	})
	return noContent(), err
}

func (a *api) removeManager(ctx context.Context, r *request) (response, error) {
	err := r.edit(ctx, "Remove user manager", func(e store.Editor) (string, string, error) {
		user, err := a.user(ctx, e, r)
		if err != nil {
			return "", "", err
		}
		if user.ManagerID == "" {
			return "", "", notFound("manager")
		}
		user.ManagerID = ""
		return user.UserPrincipalName, "", e.PutUser(ctx, user)
	})
	return noContent(), err
}

func (a *api) expandManager(ctx context.Context, e entity, x expansion) (any, error) {
	user, err := a.Store.User(ctx, e.id())
	if err != nil || user.ManagerID == "" {
		return nil, err
	}
	manager, err := findUser(ctx, a.Store, user.ManagerID)
	if _, gone := errors.AsType[*Error](err); gone {
		return nil, nil //nolint:nilnil // a deleted manager is none
	}
	k := userKind()
	return k.project(userEntity(manager, nil), k.selection(x.selected)), err
}

func (a *api) reports(ctx context.Context, id string) ([]entity, error) {
	users, err := a.Store.Reports(ctx, id)
	items := make([]entity, 0, len(users))
	for _, user := range users {
		items = append(items, userEntity(user, nil))
	}
	return items, err
}

func (a *api) expandReports(ctx context.Context, e entity, x expansion) (any, error) {
	items, err := a.reports(ctx, e.id())
	for i, item := range items {
		items[i] = userKind().project(item, userKind().selection(x.selected))
	}
	return items, err
}

func (a *api) listReports(ctx context.Context, r *request) (response, error) {
	user, err := a.user(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	items, err := a.reports(ctx, user.ID)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.objects(), after: listed(items...)})
}

func (a *api) listGroupsOfUser(ctx context.Context, r *request) (response, error) {
	user, err := a.user(ctx, a.Store, r)
	if err != nil {
		return response{}, err
	}
	return a.answerGroupsOf(ctx, r, user.ID)
}
