package graphapi

import (
	"context"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// why says how a person comes to have an application or not.
type why struct {
	User        whyUser                           `json:"user"`
	Application string                            `json:"application"`
	Assignments []whyAssignment                   `json:"assignments"`
	InScope     bool                              `json:"inScope"`
	Reasons     []scope.Reason                    `json:"reasons"` // why not
	Account     *account                          `json:"account"`
	Mappings    []whyMapping                      `json:"mappings"`
	Now         *ownChange                        `json:"now"`   // what a cycle would do now
	Fault       *string                           `json:"fault"` // why the application could not be looked at
	Retry       *retry                            `json:"retry"`
	Leaving     *leaving                          `json:"leaving"`
	Log         []graph.ProvisioningObjectSummary `json:"log"` // the last entries, newest first
}

type whyUser struct {
	ID                string `json:"id"`
	UserPrincipalName string `json:"userPrincipalName"`
	DisplayName       string `json:"displayName"`
	AccountEnabled    bool   `json:"accountEnabled"`
	Deleted           bool   `json:"deleted"`
}

// whyAssignment is one way in which the person has the application.
type whyAssignment struct {
	AssignmentID string  `json:"assignmentId"`
	Role         string  `json:"role"`    // empty for default access
	GroupID      *string `json:"groupId"` // null for an assignment in person
	Group        *string `json:"group"`
}

// whyMapping is how an attribute came to its value. A redacted one shows neither
// value nor inputs.
type whyMapping struct {
	Target     string            `json:"targetAttributeName"`
	Expression string            `json:"expression"`
	Inputs     map[string]string `json:"inputs"`
	Value      *string           `json:"value"`
	Default    *string           `json:"defaultValue"`
	Redacted   bool              `json:"redacted"`
	Ignored    bool              `json:"ignored"` // the attribute is left alone
	Fault      *string           `json:"fault"`
}

func (a *api) getWhy(ctx context.Context, r *request) (response, error) {
	name, err := r.text("user")
	if err != nil {
		return response{}, err
	}
	user, err := a.ownUser(ctx, name)
	if err != nil {
		return response{}, err
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	explanation, err := a.service.Why(ctx, app, user)
	if err != nil {
		return response{}, a.actError(err)
	}
	result := newWhy(app.Application, explanation)
	around := a.around(ctx, app.Application)
	for _, entry := range explanation.Log {
		result.Log = append(result.Log, graph.NewSummary(entry, around))
	}
	return r.answerValue(result, "why")
}

func newWhy(app directory.Application, explanation administration.Why) why {
	user, subject := explanation.User, explanation.Subject
	result := why{
		User:        whyUser{user.ID, user.UserPrincipalName, user.DisplayName, user.AccountEnabled, user.Deleted()},
		Application: app.DisplayName, InScope: explanation.Verdict.In, Reasons: append([]scope.Reason{}, explanation.Verdict.Reasons...),
		Assignments: make([]whyAssignment, len(subject.Grants)), Mappings: make([]whyMapping, len(explanation.Traces)),
		Now: new(newOwnChange(explanation.Change)), Log: []graph.ProvisioningObjectSummary{},
	}
	if explanation.Fault != nil {
		result.Fault, result.Now = new(explanation.Fault.Error()), nil
	}
	for i, grant := range subject.Grants {
		result.Assignments[i] = newWhyAssignment(grant)
	}
	for i, trace := range explanation.Traces {
		result.Mappings[i] = newWhyMapping(trace)
	}
	if !subject.Connection.IsZero() {
		result.Account = new(newAccount(subject.Connection))
	}
	if !subject.Escrow.IsZero() {
		result.Retry = new(newRetry(subject.Escrow))
	}
	if !subject.Leaver.IsZero() {
		result.Leaving = new(newLeaving(subject.Leaver))
	}
	return result
}

func newWhyAssignment(grant directory.Grant) whyAssignment {
	result := whyAssignment{AssignmentID: grant.AssignmentID}
	if grant.Role.ID != directory.DefaultAccess {
		result.Role = grant.Role.DisplayName
	}
	if !grant.Direct() {
		result.GroupID, result.Group = new(grant.GroupID), new(grant.GroupName)
	}
	return result
}

func newWhyMapping(trace mapping.Traced) whyMapping {
	result := whyMapping{Target: trace.Target, Expression: trace.Expression, Inputs: map[string]string{}, Redacted: trace.Redacted, Ignored: trace.Ignored}
	if trace.Fault != "" {
		result.Fault = new(trace.Fault)
	}
	if !trace.Default.IsNull() {
		result.Default = new(trace.Default.String())
	}
	if trace.Redacted {
		return result
	}
	if trace.Inputs != nil {
		result.Inputs = trace.Inputs
	}
	if !trace.Value.IsNull() {
		result.Value = new(trace.Value.String())
	}
	return result
}
