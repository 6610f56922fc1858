package graph

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/usher-id/usher/journal"
)

// DirectoryAudit is Graph's directoryAudit: one act of an administrator.
type DirectoryAudit struct {
	ID                  string           `json:"id"`
	ActivityDateTime    Moment           `json:"activityDateTime"`
	ActivityDisplayName string           `json:"activityDisplayName"`
	AdditionalDetails   []AuditDetail    `json:"additionalDetails"`
	Category            string           `json:"category"`
	CorrelationID       *string          `json:"correlationId"`
	InitiatedBy         AuditInitiator   `json:"initiatedBy"`
	LoggedByService     string           `json:"loggedByService"`
	OperationType       string           `json:"operationType"`
	Result              string           `json:"result"`
	ResultReason        string           `json:"resultReason"`
	TargetResources     []TargetResource `json:"targetResources"`
}

// AuditDetail is Graph's keyValue of an audit record.
type AuditDetail struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// AuditInitiator is Graph's auditActivityInitiator: a person or a client of the API.
type AuditInitiator struct {
	User *AuditUser `json:"user"`
	App  *AuditApp  `json:"app"`
}

// AuditUser is Graph's userIdentity.
type AuditUser struct {
	ID                string `json:"id"`
	DisplayName       string `json:"displayName"`
	UserPrincipalName string `json:"userPrincipalName"`
}

// AuditApp is Graph's appIdentity.
type AuditApp struct {
	AppID                string `json:"appId"`
	DisplayName          string `json:"displayName"`
	ServicePrincipalID   string `json:"servicePrincipalId"`
	ServicePrincipalName string `json:"servicePrincipalName"`
}

// TargetResource is Graph's targetResource.
type TargetResource struct {
	ID                 string   `json:"id"`
	DisplayName        string   `json:"displayName"`
	Type               string   `json:"type"`
	ModifiedProperties []string `json:"modifiedProperties"`
}

// NewDirectoryAudit makes the resource of an audit record.
func NewDirectoryAudit(audit journal.Audit) DirectoryAudit {
	record := DirectoryAudit{
		ID: strconv.FormatInt(audit.ID, 10), ActivityDateTime: Moment(audit.At), ActivityDisplayName: audit.Activity,
		AdditionalDetails: []AuditDetail{}, Category: category(audit.Activity), LoggedByService: "Account Provisioning",
		OperationType: operation(audit.Activity), Result: "success", ResultReason: audit.Detail,
		InitiatedBy:     newAuditInitiator(audit.Actor),
		TargetResources: []TargetResource{},
	}
	if strings.HasPrefix(audit.Activity, "Deny") || strings.HasPrefix(audit.Activity, "Refuse") {
		record.Result = "failure"
	}
	if audit.Detail != "" {
		record.AdditionalDetails = append(record.AdditionalDetails, AuditDetail{"Detail", audit.Detail})
	}
	if audit.Subject != "" {
		record.TargetResources = append(record.TargetResources, TargetResource{DisplayName: audit.Subject, Type: "Other", ModifiedProperties: []string{}})
	}
	return record
}

// category returns Graph's category of an activity, by the words of Microsoft Entra's
// "Audit activity reference".
func category(activity string) string {
	activity = strings.ToLower(activity)
	for _, kind := range []struct{ word, category string }{
		{"provisioning", "ProvisioningManagement"},
		{"attribute mappings", "ProvisioningManagement"},
		{"removals", "ProvisioningManagement"},
		{"group", "GroupManagement"},
		{"user", "UserManagement"},
	} {
		if strings.Contains(activity, kind.word) {
			return kind.category
		}
	}
	return "ApplicationManagement"
}

// operation returns what an activity does: Add, Update or Delete.
func operation(activity string) string {
	switch word, _, _ := strings.Cut(strings.ToLower(activity), " "); word {
	case "add", "create", "instantiate":
		return "Add"
	case "delete", "remove":
		return "Delete"
	}
	return "Update"
}

// clientActor is how the API names a client in the audit log.
var clientActor = regexp.MustCompile(`^(.*) \(API client ([0-9a-fA-F-]{36})\)$`)

// clientOf returns name and id of the client of the API that an actor is.
func clientOf(actor string) (name, id string, ok bool) {
	parts := clientActor.FindStringSubmatch(actor)
	if parts == nil {
		return "", "", false
	}
	return parts[1], parts[2], true
}

func newAuditInitiator(actor string) AuditInitiator {
	if name, id, ok := clientOf(actor); ok {
		return AuditInitiator{App: &AuditApp{AppID: id, DisplayName: name}}
	}
	return AuditInitiator{User: &AuditUser{DisplayName: actor, UserPrincipalName: actor}}
}
