package salesforcetest_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// table reads a CSV answer.
func (r response) table(t *testing.T) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(r.text)).ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", r.text, err)
	}
	return rows
}

// ingest runs a job to its end and returns the path of the job.
func (s *session) ingest(job map[string]any, content string) string {
	s.t.Helper()
	made := s.do(http.MethodPost, data+"/jobs/ingest", encode(s.t, job)).object(s.t)
	if made["state"] != "Open" {
		s.t.Fatalf("job: %v", made)
	}
	if answer := s.do(http.MethodPut, "/"+made["contentUrl"].(string), content, "Content-Type", "text/csv"); answer.status != http.StatusCreated {
		s.t.Fatalf("upload: %d %s", answer.status, answer.text)
	}
	path := data + "/jobs/ingest/" + made["id"].(string)
	if answer := s.do(http.MethodPatch, path, `{"state":"UploadComplete"}`).object(s.t); answer["state"] != "UploadComplete" {
		s.t.Fatalf("complete: %v", answer)
	}
	return path
}

func TestBulkIngestReportsEveryRow(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	profile := s.ids("Profile", "Name")["Standard User"]
	header := "Username;LastName;Email;Alias;TimeZoneSidKey;LocaleSidKey;EmailEncodingKey;LanguageLocaleKey;ProfileId;Title\n"
	line := func(username, alias string) string {
		return fmt.Sprintf("%s;\"Last; name\";%s;%s;Europe/Paris;fr_FR;UTF-8;fr;%s;\n", username, username, alias, profile)
	}
	job := map[string]any{"object": "User", "operation": "insert", "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "SEMICOLON"}
	path := s.ingest(job, header+line("a@example.com", "a")+line("b@example.com", "much too long"))
	state := s.do(http.MethodGet, path, "").object(t)
	if state["state"] != "JobComplete" || state["numberRecordsProcessed"] != 2.0 || state["numberRecordsFailed"] != 1.0 {
		t.Errorf("job: %v", state)
	}
	good := s.do(http.MethodGet, path+"/successfulResults/", "").table(t)
	user, _ := s.org.User("a@example.com")
	if diff := cmp.Diff([]string{user.ID, "true", "a@example.com", "Last; name"}, good[1][:4]); diff != "" || len(good) != 2 {
		t.Errorf("good rows (-want +got):\n%s", diff)
	}
	bad := s.do(http.MethodGet, path+"/failedResults", "").table(t)
	want := []string{"", "STRING_TOO_LONG:Alias: data value too large: much too long (max length=8):Alias --", "b@example.com"}
	if diff := cmp.Diff(want, bad[1][:3]); diff != "" {
		t.Errorf("bad rows (-want +got):\n%s", diff)
	}
	if rest := s.do(http.MethodGet, path+"/unprocessedrecords", "").table(t); len(rest) != 1 {
		t.Errorf("unprocessed rows: %v", rest)
	}
	update := s.ingest(map[string]any{"object": "User", "operation": "update"}, "Id,FirstName,Title\n"+user.ID+",Ana,#N/A\n")
	if state := s.do(http.MethodGet, update, "").object(t); state["numberRecordsFailed"] != 0.0 {
		t.Errorf("update: %v", state)
	}
	if user, _ = s.org.User("a@example.com"); user.Get("FirstName") != "Ana" {
		t.Errorf("the org holds %+v", user)
	}
	batches, _ := s.do(http.MethodGet, data+"/limits", "").object(t)["DailyBulkApiBatches"].(map[string]any)
	if batches["Remaining"] != 14_998.0 {
		t.Errorf("two batches leave %v", batches)
	}
}

func TestTheContentOfAJobMayBeLargerThanOtherBodies(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	large := strings.Repeat("x", 51<<20)
	if answer := s.do(http.MethodPost, data+"/sobjects/User", large, "Content-Type", "application/json"); answer.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a record: %d %.200s", answer.status, answer.text)
	}
	made := s.do(http.MethodPost, data+"/jobs/ingest", `{"object":"User","operation":"insert"}`).object(t)
	if answer := s.do(http.MethodPut, "/"+made["contentUrl"].(string), large, "Content-Type", "text/csv"); answer.status != http.StatusCreated {
		t.Errorf("the rows of a job: %d %.200s", answer.status, answer.text)
	}
}

func TestBulkJobsFailAsAWhole(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	path := s.ingest(map[string]any{"object": "User", "operation": "insert"}, "Foo\nx\n")
	if state := s.do(http.MethodGet, path, "").object(t); state["state"] != "Failed" || !strings.Contains(state["errorMessage"].(string), "Field name not found : Foo") {
		t.Errorf("job: %v", state)
	}
	if answer := s.do(http.MethodPatch, path, `{"state":"Aborted"}`); answer.code(t) != "INVALIDJOBSTATE" {
		t.Errorf("abort: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPost, data+"/jobs/ingest", `{"object":"Foo","operation":"insert"}`); answer.status != http.StatusBadRequest {
		t.Errorf("unknown object: %d %s", answer.status, answer.text)
	}
}

func TestBulkQueryIsPagedByLocators(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	s.createMany(250)
	job := s.do(http.MethodPost, data+"/jobs/query", `{"operation":"query","query":"SELECT Id, Profile.Name, Title FROM User ORDER BY Id"}`).object(t)
	path := data + "/jobs/query/" + job["id"].(string)
	if state := s.do(http.MethodGet, path, "").object(t); state["state"] != "JobComplete" || state["numberRecordsProcessed"] != 251.0 {
		t.Errorf("job: %v", state)
	}
	rows, locator := 0, ""
	for {
		answer := s.do(http.MethodGet, path+"/results?maxRecords=100&locator="+locator, "")
		table := answer.table(t)
		if diff := cmp.Diff([]string{"Id", "Profile.Name", "Title"}, table[0]); diff != "" {
			t.Fatalf("header (-want +got):\n%s", diff)
		}
		if answer.header.Get("Sforce-NumberOfRecords") != strconv.Itoa(len(table)-1) {
			t.Error("the number of records is wrong")
		}
		rows += len(table) - 1
		if locator = answer.header.Get("Sforce-Locator"); locator == "null" {
			break
		}
	}
	if rows != 251 {
		t.Errorf("%d rows", rows)
	}
}
