package graphapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/graphapi"
)

// document is the OpenAPI document as the service sends it.
func (w *world) document() map[string]any {
	w.tb.Helper()
	return w.object(w.want(http.StatusOK, http.MethodGet, "/usher/v1/openapi.json", ""))
}

func TestTheDocumentDescribesWhatIsServed(t *testing.T) {
	t.Parallel()
	document := newWorld(t).document()
	if version, _ := document["openapi"].(string); !strings.HasPrefix(version, "3.1.") {
		t.Errorf("OpenAPI version %q", version)
	}
	roles := graphapi.Needed()
	described := map[string]bool{}
	ids := map[string]bool{}
	for path, item := range document["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			name := strings.ToUpper(method) + " " + path
			described[name] = true
			role, served := roles[name]
			if !served {
				t.Errorf("%s is described and not served", name)
			}
			if got := at(operation, "x-required-role"); got != role {
				t.Errorf("%s is said to need the role %v; it needs %s", name, got, role)
			}
			id, _ := at(operation, "operationId").(string)
			if id == "" || ids[id] {
				t.Errorf("%s: the operationId %q is empty, or another operation has it", name, id)
			}
			ids[id] = true
			checkOperation(t, name, path, operation.(map[string]any))
		}
	}
	for name := range roles {
		if !described[name] {
			t.Errorf("%s is served and not described", name)
		}
	}
	eachReference(document, func(reference string) {
		path := strings.Split(strings.TrimPrefix(reference, "#/"), "/")
		if !strings.HasPrefix(reference, "#/") || at(document, path...) == nil {
			t.Errorf("the reference %s leads nowhere", reference)
		}
	})
}

// checkOperation checks parameters against the path, and that success and failure are
// described.
func checkOperation(t *testing.T, name, path string, operation map[string]any) {
	t.Helper()
	var wanted, declared []string
	for _, key := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		wanted = append(wanted, key[1])
	}
	for _, parameter := range operation["parameters"].([]any) {
		if at(parameter, "in") == "path" {
			declared = append(declared, at(parameter, "name").(string))
		}
	}
	slices.Sort(wanted)
	slices.Sort(declared)
	if !slices.Equal(wanted, declared) {
		t.Errorf("%s: the path has the parameters %v, declared are %v", name, wanted, declared)
	}
	responses := operation["responses"].(map[string]any)
	success := false
	for status := range responses {
		success = success || strings.HasPrefix(status, "2")
	}
	if !success || responses["default"] == nil || operation["summary"] == "" {
		t.Errorf("%s: responses %v, summary %v", name, len(responses), operation["summary"])
	}
}

func eachReference(value any, visit func(string)) {
	switch value := value.(type) {
	case map[string]any:
		for name, below := range value {
			if reference, ok := below.(string); ok && name == "$ref" {
				visit(reference)
			}
			eachReference(below, visit)
		}
	case []any:
		for _, below := range value {
			eachReference(below, visit)
		}
	}
}

// comparisonBody uploads the log of an incumbent that gave Ana an account.
func comparisonBody() string {
	log := `{"value":[{"activityDateTime":"2026-01-31T12:00:00Z","changeId":"1","provisioningAction":"create","provisioningStatusInfo":{"status":"success"},
		"sourceIdentity":{"id":"` + ana + `","displayName":"Ana"},"targetIdentity":{"id":"005","displayName":"ana"},
		"modifiedProperties":[{"displayName":"LastName","oldValue":null,"newValue":"Other"}]}]}`
	return `{"files":[{"name":"log.json","contentBytes":"` + base64.StdEncoding.EncodeToString([]byte(log)) + `"}]}`
}

// Answers of every kind have the form that the document gives them.
func TestAnswersHaveTheFormOfTheDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	document := w.document()
	schema := w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", "")
	made := w.object(w.want(http.StatusCreated, http.MethodPost, own+"/plans", `{"full":true}`))
	w.want(http.StatusOK, http.MethodPost, own+"/plans/"+made["id"].(string)+"/apply", "")
	w.cycle()
	log := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?$top=1", ""))
	compared := w.object(w.want(http.StatusCreated, http.MethodPost, own+"/plans/"+made["id"].(string)+"/comparisons", comparisonBody()))
	keys := strings.NewReplacer("{comparison}", compared["id"].(string), "{application}", principal, "{user}", ana, "{plan}", made["id"].(string), "{cycle}", names(log["value"], "cycleId")[0])
	bodies := map[string]string{
		"previewSchema": schema, "allowRemovals": `{"all":true}`, "rejectRemovals": `{"all":true}`, "reconsiderRemovals": `{"all":true}`, "retryEscrows": `{"all":true}`,
		"makeComparison": comparisonBody(), "acceptDrift": `{"all":true,"attribute":"Alias"}`, "retractDrift": `{"all":true,"attribute":"Alias"}`,
	}
	checked := 0
	for path, item := range document["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			id := at(operation, "operationId").(string)
			if strings.HasPrefix(id, "delete") || id == "streamEvents" || id == "applyPlan" {
				continue
			}
			status, body := w.call(strings.ToUpper(method), "/usher/v1"+keys.Replace(path), bodies[id])
			want := at(operation, "responses", strconv.Itoa(status), "content", "application/json", "schema")
			if want == nil {
				t.Errorf("%s: the status %d is not described: %s", id, status, body)
				continue
			}
			var answer any
			w.must(json.Unmarshal([]byte(body), &answer))
			for _, fault := range (validator{document}).check(id, want, answer) {
				t.Error(fault)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("%d answers were checked", checked)
	}
	status, body := w.call(http.MethodGet, own+"/plans/0", "")
	var failure any
	w.must(json.Unmarshal([]byte(body), &failure))
	if faults := (validator{document}).check("error", at(document, "components", "schemas", "Error"), failure); status != http.StatusNotFound || len(faults) > 0 {
		t.Errorf("an unknown plan: status %d, faults %v", status, faults)
	}
}

// validator checks values against the part of JSON Schema that the document uses.
type validator struct {
	document map[string]any
}

func (v validator) check(place string, schema, value any) []string {
	rules, _ := schema.(map[string]any)
	if reference, ok := rules["$ref"].(string); ok {
		return v.check(place, at(v.document, strings.Split(strings.TrimPrefix(reference, "#/"), "/")...), value)
	}
	if choices, ok := rules["oneOf"].([]any); ok {
		var faults []string
		for _, choice := range choices {
			found := v.check(place, choice, value)
			if len(found) == 0 {
				return nil
			}
			faults = append(faults, found...)
		}
		return faults
	}
	var faults []string
	all, _ := rules["allOf"].([]any)
	for _, part := range all {
		faults = append(faults, v.check(place, part, value)...)
	}
	if fault := wrongType(rules["type"], value); fault != "" {
		return append(faults, place+": "+fault)
	}
	if enum, ok := rules["enum"].([]any); ok && !slices.Contains(enum, value) {
		faults = append(faults, fmt.Sprintf("%s: %v is none of %v", place, value, enum))
	}
	return append(faults, v.parts(place, rules, value)...)
}

func (v validator) parts(place string, rules map[string]any, value any) []string {
	var faults []string
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			faults = append(faults, v.check(fmt.Sprintf("%s[%d]", place, i), rules["items"], item)...)
		}
	case map[string]any:
		properties, _ := rules["properties"].(map[string]any)
		required, _ := rules["required"].([]any)
		for _, name := range required {
			if _, there := value[name.(string)]; !there {
				faults = append(faults, fmt.Sprintf("%s: %v is missing", place, name))
			}
		}
		for name, below := range value {
			if rule, known := properties[name]; known {
				faults = append(faults, v.check(place+"."+name, rule, below)...)
			} else if rule, open := rules["additionalProperties"]; open {
				faults = append(faults, v.check(place+"."+name, rule, below)...)
			}
		}
	}
	return faults
}

// wrongType says why a value is not of the types, which are a name or a list of names.
func wrongType(types, value any) string {
	names, isList := types.([]any)
	if !isList {
		names = []any{types}
	}
	got := "null"
	switch value := value.(type) {
	case bool:
		got = "boolean"
	case string:
		got = "string"
	case float64:
		got = "number"
		if value == float64(int64(value)) {
			got = "integer"
		}
	case []any:
		got = "array"
	case map[string]any:
		got = "object"
	}
	if types == nil || slices.Contains(names, any(got)) {
		return ""
	}
	return fmt.Sprintf("it is %s, not %v", got, types)
}
