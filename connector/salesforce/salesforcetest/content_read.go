package salesforcetest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
)

// readContent fills the org from a data file. It is not usable after an error.
func (o *Org) readContent(from io.Reader) error {
	r := &contentReader{org: o, in: bufio.NewReader(from), sum: sha256.New()}
	if err := r.head(); err != nil {
		return err
	}
	for {
		var line contentLine
		text, err := r.next()
		if err == nil {
			err = r.decode(text, &line)
		}
		switch {
		case err != nil:
			return err
		case line.SHA256 != "":
			return r.end(line)
		case line.Object != "":
			err = r.object(line)
		default:
			err = r.record(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", r.lines, err)
		}
		r.sum.Write(text)
	}
}

// contentReader reads a data file line by line, and compares the end.
type contentReader struct {
	org   *Org
	in    *bufio.Reader
	sum   hash.Hash // of the lines that were read and understood
	lines int
	table *table // that the records belong to
}

// next reads a line. Every line ends, so that a file that was cut is noticed.
func (r *contentReader) next() ([]byte, error) {
	line, err := r.in.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("the file is damaged: it ends in line %d, before its last one", r.lines+1)
	case err != nil:
		return nil, err
	}
	r.lines++
	return line, nil
}

// decode reads the document of a line, which has no names but the known ones.
func (r *contentReader) decode(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("the file is damaged: line %d: %w", r.lines, err)
	}
	return nil
}

// head reads the first line. The format and the version are looked at before
// anything else, because the rest may be of another shape.
func (r *contentReader) head() error {
	text, err := r.next()
	if err != nil {
		return err
	}
	var known struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(text, &known); err != nil || known.Format != contentFormat {
		return errors.New("the file is not the content of a simulated org")
	}
	if known.Version > contentVersion {
		return fmt.Errorf("a newer program wrote the file: its version is %d, and this program knows them up to %d", known.Version, contentVersion)
	}
	var head contentHead
	if err := r.decode(text, &head); err != nil {
		return err
	}
	if err := r.fits(head); err != nil {
		return err
	}
	r.sum.Write(text)
	return r.apply(head)
}

// fits refuses the content of another kind of org than the one that is wanted.
func (r *contentReader) fits(head contentHead) error {
	config := &r.org.config
	switch {
	case head.Sandbox && !config.Sandbox:
		return errors.New("the file has the content of a sandbox, and this org is none")
	case !head.Sandbox && config.Sandbox:
		return errors.New("the file has the content of an org that is no sandbox, and this one is")
	case head.Sandbox && head.SandboxName != config.SandboxName:
		return fmt.Errorf("the file has the content of the sandbox %q, and this one is %q", head.SandboxName, config.SandboxName)
	}
	return nil
}

// apply takes over what belongs to no record.
func (r *contentReader) apply(head contentHead) error {
	o := r.org
	if head.Number < 1 {
		return errors.New("the file is damaged: it has no number of the org")
	}
	o.empty(head.Number)
	o.config.Universe.seenOrg(head.Number)
	for _, username := range head.Reserved {
		o.config.Universe.Reserve(username)
	}
	maps.Copy(o.used, head.Used)
	maps.Copy(o.userTypes, head.UserTypes)
	maps.Copy(o.configured, head.Configured)
	o.administratorProfile = head.Administrator
	for id, p := range head.Pending {
		o.pending[id] = pendingEmail{address: p.Address, since: p.Since}
	}
	for id, s := range head.SignIns {
		o.signIns[id] = s.signIn()
	}
	tokens := map[string]refreshToken{}
	for text, token := range head.RefreshTokens {
		tokens[text] = refreshToken{user: token.User, clientID: token.ClientID}
	}
	o.sessions.setRefreshTokens(tokens)
	o.usage.setByHour(head.Requests)
	o.cursors.countFrom(head.CursorSerial)
	o.jobs.countFrom(head.JobSerial)
	return nil
}

// object begins the records of another object.
func (r *contentReader) object(line contentLine) error {
	if r.org.schema.object(line.Object) == nil {
		return fmt.Errorf("the org has no object %q", line.Object)
	}
	r.table = r.org.tables[r.org.schema.object(line.Object).name]
	r.table.serial = line.Serial
	return nil
}

// record stores a record of the current object.
func (r *contentReader) record(line contentLine) error {
	if r.table == nil || !isID(line.ID) || len(line.ID) != 18 || line.ID[:3] != r.table.object.prefix {
		return fmt.Errorf("%q is no id of a record", line.ID)
	}
	made, err := r.made(line)
	if err != nil {
		return err
	}
	if line.Deleted != 0 {
		r.table.deleted = append(r.table.deleted, deletion{record: made, at: line.Deleted})
		return nil
	}
	if r.table.get(line.ID) != nil {
		return fmt.Errorf("the record %s is there twice", line.ID)
	}
	r.table.put(made)
	if r.table.object.name != "User" {
		return nil
	}
	if username, _ := made.stored(r.org.user.username); !r.org.config.Universe.claim(username) {
		return fmt.Errorf("the username %q is taken by another org", username)
	}
	return nil
}

// made finds the fields by their names and brings them into the order of their
// numbers, by which layouts go.
func (r *contentReader) made(line contentLine) (*record, error) {
	o, object := r.org, r.table.object
	fields := make([]*field, 0, len(line.Fields))
	for name := range line.Fields {
		f := object.field(name)
		if f == nil {
			return nil, fmt.Errorf("%s has no field %q; a custom field must be in the org file", object.name, name)
		}
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b *field) int { return a.number - b.number })
	numbers, values := make([]uint16, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		numbers[i], values[i] = uint16(f.number), line.Fields[f.name] //nolint:gosec // objects have a few hundred fields.
		if f.shared || f.kind == typeReference || f.kind == typePicklist || f.kind == typeBoolean {
			values[i] = o.intern(values[i])
		}
	}
	return &record{
		id: line.ID, layout: o.layouts.get(numbers), values: values, created: line.Created, modified: line.Modified, stamp: line.Stamp,
		createdBy: o.intern(line.CreatedBy), modifiedBy: o.intern(line.ModifiedBy),
	}, nil
}

// end compares the last line with what came before it.
func (r *contentReader) end(line contentLine) error {
	if line.Lines != r.lines-1 || line.SHA256 != hex.EncodeToString(r.sum.Sum(nil)) {
		return errors.New("the file is damaged: its checksum does not fit its lines")
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("the file is damaged: it goes on behind its last line")
	}
	if len(r.org.tables["User"].rows) == 0 || r.org.tables["Organization"].get(r.org.id) == nil {
		return errors.New("the file is damaged: it has no organization, or no user")
	}
	return nil
}
