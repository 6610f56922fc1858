package logs

import (
	"context"
	"strings"

	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
)

// codesData explains the reason codes.
type codesData struct {
	Search string
	Rows   []codeRow
	Empty  page.Empty
}

// codeRow is a code with what it means.
type codeRow struct {
	Code    string
	Meaning string
	Advice  string
	Path    string // of the entries that have it
}

func codesHead() page.Head {
	head := page.Head{Section: "/logs", Lead: "What the codes of the provisioning log mean, and what to do. A code may begin with the name of an application: SalesforceTimeout is a Timeout of Salesforce."}
	return head.Below("Reason codes", "/logs", "Provisioning logs")
}

func (a *Area) showCodes(_ context.Context, r *page.Request) (page.Answer, error) {
	return a.codes.Show(codesHead(), newCodesData(a.Administration.Catalogue, r.Value("search"))), nil
}

func newCodesData(catalogue journal.Catalogue, search string) codesData {
	data := codesData{Search: search, Empty: page.Empty{
		Icon: "search", Title: "No code is like that", Text: "Look for a part of the code or of its explanation.", Actions: []page.Link{{Text: "Show all codes", Path: change.CodesPath}},
	}}
	for _, explanation := range catalogue.All() {
		if contains(explanation.Code+" "+explanation.Text+" "+explanation.Advice, search) {
			data.Rows = append(data.Rows, codeRow{
				explanation.Code, page.Sentence(explanation.Text), page.Sentence(explanation.Advice), filter{Code: explanation.Code}.path("/logs"),
			})
		}
	}
	return data
}

// contains reports whether a text contains what somebody searches for.
func contains(text, search string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(search))
}
