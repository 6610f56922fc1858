package graphapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/scim"
)

const (
	maxBulk = 50 // operations of a bulk upload, as Microsoft Graph has it

	activityUpload       = "Upload users"
	activityRefuseUpload = "Refuse uploaded user"
)

// bulkUpload takes people from a system that pushes them, in the form of Microsoft
// Entra's API-driven inbound provisioning ("Perform bulkUpload"). They become users of
// the directory: known ones are found by employeeId, which is the externalId, and else
// by name. Each operation is done or refused by itself, in its own transaction. What
// became of them is in the audit log, at the address in the header Location.
func (a *api) bulkUpload(ctx context.Context, r *request) (response, error) {
	app, job, _, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	body, err := r.bulkRequest()
	if err != nil {
		return response{}, err
	}
	a.uploading.Lock()
	defer a.uploading.Unlock()
	upload := &bulkUpload{api: a, request: r}
	if err := upload.run(ctx, body); err != nil {
		return response{}, err
	}
	if err := r.audit(ctx, activityUpload, app.DisplayName, "job "+job.ID+", "+upload.summary()); err != nil {
		return response{}, err
	}
	filter := url.Values{"$filter": {"contains(resultReason,'" + upload.name() + "')"}}
	return response{status: http.StatusAccepted, header: http.Header{"Location": {r.link("/auditLogs/directoryAudits?" + filter.Encode())}}}, nil
}

// bulkRequest reads the body. What is wrong with its form refuses all of it.
func (r *request) bulkRequest() (scim.BulkRequest, error) {
	var body scim.BulkRequest
	if r.mediaType() != "application/scim+json" {
		return body, badRequest("The body must be application/scim+json.")
	}
	if !utf8.Valid(r.body) {
		return body, badRequest("Unable to read JSON request payload: it is not valid UTF-8.")
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return body, bodyError(err)
	}
	if err := body.Check("/Users", maxBulk); err != nil {
		return body, badRequest("The bulk request cannot be taken: %s.", err.Error())
	}
	return body, nil
}

// bulkUpload is one upload under way.
type bulkUpload struct {
	*api

	request   *request
	employees map[string][]string // ids of living users, by those employee ids that the upload names
	waiting   []waitingManager

	created, updated, unchanged, refused int
}

// waitingManager is a manager who was not known when the user was written.
type waitingManager struct{ operation, user, manager string }

// name is how the audit log names the upload.
func (u *bulkUpload) name() string { return "bulk upload " + u.request.id }

func (u *bulkUpload) summary() string {
	return fmt.Sprintf("%s: %d created, %d updated, %d unchanged, %d refused", u.name(), u.created, u.updated, u.unchanged, u.refused)
}

func (u *bulkUpload) run(ctx context.Context, body scim.BulkRequest) error {
	users := make([]scim.User, len(body.Operations))
	faults := make([]error, len(users))
	wanted := map[string]bool{}
	for i, operation := range body.Operations {
		users[i], faults[i] = bulkUser(operation.Data)
		wanted[employeeOf(users[i])], wanted[managerOf(users[i])] = true, true
	}
	if err := u.readEmployees(ctx, wanted); err != nil {
		return err
	}
	for i, user := range users {
		fault := faults[i]
		if body.FailOnErrors > 0 && u.refused >= body.FailOnErrors {
			fault = badRequest("It was not tried, because failOnErrors ended the upload.")
		}
		if fault == nil {
			fault = u.put(ctx, body.Operations[i].BulkID, user)
		}
		if err := u.tell(ctx, body.Operations[i].BulkID, user.UserName, fault); err != nil {
			return err
		}
	}
	return u.resolveManagers(ctx)
}

// bulkUser reads the data of an operation.
func bulkUser(data json.RawMessage) (scim.User, error) {
	var user scim.User
	if err := json.Unmarshal(data, &user); err != nil {
		return scim.User{}, bodyError(err)
	}
	switch {
	case len(user.Schemas) > 0 && !user.HasSchema(scim.UserSchema):
		return user, badRequest("The schemas of a user name %s.", scim.UserSchema)
	case employeeOf(user) == "" && user.UserName == "":
		return user, badRequest("A user is found by externalId or userName, and has neither.")
	}
	return user, nil
}

// readEmployees finds who has one of the employee ids, in one look at everybody.
func (u *bulkUpload) readEmployees(ctx context.Context, wanted map[string]bool) error {
	delete(wanted, "")
	u.employees = map[string][]string{}
	if len(wanted) == 0 {
		return nil
	}
	for user, err := range u.Store.Users(ctx, "") {
		if err != nil {
			return err
		}
		if number := user.Attributes.Get("employeeId").String(); wanted[number] && !user.Deleted() {
			u.employees[number] = append(u.employees[number], user.ID)
		}
	}
	return nil
}

// tell writes to the audit log that an operation was refused. A fault that is not the
// operation's own ends the upload.
func (u *bulkUpload) tell(ctx context.Context, operation, subject string, fault error) error {
	if fault == nil {
		return nil
	}
	told := asError(fault, subject)
	if told.Status >= http.StatusInternalServerError {
		return fault
	}
	u.refused++
	return u.request.audit(ctx, activityRefuseUpload, subject, fmt.Sprintf("%s, operation %s: %s", u.name(), operation, told.Message))
}

// put creates or changes one user.
func (u *bulkUpload) put(ctx context.Context, operation string, user scim.User) error {
	said, err := bulkFields(user)
	if err != nil {
		return err
	}
	before, err := u.find(ctx, u.Store, user)
	if err != nil {
		return err
	}
	activity := "Update user"
	if before.UserPrincipalName == "" {
		activity = "Add user"
		if err := said.complete(user); err != nil {
			return err
		}
	} else if !strings.Contains(user.UserName, "@") {
		delete(said, "userprincipalname") // whom an employee id finds may have another kind of name there
	}
	after, manager, err := u.applied(ctx, u.Store, before, said, user)
	if err != nil {
		return err
	}
	if before.Equal(after) {
		u.unchanged++
	} else if err := u.write(ctx, operation, activity, before.ID, said, user); err != nil {
		return err
	}
	if manager != "" {
		u.waiting = append(u.waiting, waitingManager{operation, before.ID, manager})
	}
	return nil
}

// write does what was found to be done, on what is there by now.
func (u *bulkUpload) write(ctx context.Context, operation, activity, id string, said fields, user scim.User) error {
	err := u.request.edit(ctx, activity, func(e store.Editor) (string, string, error) {
		before, err := u.find(ctx, e, user)
		if err != nil {
			return "", "", err
		}
		if (before.UserPrincipalName == "") != (activity == "Add user") || activity != "Add user" && before.ID != id {
			return "", "", badRequest("Somebody else changed the user at the same time. Upload it again.")
		}
		before.ID = id
		after, _, err := u.applied(ctx, e, before, said, user)
		if err != nil {
			return "", "", err
		}
		detail := fmt.Sprintf("%s, operation %s: properties %s", u.name(), operation, strings.Join(sortedNames(said), ", "))
		return after.UserPrincipalName, detail, putUser(ctx, e, after)
	})
	if err != nil {
		return err
	}
	if activity == "Update user" {
		u.updated++
		return nil
	}
	u.created++
	if number := employeeOf(user); number != "" {
		u.employees[number] = []string{id}
	}
	return nil
}

// applied returns the user with what the upload says, and the manager if nobody is
// known by that name yet.
func (u *bulkUpload) applied(ctx context.Context, f finder, before directory.User, said fields, user scim.User) (directory.User, string, error) {
	after, err := applyUser(before, said, nil)
	if err != nil {
		return after, "", err
	}
	name := managerOf(user)
	if name == "" {
		return after, "", nil
	}
	manager, err := u.manager(ctx, f, name)
	switch {
	case isAbsent(err):
		return after, name, nil
	case err == nil && manager.ID == after.ID:
		return after, "", badRequest("Nobody is their own manager.")
	}
	after.ManagerID = manager.ID
	return after, "", err
}

// find returns the user whom the upload means: the one who has the employee id, else
// the one who has the name. One who is not there yet has an id and nothing else.
func (u *bulkUpload) find(ctx context.Context, f finder, user scim.User) (directory.User, error) {
	number := employeeOf(user)
	if number != "" {
		found, err := u.employee(ctx, f, number)
		if err == nil || !isAbsent(err) {
			return found, err
		}
	}
	if user.UserName != "" {
		named, err := findUser(ctx, f, user.UserName)
		if err == nil && strings.EqualFold(named.UserPrincipalName, user.UserName) {
			if known := named.Attributes.Get("employeeId").String(); known != "" && number != "" && known != number {
				return named, badRequest("The name '%s' is that of the employee '%s', not of '%s'.", user.UserName, known, number)
			}
			return named, nil
		}
		if err != nil && !isAbsent(err) {
			return named, err
		}
	}
	if number == "" {
		return directory.User{ID: newID()}, nil
	}
	return directory.User{ID: u.idOf(number)}, nil
}

// employee returns the user with an employee id: not found when there is none.
func (u *bulkUpload) employee(ctx context.Context, f finder, number string) (directory.User, error) {
	ids := u.employees[number]
	switch len(ids) {
	case 0:
	case 1:
		user, err := findUser(ctx, f, ids[0])
		if err == nil && user.Attributes.Get("employeeId").String() != number {
			err = badRequest("Somebody else changed the user at the same time. Upload it again.")
		}
		return user, err
	default:
		return directory.User{}, badRequest("Several users have the employeeId '%s'.", number)
	}
	// Somebody may have been made by an upload to another node just now, or was deleted.
	user, err := either(u.idOf(number), func(id string) (directory.User, error) { return f.User(ctx, id) })
	switch {
	case err != nil:
		return user, err
	case user.Deleted():
		return user, badRequest("The user '%s' with the employeeId '%s' was deleted. Restore the user, or delete it for good.", user.UserPrincipalName, number)
	case user.Attributes.Get("employeeId").String() != number:
		return user, badRequest("The user '%s', who was uploaded as '%s', has another employeeId now.", user.UserPrincipalName, number)
	}
	return user, nil
}

// idOf returns the id of the user who is made for an employee: always the same one, so
// that two uploads at the same time do not make two.
func (u *bulkUpload) idOf(number string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:usher:"+u.TenantID+":employee:"+number)).String()
}

// manager returns the user whom an upload calls a manager: by employee id, else by id
// or name.
func (u *bulkUpload) manager(ctx context.Context, f finder, name string) (directory.User, error) {
	manager, err := u.employee(ctx, f, name)
	if isAbsent(err) {
		return findUser(ctx, f, name)
	}
	return manager, err
}

// resolveManagers sets those who came later in the same upload. One who is not known
// even then leaves the manager as it was.
func (u *bulkUpload) resolveManagers(ctx context.Context) error {
	for _, w := range u.waiting {
		err := u.request.edit(ctx, "Set user manager", func(e store.Editor) (string, string, error) {
			user, err := findUser(ctx, e, w.user)
			if err != nil {
				return "", "", err
			}
			manager, err := u.manager(ctx, e, w.manager)
			if isAbsent(err) {
				return "", "", badRequest("The manager '%s' is not in the directory; the user is written without a change of manager. Upload the user again after the manager.", w.manager)
			}
			if err != nil {
				return "", "", err
			}
			if manager.ID == user.ID {
				return "", "", badRequest("Nobody is their own manager.")
			}
			user.ManagerID = manager.ID
			return user.UserPrincipalName, fmt.Sprintf("%s, operation %s: manager %s", u.name(), w.operation, manager.UserPrincipalName), e.PutUser(ctx, user)
		})
		if err == nil {
			continue
		}
		told := asError(err, w.manager)
		if told.Status >= http.StatusInternalServerError || errors.Is(err, context.Canceled) {
			return err
		}
		if err := u.request.audit(ctx, "Refuse manager of uploaded user", w.user, fmt.Sprintf("%s, operation %s: %s", u.name(), w.operation, told.Message)); err != nil {
			return err
		}
	}
	return nil
}
