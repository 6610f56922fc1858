package graphapi

import (
	"context"
	"errors"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func (a *api) logRoutes() []route {
	return []route{
		get("auditLogs/provisioning", a.listProvisioning),
		get("auditLogs/provisioning/{entry}", a.getProvisioning),
		get("auditLogs/directoryAudits", a.listAudits),
		get("auditLogs/directoryAudits/{audit}", a.getAudit),
	}
}

// summaries are the rows of the provisioning log. Filters compare with letter case
// (Microsoft Graph, "List provisioningObjectSummary").
func (a *api) summaries() resource {
	k := newKind("provisioningObjectSummary", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId", "provisioningAction",
		"durationInMilliseconds", "initiatedBy/", "provisioningStatusInfo/", "provisioningSteps", "modifiedProperties", "servicePrincipal/",
		"sourceIdentity/", "targetIdentity/", "sourceSystem/", "targetSystem/")
	k.caseExact = true
	return resource{set: "auditLogs/provisioning", kind: k}
}

func (a *api) listProvisioning(ctx context.Context, r *request) (response, error) {
	// Newest first is the order of the log itself, so it need not be sorted.
	if order := r.query.orderBy; len(order) == 1 && order[0].descending && strings.EqualFold(strings.Join(order[0].path, "/"), "activityDateTime") {
		r.query.orderBy = nil
	}
	query := journal.Query{}
	if r.query.filter != nil {
		query = logQuery(*r.query.filter)
	}
	return r.answerPage(ctx, collection{
		resource: a.summaries(),
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return a.entriesAfter(ctx, query, position)
		},
	})
}

// entriesAfter yields the rows that the query selects below the id of a row, newest
// first.
func (a *api) entriesAfter(ctx context.Context, query journal.Query, position string) iter.Seq2[entity, error] {
	return func(yield func(entity, error) bool) {
		if position != "" {
			before, err := strconv.ParseInt(position, 10, 64)
			if err != nil {
				yield(nil, badRequest("The skip token is not one of this service. Begin again without $skiptoken."))
				return
			}
			query.Before = before
		}
		rows := a.rows()
		for entry, err := range a.Store.Entries(ctx, query) {
			var e entity
			if err == nil {
				e, err = rows.entity(ctx, entry)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// rows makes rows of the log and remembers what it looked up of applications.
type rows struct {
	api          *api
	surroundings map[string]graph.Surroundings
}

func (a *api) rows() rows { return rows{a, map[string]graph.Surroundings{}} }

func (r rows) entity(ctx context.Context, entry journal.Entry) (entity, error) {
	around, known := r.surroundings[entry.ApplicationID]
	if !known {
		app, err := r.api.Store.Application(ctx, entry.ApplicationID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err != nil {
			app = directory.Application{ID: entry.ApplicationID}
		}
		around = r.api.around(ctx, app)
		r.surroundings[entry.ApplicationID] = around
	}
	return asEntity(graph.NewSummary(entry, around))
}

// logQuery returns the part of a filter that the log itself can select by, so that
// less is read. What it selects still has to be matched.
func logQuery(f filter) journal.Query {
	var query journal.Query
	for _, part := range conjuncts(f) {
		if path, values, ok := alternatives(part); ok {
			selectAny(&query, path, values)
			continue
		}
		if len(part.literals) != 1 {
			continue
		}
		switch value := part.literals[0].value.(type) {
		case string:
			selectText(&query, part.op, strings.ToLower(strings.Join(part.path, "/")), value)
		case time.Time:
			selectTime(&query, part.op, strings.ToLower(strings.Join(part.path, "/")), value)
		}
	}
	return query
}

// conjuncts returns the parts of a filter that all have to hold.
func conjuncts(f filter) []filter {
	if f.op != opAnd {
		return []filter{f}
	}
	var parts []filter
	for _, below := range f.below {
		parts = append(parts, conjuncts(below)...)
	}
	return parts
}

// alternatives returns the texts of which a property has to be one: those of in, and
// those that or joins for the same property.
func alternatives(f filter) (path string, values []string, ok bool) {
	switch f.op { //nolint:exhaustive // the others have one text at most
	case opIn:
		path = strings.ToLower(strings.Join(f.path, "/"))
		for _, literal := range f.literals {
			text, isText := literal.value.(string)
			if !isText {
				return "", nil, false
			}
			values = append(values, text)
		}
		return path, values, true
	case opEqual:
		if len(f.literals) != 1 {
			return "", nil, false
		}
		text, isText := f.literals[0].value.(string)
		return strings.ToLower(strings.Join(f.path, "/")), []string{text}, isText
	case opOr:
		for _, below := range f.below {
			at, texts, ok := alternatives(below)
			if !ok || path != "" && at != path {
				return "", nil, false
			}
			path, values = at, append(values, texts...)
		}
		return path, values, path != ""
	}
	return "", nil, false
}

// selectAny selects the entries of which a property is one of several texts, where the
// log knows that; one text is as in selectText.
func selectAny(query *journal.Query, path string, values []string) {
	if len(values) == 1 {
		selectText(query, opEqual, path, values[0])
		return
	}
	switch path {
	case "provisioningaction":
		var actions []plan.Action
		for _, value := range values {
			found := graph.Actions(value)
			if len(found) == 0 {
				return // a held removal may be any action
			}
			actions = append(actions, found...)
		}
		query.Actions = actions
	case "provisioningstatusinfo/status":
		var statuses []plan.Status
		for _, value := range values {
			statuses = append(statuses, graph.Statuses(value)...)
		}
		if len(statuses) > 0 {
			query.Statuses = statuses
		}
	}
}

func selectText(query *journal.Query, op operator, path, value string) {
	if op == opEqual {
		switch path {
		case "jobid":
			query.JobID = value
		case "cycleid":
			query.CycleID = value
		case "serviceprincipal/id":
			query.ApplicationID = value
		case "sourceidentity/id":
			query.SourceID = value
		case "provisioningstatusinfo/errorinformation/errorcode":
			query.Code = value
		case "provisioningaction":
			selectAction(query, value)
		case "provisioningstatusinfo/status":
			query.Statuses = graph.Statuses(value)
		}
	}
	if op == opEqual || op == opContains || op == opStartsWith || op == opEndsWith {
		switch path {
		case "sourceidentity/displayname", "targetidentity/displayname", "targetidentity/id":
			query.Name = value
		}
	}
}

func selectAction(query *journal.Query, name string) {
	query.Actions = graph.Actions(name)
	if len(query.Actions) == 0 && name == graph.StagedDelete {
		query.Statuses = []plan.Status{plan.Staged}
	}
}

func selectTime(query *journal.Query, op operator, path string, value time.Time) {
	if path != "activitydatetime" {
		return
	}
	switch op { //nolint:exhaustive // the others do not bound the time
	case opGreater, opGreaterEqual:
		query.Since = value
	case opLess, opLessEqual:
		query.Until = value
	case opEqual:
		query.Since, query.Until = value, value
	}
}

func (a *api) getProvisioning(ctx context.Context, r *request) (response, error) {
	text, err := r.text("entry")
	if err != nil {
		return response{}, err
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || id == math.MaxInt64 {
		return response{}, notFound(text)
	}
	for entry, err := range a.Store.Entries(ctx, journal.Query{Before: id + 1, Limit: 1}) {
		if err != nil {
			return response{}, err
		}
		if entry.ID != id {
			break
		}
		e, err := a.rows().entity(ctx, entry)
		if err != nil {
			return response{}, err
		}
		return r.answerEntity(ctx, a.summaries(), e)
	}
	return response{}, notFound(text)
}

func (a *api) audits() resource {
	return resource{set: "auditLogs/directoryAudits", kind: newKind("directoryAudit", "activityDateTime", "activityDisplayName", "additionalDetails",
		"category", "correlationId", "initiatedBy/", "loggedByService", "operationType", "result", "resultReason", "targetResources")}
}

func (a *api) listAudits(ctx context.Context, r *request) (response, error) {
	if order := r.query.orderBy; len(order) == 1 && order[0].descending && strings.EqualFold(strings.Join(order[0].path, "/"), "activityDateTime") {
		r.query.orderBy = nil
	}
	return r.answerPage(ctx, collection{resource: a.audits(), after: a.auditsAfter})
}

// auditsAfter yields audit records below the id of one, newest first.
func (a *api) auditsAfter(ctx context.Context, position string) iter.Seq2[entity, error] {
	return func(yield func(entity, error) bool) {
		before := int64(math.MaxInt64)
		if position != "" {
			var err error
			if before, err = strconv.ParseInt(position, 10, 64); err != nil {
				yield(nil, badRequest("The skip token is not one of this service. Begin again without $skiptoken."))
				return
			}
		}
		for audit, err := range a.Store.Audits(ctx, 0) {
			if err == nil && audit.ID >= before {
				continue
			}
			var e entity
			if err == nil {
				e, err = asEntity(graph.NewDirectoryAudit(audit))
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (a *api) getAudit(ctx context.Context, r *request) (response, error) {
	id, err := r.text("audit")
	if err != nil {
		return response{}, err
	}
	for e, err := range a.auditsAfter(ctx, "") {
		if err != nil {
			return response{}, err
		}
		if e.id() == id {
			return r.answerEntity(ctx, a.audits(), e)
		}
	}
	return response{}, notFound(id)
}
