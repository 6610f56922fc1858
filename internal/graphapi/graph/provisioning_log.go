package graph

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// ProvisioningObjectSummary is Graph's resource of the same name: one row of the
// provisioning log. Its enumerations are in lower camel case, which is all that
// typed clients understand.
type ProvisioningObjectSummary struct {
	ID                     string             `json:"id"`
	ActivityDateTime       Moment             `json:"activityDateTime"`
	TenantID               string             `json:"tenantId"`
	JobID                  string             `json:"jobId"`
	CycleID                string             `json:"cycleId"`
	ChangeID               string             `json:"changeId"`
	ProvisioningAction     string             `json:"provisioningAction"`
	DurationInMilliseconds int64              `json:"durationInMilliseconds"`
	InitiatedBy            Initiator          `json:"initiatedBy"`
	ProvisioningStatusInfo StatusInfo         `json:"provisioningStatusInfo"`
	ProvisioningSteps      []ProvisioningStep `json:"provisioningSteps"`
	ModifiedProperties     []ModifiedProperty `json:"modifiedProperties"`
	ServicePrincipal       NamedObject        `json:"servicePrincipal"`
	SourceIdentity         ProvisionedObject  `json:"sourceIdentity"`
	TargetIdentity         ProvisionedObject  `json:"targetIdentity"`
	SourceSystem           System             `json:"sourceSystem"`
	TargetSystem           System             `json:"targetSystem"`
}

// Initiator is Graph's initiator.
type Initiator struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	InitiatorType string `json:"initiatorType"` // user, application or system
}

// StatusInfo is Graph's provisioningStatusInfo.
type StatusInfo struct {
	Status           string            `json:"status"` // success, failure, skipped or warning
	ErrorInformation *ErrorInformation `json:"errorInformation"`
}

// ErrorInformation is Graph's provisioningErrorInfo.
type ErrorInformation struct {
	ErrorCode         string `json:"errorCode"`
	Reason            string `json:"reason"`
	AdditionalDetails string `json:"additionalDetails"`
	ErrorCategory     string `json:"errorCategory"` // failure: of the target or of Usher; nonServiceFailure: of the data or the setup
	RecommendedAction string `json:"recommendedAction"`
}

// ProvisioningStep is Graph's provisioningStep.
type ProvisioningStep struct {
	Name                 string            `json:"name"`
	ProvisioningStepType string            `json:"provisioningStepType"`
	Status               string            `json:"status"`
	Description          string            `json:"description"`
	Details              map[string]string `json:"details"`
}

// ModifiedProperty is Graph's modifiedProperty. A value that an expression redacts
// is "[Redact]".
type ModifiedProperty struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

// NamedObject is Graph's identity: an id with a name for people.
type NamedObject struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// ProvisionedObject is Graph's provisionedIdentity.
type ProvisionedObject struct {
	ID           string            `json:"id"`
	DisplayName  string            `json:"displayName"`
	IdentityType string            `json:"identityType"`
	Details      map[string]string `json:"details"`
}

// System is Graph's provisioningSystem.
type System struct {
	ID          string            `json:"id"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

// Surroundings are what a row of the log tells besides the entry.
type Surroundings struct {
	TenantID     string
	Application  directory.Application // zero when it was removed since
	SourceSystem string                // names of both sides in the schema
	TargetSystem string
	Catalogue    journal.Catalogue
}

// The statuses of the log.
const (
	statusSuccess = "success"
	statusFailure = "failure"
	statusSkipped = "skipped"
	statusWarning = "warning"
)

// NewSummary makes the row of an entry.
func NewSummary(entry journal.Entry, around Surroundings) ProvisioningObjectSummary {
	change := entry.Change
	summary := ProvisioningObjectSummary{
		ID: strconv.FormatInt(entry.ID, 10), ActivityDateTime: Moment(entry.At), TenantID: around.TenantID,
		JobID: entry.JobID, CycleID: entry.CycleID, ChangeID: change.ID,
		ProvisioningAction: ActionName(change), DurationInMilliseconds: int64(entry.Duration / time.Millisecond),
		InitiatedBy: newInitiator(entry.InitiatedBy), ProvisioningStatusInfo: newStatusInfo(change, around.Catalogue),
		ServicePrincipal: NamedObject{entry.ApplicationID, around.Application.DisplayName},
		SourceIdentity:   newProvisioned(change.Source), TargetIdentity: newProvisioned(change.Target),
		SourceSystem:      System{DisplayName: around.SourceSystem, Details: map[string]string{}},
		TargetSystem:      System{DisplayName: cmp.Or(around.TargetSystem, around.Application.DisplayName), Details: targetDetails(entry, around)},
		ProvisioningSteps: make([]ProvisioningStep, len(change.Steps)), ModifiedProperties: make([]ModifiedProperty, len(change.Fields)),
	}
	for i, step := range change.Steps {
		summary.ProvisioningSteps[i] = NewProvisioningStep(step)
	}
	for i, field := range change.Fields {
		summary.ModifiedProperties[i] = NewModifiedProperty(field)
	}
	return summary
}

func targetDetails(entry journal.Entry, around Surroundings) map[string]string {
	return map[string]string{
		"ApplicationId": around.Application.AppID, "ServicePrincipalId": entry.ApplicationID,
		"ServicePrincipalDisplayName": around.Application.DisplayName,
	}
}

func details(given map[string]string) map[string]string {
	if given == nil {
		return map[string]string{}
	}
	return maps.Clone(given)
}

func newInitiator(name string) Initiator {
	if name == "" {
		return Initiator{DisplayName: "Usher Provisioning Service", InitiatorType: "system"}
	}
	if client, id, ok := clientOf(name); ok {
		return Initiator{ID: id, DisplayName: client, InitiatorType: "application"}
	}
	return Initiator{DisplayName: name, InitiatorType: "user"}
}

func newProvisioned(identity plan.Identity) ProvisionedObject {
	return ProvisionedObject{ID: identity.ID, DisplayName: identity.Name, IdentityType: identity.Type, Details: map[string]string{}}
}

// NewProvisioningStep makes the resource of a step.
func NewProvisioningStep(step plan.Step) ProvisioningStep {
	return ProvisioningStep{step.Name, string(step.Type), StatusName(step.Status), step.Description, details(step.Details)}
}

// NewModifiedProperty makes the resource of a field; a redacted value is not shown.
func NewModifiedProperty(field plan.Field) ModifiedProperty {
	return ModifiedProperty{DisplayName: field.Name, OldValue: valueText(field, field.Old), NewValue: valueText(field, field.New)}
}

// valueText returns a value as the log shows it, nil for none.
func valueText(field plan.Field, value attr.Value) *string {
	switch {
	case value.IsNull():
		return nil
	case field.Redacted:
		return new("[Redact]")
	}
	return new(value.String())
}

// StagedDelete is the provisioningAction of a held removal.
const StagedDelete = "stagedDelete"

// Actions returns the actions that have a name of Graph, none for a name that does
// not depend on the action alone.
func Actions(name string) []plan.Action {
	var actions []plan.Action
	for _, action := range []plan.Action{plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete, plan.None, plan.Skip} {
		if ActionName(plan.Change{Action: action}) == name {
			actions = append(actions, action)
		}
	}
	return actions
}

// Statuses returns the statuses that have a name of Graph.
func Statuses(name string) []plan.Status {
	var statuses []plan.Status
	for _, status := range []plan.Status{plan.Planned, plan.Success, plan.Failure, plan.Skipped, plan.Warning, plan.Staged} {
		if StatusName(status) == name {
			statuses = append(statuses, status)
		}
	}
	return statuses
}

// ActionName returns Graph's provisioningAction of a change. Enabling an account is
// an update of it, a held removal a staged delete.
func ActionName(change plan.Change) string {
	if change.Status == plan.Staged {
		return StagedDelete
	}
	switch change.Action {
	case plan.Create, plan.Update, plan.Disable, plan.Delete:
		return string(change.Action)
	case plan.Enable:
		return string(plan.Update)
	case plan.None, plan.Skip:
	}
	return "other"
}

// StatusName returns Graph's provisioningResult of a status. A held removal counts
// as skipped: nothing was done.
func StatusName(status plan.Status) string {
	switch status {
	case plan.Success:
		return statusSuccess
	case plan.Failure:
		return statusFailure
	case plan.Warning:
		return statusWarning
	case plan.Skipped, plan.Staged, plan.Planned:
	}
	return statusSkipped
}

// newStatusInfo gives failures and warnings an error. A skip is none: why nothing
// was done stands in its last step.
func newStatusInfo(change plan.Change, catalogue journal.Catalogue) StatusInfo {
	info := StatusInfo{Status: StatusName(change.Status)}
	if change.Status != plan.Failure && change.Status != plan.Staged && change.Status != plan.Warning {
		return info
	}
	info.ErrorInformation = newErrorInformation(change, catalogue)
	return info
}

func newErrorInformation(change plan.Change, catalogue journal.Catalogue) *ErrorInformation {
	if change.Reason.Code == "" && change.Reason.Text == "" {
		return nil
	}
	explanation := catalogue.Explain(change.Reason.Code)
	information := &ErrorInformation{
		ErrorCode: change.Reason.Code, Reason: change.Reason.Text, AdditionalDetails: explanation.Text,
		ErrorCategory: "nonServiceFailure", RecommendedAction: cmp.Or(change.Reason.Advice, explanation.Advice),
	}
	if serviceSide(change.Reason.Code) {
		information.ErrorCategory = "failure"
	}
	return information
}

// serviceSide reports whether a code tells of a fault of the target or of Usher,
// which nobody can mend by changing data or setup. A connector's prefix may stand
// before it.
func serviceSide(code string) bool {
	return slices.ContainsFunc([]string{"Timeout", "InternalServerError", "InternalError", "TooManyRequests", "WebExceptionProtocolError"},
		func(suffix string) bool { return strings.HasSuffix(code, suffix) })
}
