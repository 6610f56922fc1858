package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/usher-id/usher/plan"
)

// loggedJSON is an entry as a JSON document has it: provisioningObjectSummary of
// Microsoft Graph v1.0, or of beta with its older names, or an entry of Usher. What it
// has besides is of no concern.
type loggedJSON struct {
	ActivityDateTime   string `json:"activityDateTime"`
	JobID              string `json:"jobId"`
	CycleID            string `json:"cycleId"`
	ChangeID           string `json:"changeId"`
	ProvisioningAction string `json:"provisioningAction"`
	Action             string `json:"action"`
	Info               status `json:"provisioningStatusInfo"`
	OlderInfo          status `json:"statusInfo"`
	Source             object `json:"sourceIdentity"`
	Target             object `json:"targetIdentity"`
	ModifiedProperties []struct {
		DisplayName string          `json:"displayName"`
		OldValue    json.RawMessage `json:"oldValue"`
		NewValue    json.RawMessage `json:"newValue"`
	} `json:"modifiedProperties"`
	Change *plan.Change `json:"change"` // of an entry of Usher
}

type status struct {
	Status string `json:"status"`
	Error  *struct {
		ErrorCode string `json:"errorCode"`
		Reason    string `json:"reason"`
	} `json:"errorInformation"`

	// The names of beta.
	ErrorCode string `json:"errorCode"`
	Reason    string `json:"reason"`
}

type object struct {
	ID           string          `json:"id"`
	DisplayName  string          `json:"displayName"`
	IdentityType string          `json:"identityType"`
	Details      json.RawMessage `json:"details"`
}

// identity is the object as a plan.Identity. A user principal name among the details
// names a person better than what is displayed.
func (o object) identity() plan.Identity {
	identity := plan.Identity{Type: o.IdentityType, ID: o.ID, Name: o.DisplayName}
	var details map[string]any
	if json.Unmarshal(o.Details, &details) != nil {
		return identity // there are none, or in a form that tells nothing
	}
	for name, value := range details {
		if text, ok := value.(string); ok && text != "" && strings.EqualFold(name, "userPrincipalName") {
			identity.Name = text
		}
	}
	return identity
}

// readJSON reads a document, or several one after the other.
func (r *logReader) readJSON(file LogFile) {
	decoder := json.NewDecoder(bytes.NewReader(file.Content))
	for {
		var document json.RawMessage
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		end := int(decoder.InputOffset())
		if err != nil {
			r.fault([]LogFile{file}, lineAt(file.Content, faultAt(err, end)), "this is no JSON: %v", err)
			return
		}
		r.readDocument(file, document, end-len(document))
	}
}

// faultAt is where a document is not JSON.
func faultAt(err error, otherwise int) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return int(syntax.Offset)
	}
	return otherwise
}

// lineAt is the line of a place in a text, from 1.
func lineAt(text []byte, at int) int {
	return 1 + bytes.Count(text[:min(max(at, 0), len(text))], []byte("\n"))
}

// readDocument reads a list of entries, a page of Microsoft Graph, or one entry, which
// begins at a place of the file.
func (r *logReader) readDocument(file LogFile, document json.RawMessage, at int) {
	if document[0] == '[' {
		r.readList(file, document, at)
		return
	}
	var page struct {
		Value json.RawMessage `json:"value"`
	}
	if document[0] == '{' && json.Unmarshal(document, &page) == nil && len(page.Value) > 0 && page.Value[0] == '[' {
		r.readList(file, page.Value, at+bytes.Index(document, page.Value))
		return
	}
	r.readEntry(file, document, lineAt(file.Content, at))
}

func (r *logReader) readList(file LogFile, list json.RawMessage, at int) {
	decoder := json.NewDecoder(bytes.NewReader(list))
	if _, err := decoder.Token(); err != nil { // the bracket
		return
	}
	line, counted := lineAt(file.Content, at), at
	for decoder.More() {
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return // the document was read as a whole before
		}
		begin := at + int(decoder.InputOffset()) - len(element)
		line, counted = line+bytes.Count(file.Content[counted:begin], []byte("\n")), begin
		r.readEntry(file, element, line)
	}
}

func (r *logReader) readEntry(file LogFile, document json.RawMessage, line int) {
	var logged loggedJSON
	if err := json.Unmarshal(document, &logged); err != nil {
		r.fault([]LogFile{file}, line, "this is no entry of a provisioning log: %v", err)
		return
	}
	entry, faults := logged.entry()
	for _, message := range faults {
		r.fault([]LogFile{file}, line, "%s", message)
	}
	r.entries = append(r.entries, entry)
}

func (l loggedJSON) entry() (Entry, []string) {
	if l.Change != nil {
		entry := Entry{JobID: l.JobID, CycleID: l.CycleID, Change: *l.Change}
		return loggedText{l.ActivityDateTime, string(l.Change.Action), string(l.Change.Status)}.entry(entry)
	}
	info := l.Info
	if info.Status == "" {
		info = l.OlderInfo
	}
	if info.Error != nil {
		info.ErrorCode, info.Reason = info.Error.ErrorCode, info.Error.Reason
	}
	entry := Entry{JobID: l.JobID, CycleID: l.CycleID, Change: plan.Change{
		ID: l.ChangeID, Source: l.Source.identity(), Target: l.Target.identity(), Reason: plan.Reason{Code: info.ErrorCode, Text: info.Reason},
	}}
	for _, property := range l.ModifiedProperties {
		entry.Change.Fields = append(entry.Change.Fields, fieldOf(property.DisplayName, textOf(property.OldValue), textOf(property.NewValue)))
	}
	action := l.ProvisioningAction
	if action == "" {
		action = l.Action
	}
	return loggedText{l.ActivityDateTime, action, info.Status}.entry(entry)
}

// textOf is a value of JSON as text, nil for null and for none.
func textOf(value json.RawMessage) *string {
	if len(value) == 0 || string(value) == "null" {
		return nil
	}
	text := string(value)
	var plain string
	if json.Unmarshal(value, &plain) == nil {
		text = plain
	}
	return &text
}
