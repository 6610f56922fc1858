package salesforcetest

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"slices"
)

// A data file holds the content of an org: everything that its API can change.
// It is JSON, one document in a line: a head, then for each object a line of its
// own and one for each record, and at the end the number of lines and a checksum.
// What the org is set to (latency, settings, applications, faults) is in the org
// file only. Sessions, open cursors and bulk jobs end with the process.
const (
	contentFormat  = "simulated Salesforce org"
	contentVersion = 1 // goes up when an older program would misread the file
)

// contentHead is the first line: what belongs to no record.
type contentHead struct {
	Format  string `json:"format"`
	Version int    `json:"version"`

	Sandbox     bool   `json:"sandbox"`
	SandboxName string `json:"sandboxName,omitzero"`
	Number      int    `json:"number"`
	// Used has the seats by id of license or name of feature field.
	Used          map[string]int    `json:"used"`
	UserTypes     map[string]string `json:"userTypes"`
	Administrator string            `json:"administratorProfile"`
	Configured    map[string]string `json:"configured"`
	// The next three go by id of user, and by the token.
	Pending       map[string]contentEmail   `json:"pending"`
	SignIns       map[string]contentSignIn  `json:"signIns"`
	RefreshTokens map[string]contentRefresh `json:"refreshTokens"`
	Requests      map[int64]int             `json:"requests"` // by hours since 1970
	CursorSerial  uint64                    `json:"cursorSerial"`
	JobSerial     uint64                    `json:"jobSerial"`
	Reserved      []string                  `json:"reserved"`
}

// contentEmail is a pendingEmail with names for the file.
type contentEmail struct {
	Address string `json:"address"`
	Since   int64  `json:"since"`
}

// contentRefresh is a refreshToken with names for the file.
type contentRefresh struct {
	User     string `json:"user"`
	ClientID string `json:"clientId"`
}

// contentSignIn is a signIn with names for the file.
type contentSignIn struct {
	Password     string `json:"password,omitzero"`
	Token        string `json:"token,omitzero"`
	Expired      bool   `json:"expired,omitzero"`
	Locked       bool   `json:"locked,omitzero"`
	Frozen       bool   `json:"frozen,omitzero"`
	Changed      int64  `json:"changed,omitzero"`
	Failures     int    `json:"failures,omitzero"`
	Guard        string `json:"guard,omitzero"`
	RecentLogins int    `json:"recentLogins,omitzero"`
	WindowAt     int64  `json:"windowAt,omitzero"`
	LastLogin    int64  `json:"lastLogin,omitzero"`
	PasswordAt   int64  `json:"passwordAt,omitzero"`
}

// contentSignInOf is how a data file has it.
func contentSignInOf(s signIn) contentSignIn {
	return contentSignIn{
		Password: s.password, Token: s.token, Expired: s.expired, Locked: s.locked, Frozen: s.frozen, Changed: s.changed, Failures: s.failures,
		Guard: s.guard, RecentLogins: s.recentLogins, WindowAt: s.windowAt, LastLogin: s.lastLogin, PasswordAt: s.passwordAt,
	}
}

// signIn is how the org has it.
func (s contentSignIn) signIn() signIn {
	return signIn{
		password: s.Password, token: s.Token, expired: s.Expired, locked: s.Locked, frozen: s.Frozen, changed: s.Changed, failures: s.Failures,
		guard: s.Guard, recentLogins: s.RecentLogins, windowAt: s.WindowAt, lastLogin: s.LastLogin, passwordAt: s.PasswordAt,
	}
}

// contentLine is every other line: an object, a record of the object before it,
// or the end.
type contentLine struct {
	Object string `json:"object,omitzero"`
	Serial uint64 `json:"serial,omitzero"` // of the last id that was given

	ID         string            `json:"id,omitzero"`
	Created    int64             `json:"created,omitzero"` // milliseconds since 1970, as all times here
	Modified   int64             `json:"modified,omitzero"`
	Stamp      int64             `json:"stamp,omitzero"`
	CreatedBy  string            `json:"createdBy,omitzero"`
	ModifiedBy string            `json:"modifiedBy,omitzero"`
	Fields     map[string]string `json:"fields,omitzero"`
	Deleted    int64             `json:"deleted,omitzero"` // when it went to the recycle bin

	Lines  int    `json:"lines,omitzero"` // before the end
	SHA256 string `json:"sha256,omitzero"`
}

// contentTable is a table as it was at one moment. Records never change.
type contentTable struct {
	object  *object
	serial  uint64
	rows    []*record
	deleted []deletion
}

// snapshot copies what a data file holds, so that writing it keeps nobody waiting.
func (o *Org) snapshot() (contentHead, []contentTable) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	head := contentHead{
		Format: contentFormat, Version: contentVersion, Sandbox: o.config.Sandbox, Number: o.number, Used: maps.Clone(o.used),
		UserTypes: maps.Clone(o.userTypes), Administrator: o.administratorProfile, Configured: maps.Clone(o.configured),
		Pending: map[string]contentEmail{}, SignIns: map[string]contentSignIn{}, RefreshTokens: map[string]contentRefresh{},
		Reserved: o.config.Universe.reservations(),
	}
	if o.config.Sandbox {
		head.SandboxName = o.config.SandboxName
	}
	for id, p := range o.pending {
		head.Pending[id] = contentEmail{Address: p.address, Since: p.since}
	}
	for id, s := range o.signIns {
		head.SignIns[id] = contentSignInOf(s)
	}
	for text, token := range o.sessions.refreshTokens() {
		head.RefreshTokens[text] = contentRefresh{User: token.user, ClientID: token.clientID}
	}
	head.Requests, head.CursorSerial, head.JobSerial = o.usage.byHour(), o.cursors.given(), o.jobs.given()
	tables := make([]contentTable, 0, len(o.schema.objects))
	for _, object := range o.schema.objects {
		t := o.tables[object.name]
		tables = append(tables, contentTable{object: object, serial: t.serial, rows: slices.Clone(t.rows), deleted: slices.Clone(t.deleted)})
	}
	return head, tables
}

// writeContent writes a data file.
func (o *Org) writeContent(to io.Writer) error {
	head, tables := o.snapshot()
	w := contentWriter{sum: sha256.New()}
	w.out = bufio.NewWriter(io.MultiWriter(to, w.sum))
	w.line(head)
	for _, t := range tables {
		w.line(contentLine{Object: t.object.name, Serial: t.serial})
		for _, r := range t.rows {
			if r != nil {
				w.line(lineOfRecord(t.object, r, 0))
			}
		}
		for _, d := range t.deleted {
			w.line(lineOfRecord(t.object, d.record, d.at))
		}
	}
	return w.end()
}

// contentWriter keeps the first error, so that lines can be written without asking.
type contentWriter struct {
	out   *bufio.Writer
	sum   hash.Hash
	lines int
	err   error
}

// line writes one document.
func (w *contentWriter) line(value any) {
	if w.err != nil {
		return
	}
	encoder := json.NewEncoder(w.out)
	encoder.SetEscapeHTML(false)
	w.err = encoder.Encode(value)
	w.lines++
}

// end writes the last line, whose checksum is that of all before it.
func (w *contentWriter) end() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	w.line(contentLine{Lines: w.lines, SHA256: hex.EncodeToString(w.sum.Sum(nil))})
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// lineOfRecord writes the fields by name, because numbers move when an object
// gets another field.
func lineOfRecord(o *object, r *record, deleted int64) contentLine {
	fields := make(map[string]string, len(r.values))
	for i, number := range r.layout.fields {
		fields[o.fields[number].name] = r.values[i]
	}
	return contentLine{
		ID: r.id, Created: r.created, Modified: r.modified, Stamp: r.stamp, CreatedBy: r.createdBy, ModifiedBy: r.modifiedBy,
		Fields: fields, Deleted: deleted,
	}
}
