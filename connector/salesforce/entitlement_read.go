package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// usersAtOnce is how many ids of users fit into the address of one query.
const usersAtOnce = 500

// junctions are the records that tie things to users: by junction and user.
type junctions map[string]map[string][]record

// readJunctions reads the records of junctions for users, all junctions in one
// call for up to usersAtOnce users.
func (c *client) readJunctions(ctx context.Context, objects, users []string) (junctions, error) {
	found := junctions{}
	for _, object := range objects {
		found[object] = map[string][]record{}
	}
	for ids := range slices.Chunk(quotedIDs(users), usersAtOnce) {
		statements := make([]string, len(objects))
		for i, object := range objects {
			user, fields := junctionFields(object)
			statements[i] = "SELECT Id, " + user + ", " + fields + " FROM " + object + " WHERE " + user + " IN (" + strings.Join(ids, ",") + ") ORDER BY Id"
		}
		answers, err := c.queries(ctx, statements)
		if err != nil {
			return nil, err
		}
		for i, object := range objects {
			user, _ := junctionFields(object)
			for _, r := range answers[i] {
				id := longID(r.text(user))
				found[object][id] = append(found[object][id], r)
			}
		}
	}
	return found, nil
}

// queries collects the answers to up to five statements in one call.
func (c *client) queries(ctx context.Context, statements []string) ([][]record, error) {
	if len(statements) == 1 {
		records, err := c.all(ctx, statements[0])
		return [][]record{records}, err
	}
	var pages []page
	err := c.patiently(ctx, func() error {
		var err error
		pages, err = c.firstPages(ctx, statements)
		return err
	})
	if err != nil {
		return nil, err
	}
	answers := make([][]record, len(statements))
	for i, p := range pages {
		answers[i] = p.Records
		for announced := p.TotalSize; !p.Done; {
			if p, err = c.page(ctx, "", p.NextRecordsURL); err != nil {
				return nil, err
			}
			answers[i] = append(answers[i], p.Records...)
			p.TotalSize = announced
		}
		if len(answers[i]) < p.TotalSize {
			return nil, c.own(codeIncompleteRead, fmt.Sprintf("Salesforce announced %d records and sent %d", p.TotalSize, len(answers[i])), nil)
		}
	}
	return answers, nil
}

// firstPages reads the first page of each statement with one composite request.
func (c *client) firstPages(ctx context.Context, statements []string) ([]page, error) {
	a, err := c.call(ctx, func(s session) request {
		b := []byte(`{"allOrNone":false,"collateSubrequests":false,"compositeRequest":[`)
		for i, statement := range statements {
			if i > 0 {
				b = append(b, ',')
			}
			u := s.url("/query/", "q="+escapeQuery(statement))
			b = fmt.Appendf(b, `{"method":"GET","referenceId":"q%d","url":`, i)
			b = append(attr.Text(u.Path+"?"+u.RawQuery).AppendJSON(b), '}')
		}
		return request{method: http.MethodPost, url: s.url("/composite", ""), body: append(b, `]}`...), media: mediaJSON}
	})
	if err != nil {
		return nil, err
	}
	var response compositeResponse
	if err := json.Unmarshal(a.body, &response); err != nil || len(response.Parts) != len(statements) {
		return nil, c.own(codeUnexpectedAnswer, "the answer to queries cannot be read", err)
	}
	pages := make([]page, len(statements))
	for i, part := range response.Parts {
		if part.Status < 200 || part.Status > 299 {
			return nil, c.refusal(request{}, answer{status: part.Status, body: part.Body})
		}
		if pages[i], err = c.parsePage(part.Body); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// enrich adds to users the attributes that are not fields of User.
func (c *Connector) enrich(ctx context.Context, fields []field, users []attr.Object) error {
	objects := junctionsOf(fields)
	if len(objects) == 0 || len(users) == 0 {
		return nil
	}
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = user.ID
	}
	found, err := c.client.readJunctions(ctx, objects, ids)
	if err != nil {
		return err
	}
	for i, user := range users {
		for _, f := range fields {
			if isApart(f.attribute) {
				users[i] = users[i].With(f.attribute, valueApart(f.attribute, found[junctionOf(f.attribute)][user.ID]))
			}
		}
	}
	return nil
}

// junctionsOf lists the junctions that attributes are in.
func junctionsOf(fields []field) []string {
	var objects []string
	for _, f := range fields {
		if isApart(f.attribute) && !slices.Contains(objects, junctionOf(f.attribute)) {
			objects = append(objects, junctionOf(f.attribute))
		}
	}
	return objects
}

// valueApart is the value of an attribute that the records of one user make.
func valueApart(attribute string, records []record) attr.Value {
	kind, found := findEntitlement(attribute)
	if !found {
		return attr.Bool(slices.ContainsFunc(records, func(r record) bool { return r.truth(attributeIsFrozen) }))
	}
	var names []string
	for _, r := range records {
		if name := kind.held(r); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var references []attr.Value
	for _, name := range slices.Compact(names) {
		references = append(references, attr.RefTo(attr.Ref{Type: kind.reference, ID: name}))
	}
	return attr.Values(references...)
}
