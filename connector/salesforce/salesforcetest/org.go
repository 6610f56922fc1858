package salesforcetest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// Org is one simulated org. It is an http.Handler and safe for concurrent use.
type Org struct {
	config Config // filled; its settings change under mu

	// Never change.
	schema         *schema
	user           userFields
	login          loginFields
	addresses      addressFields
	restrictions   map[string]loginRestriction // by name of profile in lower case
	profileLicense *field
	described      int64 // when the schema was made, for If-Modified-Since

	mu                   sync.RWMutex // guards what follows, up to the parts with locks of their own
	tables               map[string]*table
	layouts              layouts
	shared               map[string]string
	number               int    // that the ids are made of
	id                   string // of the organization, 18 characters
	pod                  string
	used                 map[string]int    // seats by id of license or name of feature field
	userTypes            map[string]string // by id of license
	administratorProfile string
	configured           map[string]string       // ids of the users of the configuration, by their names there
	pending              map[string]pendingEmail // by id of user
	signIns              map[string]signIn       // by id of user
	changes              []userChange            // the last ones, the newest at the end

	sessions       sessions
	usage          usage
	statistics     recorder
	faults         faultPlan
	cursors        cursors
	authorizations authorizations
	jobs           jobs
	latency        latency
	saving         sync.Mutex // held while the data file is written
}

// pendingEmail is an address that waits for its user's confirmation.
type pendingEmail struct {
	address string
	since   int64
}

// signIn is what an org knows of a user's ways to sign in. The zero value is a
// user without a password.
type signIn struct {
	password, token         string
	expired, locked, frozen bool
	failures                int
	guard                   string
	recentLogins            int
	windowAt, lastLogin     int64 // milliseconds since 1970, like passwordAt
	passwordAt              int64 // when the password was set over the API
	changed                 int64 // when the user was frozen or unfrozen, or unlocked
}

// New makes an org. Empty parts of config are those of [Default]. It reports
// every name in config that refers to nothing, and users that break the rules.
// If config names a data file that exists, the content comes from there.
func New(config Config) (*Org, error) {
	o := &Org{config: config.filled()}
	if err := o.prepare(); err != nil {
		return nil, fmt.Errorf("make simulated org %q: %w", o.config.Name, err)
	}
	o.latency.set(o.config.Latency)
	o.usage.limit = o.config.dailyLimit()
	o.faults.set(o.config.Faults)
	return o, nil
}

// prepare makes what stays as it is for the whole life of the org, and the content.
func (o *Org) prepare() error {
	standard, err := standardSchema()
	if err == nil {
		o.schema, err = standard.with(o.config.CustomFields, o.config.Settings.StateAndCountryPicklists)
	}
	if err != nil {
		return err
	}
	o.user = userFieldsOf(o.schema.object("User"), o.config.FeatureLicenses)
	o.addresses = addressFieldsOf(o.schema.object("User"))
	if o.restrictions, err = loginRestrictions(o.config.Profiles); err != nil {
		return err
	}
	o.profileLicense = o.schema.object("Profile").field("UserLicenseId")
	o.described = time.Now().UnixMilli()
	o.login = loginFieldsOf(o.schema.object("UserLogin"))
	if loaded, err := o.load(); loaded || err != nil {
		return err
	}
	return o.build(0)
}

// build makes the content anew. number, from which the ids are made, is the next
// of the universe when it is 0.
func (o *Org) build(number int) error {
	if number == 0 {
		number = o.config.Universe.nextOrg()
	}
	o.empty(number)
	err := o.populate()
	o.changes = nil // those of the configuration are no news
	return err
}

// empty makes the org one without any record.
func (o *Org) empty(number int) {
	o.number = number
	o.pod = toBase62(number, 2)
	o.id = makeID("00D", o.pod, uint64(number)) //nolint:gosec // counts up from 1.
	o.tables = make(map[string]*table, len(o.schema.objects))
	for _, object := range o.schema.objects {
		o.tables[object.name] = newTable(object)
	}
	o.layouts.known = map[string]*layout{}
	o.shared, o.used, o.userTypes = map[string]string{}, map[string]int{}, map[string]string{}
	o.configured = map[string]string{}
	o.pending, o.signIns = map[string]pendingEmail{}, map[string]signIn{}
	o.changes = nil
}

// host is the org's own address when no request tells another.
func (o *Org) host() string {
	if o.config.Sandbox {
		return o.config.MyDomain + "--" + o.config.SandboxName + ".sandbox.my.salesforce.com"
	}
	return o.config.MyDomain + ".my.salesforce.com"
}

// intern makes equal texts of fields with few values share their memory.
func (o *Org) intern(text string) string {
	if known, ok := o.shared[text]; ok {
		return known
	}
	const enough = 20_000
	if len(o.shared) < enough {
		o.shared[text] = text
	}
	return text
}

// get finds a record of any object, or returns nil.
func (o *Org) get(t *object, id string) *record {
	if t.name != "UserLogin" {
		return o.tables[t.name].get(id)
	}
	if len(id) < 15 {
		return nil
	}
	if user := o.tables["User"].get("005" + id[3:15]); user != nil && id[:3] == t.prefix {
		return o.loginOf(user)
	}
	return nil
}

// loginFields are the fields of UserLogin and the layout that its records share.
type loginFields struct {
	user, frozen, locked *field
	layout               *layout
}

// loginFieldsOf makes the layout by hand, so that readers of the org, who hold no
// lock for writing, need not look one up.
func loginFieldsOf(t *object) loginFields {
	l := loginFields{user: t.field("UserId"), frozen: t.field("IsFrozen"), locked: t.field("IsPasswordLocked")}
	// The schema has them in this order, which is that of their numbers.
	l.layout = &layout{fields: []uint16{uint16(l.user.number), uint16(l.frozen.number), uint16(l.locked.number)}} //nolint:gosec // small numbers.
	return l
}

// loginOf makes the UserLogin record of a user. There is one for each user, so
// none is stored.
func (o *Org) loginOf(user *record) *record {
	s := o.signIns[user.id]
	id := o.schema.object("UserLogin").prefix + user.id[3:15]
	return &record{
		id: id + checkSuffix(id), layout: o.login.layout, values: []string{user.id, truth(s.frozen), truth(s.locked)},
		created: user.created, modified: max(user.modified, s.changed), stamp: max(user.stamp, s.changed), createdBy: user.createdBy, modifiedBy: user.modifiedBy,
	}
}

// storeSignIn carries an update of UserLogin to the user's sign-in state.
func (tx *transaction) storeSignIn(d *draft) *apiError {
	l := tx.org.login
	user, frozen, locked := d.get(l.user), d.get(l.frozen) == "true", d.get(l.locked) == "true"
	before := tx.org.signIns[user]
	switch {
	case frozen && user == tx.user && !tx.trusted:
		return rowError("CANNOT_FREEZE_SELF", unconfirmed.FreezeSelf, "IsFrozen")
	case locked && !before.locked && !tx.trusted:
		return rowError("CANNOT_PASSWORD_LOCKOUT", unconfirmed.LockPassword, "IsPasswordLocked")
	}
	after := before
	after.frozen, after.locked, after.changed = frozen, locked, tx.now
	if !locked {
		after.failures = 0
	}
	tx.org.signIns[user] = after
	tx.onUndo(func() { tx.org.signIns[user] = before })
	if frozen && !before.frozen {
		tx.org.endSessions(user)
	}
	return nil
}

// signIn is the state of a user; every user has one, also if it was never kept.
func (o *Org) signIn(user string) signIn { return o.signIns[user] }

// integer reads an integer field; the record may be nil.
func (o *Org) integer(r *record, object, name string) int {
	if r == nil {
		return 0
	}
	v, _ := r.stored(o.schema.object(object).field(name))
	n, err := strconv.Atoi(v)
	if err != nil {
		return 0
	}
	return n
}

// userNamed finds a user by username in any case, or returns nil.
func (o *Org) userNamed(username string) *record {
	for _, r := range o.tables["User"].find(o.user.username, username) {
		return r
	}
	return nil
}

// may tells whether a user has a permission, by profile or permission set.
func (o *Org) may(user, permission string) bool {
	r := o.tables["User"].get(user)
	if r == nil {
		return false
	}
	profile, _ := r.stored(o.user.profile)
	profiles := o.schema.object("Profile")
	if v, _ := o.tables["Profile"].get(profile).stored(profiles.field("Permissions" + permission)); v == "true" {
		return true
	}
	assignment, sets := o.schema.object("PermissionSetAssignment"), o.schema.object("PermissionSet")
	for _, a := range o.tables[assignment.name].find(assignment.field("AssigneeId"), user) {
		set, _ := a.stored(assignment.field("PermissionSetId"))
		group, _ := a.stored(assignment.field("PermissionSetGroupId"))
		for _, id := range o.setsOf(set, group) {
			if v, _ := o.tables[sets.name].get(id).stored(sets.field("Permissions" + permission)); v == "true" {
				return true
			}
		}
	}
	return false
}

// mayWrite tells whether a user has the permission that an object asks for.
func (o *Org) mayWrite(user string, t *object) bool {
	switch t.name {
	case "User":
		return o.may(user, permissionManageInternalUsers)
	case "UserLogin":
		return o.may(user, permissionFreezeUsers) || o.may(user, permissionManageInternalUsers)
	case "PermissionSetAssignment", "PermissionSetLicenseAssign":
		return o.may(user, permissionAssignPermissionSets)
	case "Group", "GroupMember", "QueueSobject":
		return o.may(user, permissionManageUsers)
	case "UserRole":
		return o.may(user, "ManageRoles")
	}
	return true
}

// mayRead tells whether a user sees a field: without View Setup and
// Configuration the profile and the role of users are invisible.
func (o *Org) mayRead(user string, t *object, f *field) bool {
	if t.name == "User" && (strings.EqualFold(f.name, "ProfileId") || strings.EqualFold(f.name, "UserRoleId")) {
		return o.may(user, permissionViewSetup)
	}
	return true
}
