package graphapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// finder is what both the store and an editor can look up.
type finder interface {
	User(ctx context.Context, idOrName string) (directory.User, error)
	Group(ctx context.Context, idOrName string) (directory.Group, error)
	Registration(ctx context.Context, id string) (directory.Registration, error)
}

// either tries an id as it came and then in lower case: a GUID is the same in both,
// and sources may have ids of their own that are not.
func either[T any](id string, find func(id string) (T, error)) (T, error) {
	found, err := find(id)
	if lower := strings.ToLower(id); errors.Is(err, store.ErrNotFound) && lower != id {
		found, err = find(lower)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = notFound(id)
	}
	return found, err
}

// findUser returns a user who is not deleted, by id or user principal name.
func findUser(ctx context.Context, f finder, id string) (directory.User, error) {
	user, err := either(id, func(id string) (directory.User, error) { return f.User(ctx, id) })
	if err == nil && user.Deleted() {
		err = notFound(id)
	}
	return user, err
}

// findGroup returns a group that is not deleted, by id: a name, which the store finds
// as well, is no key.
func findGroup(ctx context.Context, f finder, id string) (directory.Group, error) {
	group, err := either(id, func(id string) (directory.Group, error) {
		group, err := f.Group(ctx, id)
		if errors.Is(err, store.ErrConflict) || err == nil && group.ID != id {
			return group, store.ErrNotFound
		}
		return group, err
	})
	if err == nil && group.Deleted() {
		err = notFound(id)
	}
	return group, err
}

// findPrincipal returns an application that has a service principal, by the id of the
// latter.
func findPrincipal(ctx context.Context, f finder, key segment) (directory.Registration, error) {
	return findRegistration(ctx, f, key, "service principals", func(r directory.Registration) (string, bool) { return r.ID, r.Principal })
}

// findApplication returns an application by the id of its application object.
func findApplication(ctx context.Context, f finder, key segment) (directory.Registration, error) {
	return findRegistration(ctx, f, key, "applications", func(r directory.Registration) (string, bool) { return r.ObjectID, true })
}

// findRegistration returns an application by its app id or by the id that is the key,
// if it is what is looked for.
func findRegistration(ctx context.Context, f finder, key segment, what string, id func(r directory.Registration) (string, bool)) (directory.Registration, error) {
	if key.alternate != "" && key.alternate != "appid" {
		return directory.Registration{}, badRequest("The key '%s' is not one that %s are found by.", key.alternate, what)
	}
	found, err := either(key.text, func(id string) (directory.Registration, error) { return f.Registration(ctx, id) })
	if err != nil {
		return found, err
	}
	wanted, is := id(found)
	if key.alternate == "appid" {
		wanted = found.AppID
	}
	if !is || !strings.EqualFold(wanted, key.text) {
		return found, notFound(key.text)
	}
	return found, nil
}

// byUniqueName lets routes with the key {application} take unique names as well.
func (a *api) byUniqueName(routes []route) []route {
	for i, one := range routes {
		if !slices.Contains(strings.Split(one.pattern, "/"), "{application}") {
			continue
		}
		routes[i].answer = func(ctx context.Context, r *request) (response, error) {
			key, err := a.applicationKey(ctx, r)
			if err != nil {
				return response{}, err
			}
			r.keys["application"] = key
			return one.answer(ctx, r)
		}
	}
	return routes
}

// applicationKey returns the key of the application of the path. A unique name, which
// stands among the details, becomes the id of the object that has it.
func (a *api) applicationKey(ctx context.Context, r *request) (segment, error) {
	key := r.key("application")
	if key.alternate != "uniquename" {
		return key, nil
	}
	owners, err := a.uniquelyNamed(ctx, key.text)
	switch {
	case err != nil:
		return key, err
	case len(owners) == 0:
		return key, notFound(key.text)
	case len(owners) > 1:
		return key, badRequest("Several applications have the uniqueName '%s'. Name the one by its id.", key.text)
	}
	return segment{text: owners[0].ObjectID}, nil
}

// uniquelyNamed returns the applications with a unique name, whatever its letter case.
func (a *api) uniquelyNamed(ctx context.Context, name string) ([]directory.Registration, error) {
	if name == "" {
		return nil, nil
	}
	all, err := a.Store.Registrations(ctx)
	return slices.DeleteFunc(all, func(r directory.Registration) bool { return !strings.EqualFold(uniqueNameOf(r), name) }), err
}

// uniqueNameOf returns the unique name of an application, empty for none.
func uniqueNameOf(r directory.Registration) string {
	var name string
	_ = json.Unmarshal(parseDetails(r.Details)["uniqueName"], &name) // what is no text is no name
	return name
}

// reference returns the id at the end of the URL of an object. The host does not
// matter: clients name the one of Microsoft as well as this one.
func reference(address string) (string, error) {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !printableText(parsed.Path) {
		return "", badRequest("Invalid URL format specified in payload: '%s'.", address)
	}
	segments, ok := parsePath(parsed.EscapedPath())
	if !ok || len(segments) == 0 || segments[len(segments)-1].text == "" {
		return "", badRequest("Invalid URL format specified in payload: '%s'.", address)
	}
	return segments[len(segments)-1].text, nil
}

// referenceOf reads the body of a post to $ref.
func (r *request) referenceOf() (string, error) {
	f, err := r.fields()
	if err != nil {
		return "", err
	}
	address, there, err := member[string](f, "@odata.id")
	if err != nil {
		return "", err
	}
	if !there || address == "" {
		return "", badRequest("The body must hold '@odata.id', the URL of the object.")
	}
	return reference(address)
}

// bound reads a member "name@odata.bind": the ids of objects.
func bound(f fields, name string) ([]string, error) {
	addresses, _, err := member[[]string](f, name+"@odata.bind")
	if err != nil {
		return nil, err
	}
	if len(addresses) > maxBatch {
		return nil, badRequest("'%s@odata.bind' takes at most %d objects.", name, maxBatch)
	}
	ids := make([]string, 0, len(addresses))
	for _, address := range addresses {
		id, err := reference(address)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// edit changes the directory in one transaction, with a record in the audit log: both
// happen or neither.
func (r *request) edit(ctx context.Context, activity string, change func(e store.Editor) (subject, detail string, err error)) error {
	return r.api.Store.Edit(ctx, activity, func(e store.Editor) error {
		subject, detail, err := change(e)
		if err != nil {
			return err
		}
		return e.Audit(ctx, r.api.record(r, activity, subject, detail))
	})
}
