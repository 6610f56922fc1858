package journal

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// LogFile is a file with a provisioning log, or with a part of one.
type LogFile struct {
	Name    string // for faults
	Content []byte
}

// LogFault is something that is wrong with a file.
type LogFault struct {
	File    string
	Line    int // from 1; 0 when it is about the file as a whole
	Message string
}

// mostInflated is how many bytes the files of an archive may have together.
const mostInflated = 256 << 20

// ReadLog reads a provisioning log that was exported from Microsoft Entra ID, from its
// pages or from Microsoft Graph (GET /auditLogs/provisioning), or from Usher: JSON as a
// list, as pages of Graph or a document a line; CSV in the three files that CSVExport
// writes, of which the steps are not read; or a ZIP archive with any of these. All faults
// are returned at once. Entries are in the order of the files, and have an id only where
// they are Usher's own.
//
// What the log knows about is told by the change of an entry. Actions are those of
// Usher: "other" is none or a skip, a staged delete is a removal that is staged. Values
// are texts; one that is not shown is redacted.
func ReadLog(files []LogFile) ([]Entry, []LogFault) {
	r := logReader{properties: make(map[string][]plan.Field)}
	for _, file := range files {
		r.read(file, true)
	}
	r.join()
	if len(r.entries) == 0 && len(r.faults) == 0 {
		r.fault(files[:min(1, len(files))], 0, "there is no entry of a provisioning log in it")
	}
	return r.entries, r.faults
}

// logReader gathers entries and faults.
type logReader struct {
	entries    []Entry
	faults     []LogFault
	properties map[string][]plan.Field // of the CSV files, by change id
	propertied []LogFile               // the files that they are from
	left       int64                   // bytes that archives may still have
}

func (r *logReader) fault(files []LogFile, line int, format string, arguments ...any) {
	name := ""
	if len(files) > 0 {
		name = files[0].Name
	}
	r.faults = append(r.faults, LogFault{name, line, fmt.Sprintf(format, arguments...)})
}

// read reads a file by what is in it. An archive is not looked for inside another.
func (r *logReader) read(file LogFile, archives bool) {
	content := bytes.TrimPrefix(file.Content, []byte("\ufeff"))
	text := bytes.TrimSpace(content)
	switch {
	case len(text) == 0:
		r.fault([]LogFile{file}, 0, "the file is empty")
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		if !archives {
			r.fault([]LogFile{file}, 0, "it is an archive inside an archive")
			return
		}
		r.readArchive(file)
	case !utf8.Valid(content):
		r.fault([]LogFile{file}, 0, "the file is no text in UTF-8")
	case text[0] == '{' || text[0] == '[':
		r.readJSON(LogFile{file.Name, content})
	default:
		r.readCSV(LogFile{file.Name, content})
	}
}

func (r *logReader) readArchive(file LogFile) {
	archive, err := zip.NewReader(bytes.NewReader(file.Content), int64(len(file.Content)))
	if err != nil {
		r.fault([]LogFile{file}, 0, "the archive cannot be read: %v", err)
		return
	}
	r.left = mostInflated
	for _, member := range archive.File {
		if member.FileInfo().IsDir() || strings.HasPrefix(path.Base(member.Name), ".") || strings.HasPrefix(member.Name, "__MACOSX/") {
			continue
		}
		inner := LogFile{Name: file.Name + "/" + path.Base(member.Name)}
		if inner.Content, err = r.inflate(member); err != nil {
			r.fault([]LogFile{inner}, 0, "%v", err)
			continue
		}
		r.read(inner, false)
	}
}

var errTooLarge = errors.New("the archive holds too much")

func (r *logReader) inflate(member *zip.File) (content []byte, err error) {
	in, err := member.Open()
	if err != nil {
		return nil, fmt.Errorf("the archive cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	content, err = io.ReadAll(io.LimitReader(in, r.left+1))
	if err != nil {
		return nil, fmt.Errorf("the archive cannot be read: %w", err)
	}
	if r.left -= int64(len(content)); r.left < 0 {
		r.left = 0
		return nil, errTooLarge
	}
	return content, nil
}

// join puts the modified properties of the CSV files to their entries.
func (r *logReader) join() {
	if len(r.properties) == 0 {
		return
	}
	joined := false
	for n, entry := range r.entries {
		if fields, found := r.properties[strings.ToLower(entry.Change.ID)]; found && entry.Change.ID != "" {
			r.entries[n].Change.Fields, joined = slices.Concat(entry.Change.Fields, fields), true
		}
	}
	if !joined {
		r.fault(r.propertied, 0, "none of the modified properties belongs to an entry: choose the file with the log that was exported together with it")
	}
}

// loggedText is an entry as the words of a log have it.
type loggedText struct {
	at, action, status string
}

// entry makes an entry of it, and tells what cannot be understood.
func (t loggedText) entry(entry Entry) (Entry, []string) {
	var faults []string
	var known bool
	if entry.At, known = momentOf(t.at); !known {
		faults = append(faults, fmt.Sprintf("the moment %q cannot be read; it looks like 2026-01-31T12:00:00Z", t.at))
	}
	if entry.Change.Status, known = statusOf(t.status); !known {
		faults = append(faults, fmt.Sprintf("the status %q is none of success, failure, skipped and warning", t.status))
	}
	if entry.Change.Action, entry.Change.Status, known = actionOf(t.action, entry.Change.Status); !known {
		faults = append(faults, fmt.Sprintf("the action %q is none of create, update, delete, stagedDelete, disable and other", t.action))
	}
	if source, target := entry.Change.Source, entry.Change.Target; cmp.Or(source.ID, source.Name, target.ID, target.Name) == "" {
		faults = append(faults, "it does not say whom it is about: neither the source nor the target identity is there")
	}
	return entry, faults
}

func momentOf(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "1/2/2006, 3:04:05 PM", "1/2/2006 3:04:05 PM"} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func statusOf(text string) (plan.Status, bool) {
	status := plan.Status(strings.ToLower(strings.TrimSpace(text)))
	switch status {
	case plan.Success, plan.Failure, plan.Skipped, plan.Warning, plan.Staged:
		return status, true
	case plan.Planned:
	}
	return status, false
}

// actionOf reads an action by the names of Microsoft Graph, and those of Usher.
func actionOf(text string, status plan.Status) (plan.Action, plan.Status, bool) {
	name := strings.ToLower(strings.TrimSpace(text))
	switch action := plan.Action(name); action {
	case plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete, plan.None, plan.Skip:
		return action, status, true
	}
	switch name {
	case "stageddelete", "stagedaction":
		return plan.Delete, plan.Staged, true
	case "other":
		if status == plan.Skipped {
			return plan.Skip, status, true
		}
		return plan.None, status, true
	}
	return plan.Action(name), status, false
}

// fieldOf makes a field of the texts of a log; nil is no value.
func fieldOf(name string, before, after *string) plan.Field {
	field := plan.Field{Name: name}
	read := func(text *string) attr.Value {
		switch {
		case text == nil:
			return attr.Value{}
		case strings.EqualFold(*text, "[Redact]"), strings.EqualFold(*text, "[Redacted]"):
			field.Redacted = true
		}
		return attr.Text(unquoted(*text))
	}
	field.Old, field.New = read(before), read(after)
	return field
}

// unquoted takes the quotes off a value that a log has as JSON.
func unquoted(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}
