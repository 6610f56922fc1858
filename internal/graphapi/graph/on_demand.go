package graph

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/usher-id/usher/plan"
)

// OnDemandRequest is the body of synchronizationJob: provisionOnDemand.
type OnDemandRequest struct {
	Parameters []OnDemandParameters `json:"parameters"`
}

// OnDemandParameters is Graph's synchronizationJobApplicationParameters.
type OnDemandParameters struct {
	RuleID   string            `json:"ruleId"`
	Subjects []OnDemandSubject `json:"subjects"`
}

// OnDemandSubject is Graph's synchronizationJobSubject.
type OnDemandSubject struct {
	ObjectID       string         `json:"objectId"`
	ObjectTypeName string         `json:"objectTypeName"` // User or Group
	Links          *OnDemandLinks `json:"links"`
}

// OnDemandLinks is Graph's synchronizationLinkedObjects: of a group, the members to
// provision. A user's own links are read from the directory.
type OnDemandLinks struct {
	Members []OnDemandSubject `json:"members"`
}

// OnDemandResult is Graph's stringKeyStringValuePair: two JSON documents as texts.
type OnDemandResult struct {
	Context string `json:"@odata.context,omitzero"`
	Key     string `json:"key"`
	Value   string `json:"value"`
}

// onDemandKey is the document in OnDemandResult.Key.
type onDemandKey struct {
	Result  string          `json:"result"` // Success, Failure, Skipped or Warning
	Details onDemandDetails `json:"details"`
}

type onDemandDetails struct {
	ErrorCode    string `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
}

// onDemandValue is the document in OnDemandResult.Value. It has the shape that the
// log had in the beta of old: type and statusInfo in place of
// provisioningStepType and provisioningStatusInfo, and enumerations in capitals.
type onDemandValue struct {
	Action               string             `json:"action"`
	ChangeID             string             `json:"changeId"`
	StartTime            Moment             `json:"startTime"`
	EndTime              Moment             `json:"endTime"`
	ReportableIdentifier string             `json:"reportableIdentifier"`
	ModifiedProperties   []ModifiedProperty `json:"modifiedProperties"`
	ProvisioningSteps    []onDemandStep     `json:"provisioningSteps"`
	StatusInfo           onDemandStatus     `json:"statusInfo"`
	SourceIdentity       onDemandIdentity   `json:"sourceIdentity"`
	SourceSystem         System             `json:"sourceSystem"`
	TargetIdentity       onDemandIdentity   `json:"targetIdentity"`
	TargetSystem         System             `json:"targetSystem"`
}

type onDemandStep struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Status      string            `json:"status"`
	Description string            `json:"description"`
	Timestamp   Moment            `json:"timestamp"`
	Details     map[string]string `json:"details"`
}

type onDemandStatus struct {
	Status            string `json:"status"`
	ErrorCode         string `json:"errorCode"`
	Reason            string `json:"reason"`
	AdditionalDetails string `json:"additionalDetails"`
	ErrorCategory     string `json:"errorCategory"`
	RecommendedAction string `json:"recommendedAction"`
}

type onDemandIdentity struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

// Performance is what was done on demand.
type Performance struct {
	Changes      []plan.Change
	Began, Ended time.Time
}

// NewOnDemandResult makes the answer of provisionOnDemand. For one person the value
// is one document, as it is in Graph; for several it is a list of them, and the key
// tells of the worst.
func NewOnDemandResult(performance Performance, around Surroundings) (OnDemandResult, error) {
	values := make([]onDemandValue, len(performance.Changes))
	var key onDemandKey
	for i, change := range performance.Changes {
		values[i] = newOnDemandValue(change, performance, around)
		if i == 0 || severity(change.Status) > severity(statusOf(key.Result)) {
			key = newOnDemandKey(change)
		}
	}
	keyText, err := json.Marshal(key)
	if err != nil {
		return OnDemandResult{}, fmt.Errorf("write the result: %w", err)
	}
	var value any = values
	if len(values) == 1 {
		value = values[0]
	}
	valueText, err := json.Marshal(value)
	if err != nil {
		return OnDemandResult{}, fmt.Errorf("write the result: %w", err)
	}
	return OnDemandResult{Key: string(keyText), Value: string(valueText)}, nil
}

func newOnDemandKey(change plan.Change) onDemandKey {
	key := onDemandKey{Result: resultName(change.Status)}
	if change.Status != plan.Success {
		key.Details = onDemandDetails{change.Reason.Code, change.Reason.Text}
	}
	return key
}

func newOnDemandValue(change plan.Change, performance Performance, around Surroundings) onDemandValue {
	value := onDemandValue{
		Action: actionTitle(change), ChangeID: change.ID, StartTime: Moment(performance.Began), EndTime: Moment(performance.Ended),
		ReportableIdentifier: change.Source.Name, ModifiedProperties: make([]ModifiedProperty, len(change.Fields)),
		ProvisioningSteps: make([]onDemandStep, len(change.Steps)), StatusInfo: onDemandStatus{Status: resultName(change.Status)},
		SourceIdentity: newOnDemandIdentity(change.Source), TargetIdentity: newOnDemandIdentity(change.Target),
		SourceSystem: System{DisplayName: around.SourceSystem, Details: map[string]string{}},
		TargetSystem: System{ID: around.Application.ID, DisplayName: around.TargetSystem, Details: map[string]string{
			"ApplicationId": around.Application.AppID, "ServicePrincipalId": around.Application.ID, "ServicePrincipalDisplayName": around.Application.DisplayName,
		}},
	}
	for i, field := range change.Fields {
		value.ModifiedProperties[i] = NewModifiedProperty(field)
	}
	for i, step := range change.Steps {
		value.ProvisioningSteps[i] = onDemandStep{step.Name, stepTitle(step.Type), resultName(step.Status), step.Description, Moment(performance.Ended), details(step.Details)}
	}
	if information := newErrorInformation(change, around.Catalogue); information != nil && change.Status != plan.Success {
		value.StatusInfo.ErrorCode, value.StatusInfo.Reason = information.ErrorCode, information.Reason
		value.StatusInfo.AdditionalDetails, value.StatusInfo.RecommendedAction = information.AdditionalDetails, information.RecommendedAction
		value.StatusInfo.ErrorCategory = titled(information.ErrorCategory)
	}
	return value
}

func newOnDemandIdentity(identity plan.Identity) onDemandIdentity {
	return onDemandIdentity{ID: identity.ID, Type: identity.Type, DisplayName: identity.Name, Details: map[string]string{}}
}

// severity orders statuses: what an administrator has to know first is the highest.
func severity(status plan.Status) int {
	switch status {
	case plan.Failure:
		return 3
	case plan.Warning:
		return 2
	case plan.Skipped, plan.Staged, plan.Planned:
		return 1
	case plan.Success:
	}
	return 0
}

func statusOf(result string) plan.Status {
	for _, status := range []plan.Status{plan.Failure, plan.Warning, plan.Skipped} {
		if resultName(status) == result {
			return status
		}
	}
	return plan.Success
}

func resultName(status plan.Status) string { return titled(StatusName(status)) }
func stepTitle(step plan.StepType) string  { return titled(string(step)) }

// actionTitle is the action in capitals.
func actionTitle(change plan.Change) string { return titled(ActionName(change)) }

// titled makes the first letter, which is one of ASCII, a capital.
func titled(name string) string {
	if name == "" {
		return ""
	}
	return string(name[0]-'a'+'A') + name[1:]
}
