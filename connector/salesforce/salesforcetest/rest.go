package salesforcetest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// rest answers /services/data/….
func (o *Org) rest(c *call) *answer {
	if len(c.path) == 0 {
		c.outcome.kind = "versions"
		return o.versions()
	}
	version, refused := readVersion(c.path[0])
	if refused != nil {
		return refuse(refused)
	}
	c.version, c.path = version, c.path[1:]
	c.outcome.kind = kindOf(c)
	user, failed := o.authenticate(c)
	if failed != nil {
		return failed
	}
	c.user = user
	if refused := o.refusesAPI(user); refused != nil {
		return refuse(refused)
	}
	if refused := c.mediaType(); refused != nil {
		return refused
	}
	used, limit, allowed := o.usage.spend(c.cost())
	usage := fmt.Sprintf("api-usage=%d/%d", used, limit)
	a := refuse(quotaExceeded())
	if allowed {
		a = o.dispatch(c)
	}
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Sforce-Limit-Info", usage)
	a.header = header
	return a
}

// refusesAPI tells whether the org, or the user by now, may not use the API.
func (o *Org) refusesAPI(user string) *apiError {
	o.mu.RLock()
	defer o.mu.RUnlock()
	switch {
	case o.config.Settings.APIDisabled:
		return apiRefusal(true)
	case !o.may(user, permissionAPIEnabled):
		return apiRefusal(false)
	}
	return nil
}

// mediaType refuses bodies that are neither JSON nor, for bulk jobs, CSV. A
// request without the header passes.
func (c *call) mediaType() *answer {
	given, _, _ := strings.Cut(c.header.Get("Content-Type"), ";")
	given = strings.ToLower(strings.TrimSpace(given))
	if given == "" || len(c.body) == 0 || strings.HasSuffix(given, "json") || strings.Contains(given, "csv") {
		return nil
	}
	return refuse(newError(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type '"+given+"' not supported."))
}

// quotaExceeded comes without Retry-After: only the usage header tells how far
// the allocation is used up.
func quotaExceeded() *apiError {
	return newError(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
}

// cost is how many requests of the daily allocation a call takes: one, and in a
// batch one for each subrequest.
func (c *call) cost() int {
	if len(c.path) != 2 || !strings.EqualFold(c.path[0], "composite") || !strings.EqualFold(c.path[1], "batch") {
		return 1
	}
	body, err := decodeJSON(c.body)
	members, ok := body.([]member)
	if err != nil || !ok {
		return 1
	}
	requests, _ := find(members, "batchRequests")
	list, _ := requests.([]any)
	return max(1, len(list))
}

// readVersion reads v64.0.
func readVersion(text string) (int, *apiError) {
	number, minor, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(text), "v"), ".")
	version, err := strconv.Atoi(number)
	switch {
	case err != nil || minor != "0" && minor != "" || !strings.HasPrefix(strings.ToLower(text), "v"):
		return 0, notFound()
	case version >= firstRetiredVersion && version < oldestVersion:
		return 0, newError(http.StatusGone, "UNSUPPORTED_API_VERSION", "This API version has been retired. Use a supported version.")
	case version < firstRetiredVersion || version > newestVersion:
		return 0, notFound()
	}
	return version, nil
}

// prefix is the path of the version that the client uses.
func (c *call) prefix() string { return fmt.Sprintf("/services/data/v%d.0", c.version) }

// versions lists what the org serves, oldest first. It needs no session and costs
// nothing, so that clients can ask before they sign in.
func (o *Org) versions() *answer {
	list := []any{}
	for v := oldestVersion; v <= newestVersion; v++ {
		// 63.0 is Spring '25; three releases make a year.
		season, year := []string{"Spring", "Summer", "Winter"}[v%3], v/3+4
		if season == "Winter" {
			year++
		}
		list = append(list, []member{
			{"label", fmt.Sprintf("%s '%d", season, year)}, {"url", fmt.Sprintf("/services/data/v%d.0", v)}, {"version", fmt.Sprintf("%d.0", v)},
		})
	}
	return reply(http.StatusOK, list)
}

// resources lists the parts of a version, and who asks.
func (o *Org) resources(c *call) *answer {
	members := []member{}
	o.read(c, func() { members = append(members, member{"identity", c.base + "/id/" + o.id + "/" + c.user}) })
	for _, name := range []string{"composite", "jobs", "limits", "query", "queryAll", "sobjects"} {
		members = append(members, member{name, c.prefix() + "/" + name})
	}
	return reply(http.StatusOK, members)
}

// dispatch leads to the resources of a version; subrequests pass here too.
func (o *Org) dispatch(c *call) *answer {
	if len(c.path) == 0 {
		return o.resources(c)
	}
	rest := c.path[1:]
	switch strings.ToLower(c.path[0]) {
	case "limits":
		return o.limits(c, rest)
	case "query", "queryall":
		return o.queryResource(c, strings.EqualFold(c.path[0], "queryAll"), rest)
	case "sobjects":
		return o.sobjects(c, rest)
	case "composite":
		return o.compositeResource(c, rest)
	case "jobs":
		return o.jobsResource(c, rest)
	}
	return refuse(notFound())
}

// kindOf names a request for the statistics.
func kindOf(c *call) string {
	part := func(i int) string {
		if i < len(c.path) {
			return strings.ToLower(c.path[i])
		}
		return ""
	}
	write := map[string]string{
		http.MethodPost: "create", http.MethodPatch: "update", http.MethodDelete: "delete", http.MethodGet: "read", http.MethodHead: "read",
	}[c.method]
	switch part(0) {
	case "query", "queryall":
		if part(1) != "" {
			return "query-more"
		}
		return "query"
	case "limits":
		return "limits"
	case "composite":
		return compositeKind(c, part(1), write)
	case "sobjects":
		switch {
		case part(1) == "" || part(2) == "describe":
			return "describe"
		case part(3) == "password", part(2) == "updated", part(2) == "deleted":
			return "other"
		case part(3) != "" && write == "update":
			return "upsert"
		}
		return write
	}
	return "other"
}

// compositeKind names a composite request for the statistics.
func compositeKind(c *call, kind, write string) string {
	switch {
	case kind == "batch", kind == "graph":
		return kind
	case kind == "":
		return "composite"
	case write == "update" && len(c.path) > 2:
		write = "upsert"
	case write == "create" && len(c.path) > 2:
		write = "read"
	}
	return "collections-" + write
}

// limits answers with what is left, and with record counts. Only the requests, the
// bulk batches and the query jobs move; the others are there because clients look
// for them (REST API Developer Guide, Limits).
func (o *Org) limits(c *call, path []string) *answer {
	if c.method != http.MethodGet && c.method != http.MethodHead {
		return refuse(methodNotAllowed(c.method, "GET", "HEAD"))
	}
	switch {
	case len(path) == 1 && strings.EqualFold(path[0], "recordCount"):
		return o.recordCount(c)
	case len(path) > 0:
		return refuse(notFound())
	}
	if a := c.consult(o, operation{name: "limits"}); a != nil {
		return a
	}
	used, limit := o.usage.now()
	members := []member{}
	for _, l := range []struct {
		name            string
		most, remaining int
	}{
		{"ConcurrentAsyncGetReportInstances", 200, 200},
		{"DailyApiRequests", limit, max(0, limit-used)},
		{"DailyAsyncApexExecutions", 250_000, 250_000},
		{"DailyBulkApiBatches", 15_000, 15_000 - o.jobs.batches()},
		{"DailyBulkV2QueryFileStorageMB", 976_562, 976_562},
		{"DailyBulkV2QueryJobs", 10_000, 10_000 - o.jobs.queries()},
		{"DailyStreamingApiEvents", 200_000, 200_000},
		{"DailyWorkflowEmails", 1_000, 1_000},
		{"DataStorageMB", 1_024, 1_000},
		{"FileStorageMB", 1_024, 1_000},
		{"HourlyODataCallout", 1_000, 1_000},
		{"MassEmail", 5_000, 5_000},
		{"PermissionSets", 1_500, 1_500 - len(o.config.PermissionSets)},
		{"SingleEmail", 5_000, 5_000},
	} {
		members = append(members, member{l.name, []member{{"Max", l.most}, {"Remaining", l.remaining}}})
	}
	return reply(http.StatusOK, members)
}

// recordCount answers /limits/recordCount; unknown objects are left out.
func (o *Org) recordCount(c *call) *answer {
	list := []any{}
	o.read(c, func() {
		names := strings.Split(c.query.Get("sObjects"), ",")
		if c.query.Get("sObjects") == "" {
			names = nil
			for _, t := range o.schema.objects {
				names = append(names, t.name)
			}
		}
		for _, name := range names {
			t := o.schema.object(strings.TrimSpace(name))
			if t == nil {
				continue
			}
			n := o.tables[t.name].live
			if t.name == "UserLogin" {
				n = o.tables["User"].live
			}
			list = append(list, []member{{"count", n}, {"name", t.name}})
		}
	})
	return reply(http.StatusOK, []member{{"sObjects", list}})
}
