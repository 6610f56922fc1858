package graphapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Each property that Microsoft Graph filters the provisioning log by finds the row
// that it was taken from, and only with its letter case.
func TestTheLogIsFilteredByEachOfItsProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.cycle()
	find := func(filter string) []any {
		t.Helper()
		query := url.Values{"$filter": {filter}}
		return w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?"+query.Encode(), ""))["value"].([]any)
	}
	rows := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning", ""))["value"].([]any)
	if len(rows) < 2 {
		t.Fatalf("the log has %d rows", len(rows))
	}
	row := rows[0].(map[string]any)
	contains := func(found []any) bool {
		for _, one := range found {
			if one.(map[string]any)["id"] == row["id"] {
				return true
			}
		}
		return false
	}
	for _, path := range []string{
		"id", "changeId", "cycleId", "jobId", "tenantId", "provisioningAction", "servicePrincipal/id", "servicePrincipal/displayName",
		"sourceIdentity/identityType", "sourceIdentity/id", "sourceIdentity/displayName", "targetIdentity/identityType", "targetIdentity/id",
		"targetIdentity/displayName", "sourceSystem/displayName", "targetSystem/displayName", "initiatedBy/displayName", "provisioningStatusInfo/status",
	} {
		var value any = row
		for name := range strings.SplitSeq(path, "/") {
			value = value.(map[string]any)[name]
		}
		text, isText := value.(string)
		if !isText || text == "" {
			t.Errorf("%s is %v", path, value)
			continue
		}
		quoted := strings.ReplaceAll(text, "'", "''")
		for _, filter := range []string{"%s eq '%s'", "contains(%s,'%s')", "startsWith(%s, '%s')", "%s in ('x','%s')", "jobId eq '" + jobID + "' and %s eq '%s'"} {
			if filter = fmt.Sprintf(filter, path, quoted); !contains(find(filter)) {
				t.Errorf("%s does not find its row", filter)
			}
		}
		other := strings.ToUpper(quoted)
		if other == quoted {
			other += "x"
		}
		if filter := fmt.Sprintf("%s eq '%s'", path, other); len(find(filter)) != 0 {
			t.Errorf("%s finds something", filter)
		}
	}
	all := find("activityDateTime gt 2020-01-01")
	for _, each := range []struct {
		filter string
		holds  func(row map[string]any) bool
	}{
		{"provisioningAction eq 'create' or provisioningAction eq 'update'", func(row map[string]any) bool {
			return row["provisioningAction"] == "create" || row["provisioningAction"] == "update"
		}},
		{"provisioningAction eq 'create' or provisioningAction eq 'stagedDelete'", func(row map[string]any) bool {
			return row["provisioningAction"] == "create" || row["provisioningAction"] == "stagedDelete"
		}},
		{"provisioningAction in ('update', 'create')", func(row map[string]any) bool {
			return row["provisioningAction"] == "update" || row["provisioningAction"] == "create"
		}},
		{"provisioningStatusInfo/status eq 'success' or provisioningStatusInfo/status eq 'skipped' or provisioningStatusInfo/status eq 'nothing'", func(row map[string]any) bool {
			status := at(row, "provisioningStatusInfo", "status")
			return status == "success" || status == "skipped"
		}},
		{"(provisioningAction eq 'create' or provisioningStatusInfo/status eq 'skipped') and jobId eq '" + jobID + "'", func(row map[string]any) bool {
			return row["provisioningAction"] == "create" || at(row, "provisioningStatusInfo", "status") == "skipped"
		}},
	} {
		var want, got []any
		for _, row := range all {
			if each.holds(row.(map[string]any)) {
				want = append(want, row.(map[string]any)["id"])
			}
		}
		for _, row := range find(each.filter) {
			got = append(got, row.(map[string]any)["id"])
		}
		if !slices.Equal(want, got) || len(want) == 0 {
			t.Errorf("%s finds %v, want %v", each.filter, got, want)
		}
	}
	at := row["activityDateTime"].(string)
	for filter, want := range map[string]bool{
		"activityDateTime ge " + at: true, "activityDateTime gt " + at: false, "activityDateTime le " + at: true, "activityDateTime lt 2020-01-01": false,
		"activityDateTime gt 2020-01-01T00:00:00Z and activityDateTime lt 2999-01-01": true,
	} {
		if contains(find(filter)) != want {
			t.Errorf("%s: want %v", filter, want)
		}
	}
}
