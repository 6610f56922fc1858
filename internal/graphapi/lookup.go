package graphapi

import (
	"context"
	"errors"
	"net/url"
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
	found, err := either(key.text, func(id string) (directory.Registration, error) { return f.Registration(ctx, id) })
	if err != nil {
		return found, err
	}
	wanted := found.ID
	switch key.alternate {
	case "":
	case "appid":
		wanted = found.AppID
	default:
		return found, badRequest("The key '%s' is not one that service principals are found by.", key.alternate)
	}
	if !found.Principal || !strings.EqualFold(wanted, key.text) {
		return found, notFound(key.text)
	}
	return found, nil
}

// findApplication returns an application by the id of its application object.
func findApplication(ctx context.Context, f finder, key segment) (directory.Registration, error) {
	found, err := either(key.text, func(id string) (directory.Registration, error) { return f.Registration(ctx, id) })
	if err != nil {
		return found, err
	}
	wanted := found.ObjectID
	switch key.alternate {
	case "":
	case "appid":
		wanted = found.AppID
	default:
		return found, badRequest("The key '%s' is not one that applications are found by.", key.alternate)
	}
	if !strings.EqualFold(wanted, key.text) {
		return found, notFound(key.text)
	}
	return found, nil
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
