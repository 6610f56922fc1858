package salesforce

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/connector"
)

// nullMark clears a field in the rows of a bulk job; an empty value leaves it as it
// is.
const nullMark = "#N/A"

// bulkRow is a row as a line of a bulk job.
type bulkRow struct {
	row

	key    string // finds the line in the results, which come in no order
	values map[string]string
}

// forBulk tells the rows of one kind that a bulk job can write from those that it
// cannot: there must be enough of them, and of each line the result must be found
// again, by the id of an account and by the username of a new one.
func (c *Connector) forBulk(rows []row) (bulk []bulkRow, rest []row) {
	if c.bulkFrom == 0 || len(rows) < c.bulkFrom {
		return nil, rows
	}
	seen := map[string]bool{}
	for _, r := range rows {
		b, ok := newBulkRow(r)
		if !ok || seen[b.key] {
			rest = append(rest, r)
			continue
		}
		seen[b.key] = true
		bulk = append(bulk, b)
	}
	if len(bulk) < c.bulkFrom {
		return nil, rows
	}
	return bulk, rest
}

// newBulkRow turns the record of a row into the values of a line. What would not come
// through as it is, is not for a bulk job: the mark for null as a text, and carriage
// returns, which separate lines.
func newBulkRow(r row) (bulkRow, bool) {
	decoder := json.NewDecoder(bytes.NewReader(r.record))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		return bulkRow{}, false
	}
	b := bulkRow{row: r, values: make(map[string]string, len(members))}
	for name, member := range members {
		switch value := member.(type) {
		case nil:
			b.values[name] = nullMark
		case bool:
			b.values[name] = strconv.FormatBool(value)
		case json.Number:
			b.values[name] = value.String()
		case string:
			if value == nullMark || strings.ContainsRune(value, '\r') {
				return bulkRow{}, false
			}
			b.values[name] = value
		default: // the type of the record, which the job says for all
		}
	}
	if r.create {
		b.key = bulkKey(b.values[attributeUsername])
		return b, b.key != ""
	}
	b.values[attributeID] = longID(b.values["id"])
	delete(b.values, "id")
	b.key = bulkKey(b.values[attributeID])
	return b, b.key != ""
}

// bulkKey makes two spellings of one username the same. Ids of 18 characters stay
// different without their letter case.
func bulkKey(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// bulkContent writes rows as CSV with a column for each field that one of them has.
func bulkContent(rows []bulkRow) []byte {
	names := map[string]bool{}
	for _, r := range rows {
		for name := range r.values {
			names[name] = true
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := make([]string, len(columns))
	_ = w.Write(columns) // a Buffer takes everything
	for _, r := range rows {
		for i, column := range columns {
			line[i] = r.values[column]
		}
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes()
}

// writeInBulk writes rows of one kind by a bulk job and fills in their outcomes. It
// returns the rows of which it is certain that nothing was done to them, to be
// written otherwise.
func (c *Connector) writeInBulk(ctx context.Context, rows []bulkRow, outcomes []connector.Outcome) (untouched []row) {
	operation := "update"
	if rows[0].create {
		operation = "insert"
	}
	job, err := c.client.openJob(ctx, operation)
	if err == nil {
		err = c.client.uploadJob(ctx, job.ID, bulkContent(rows))
		if err != nil {
			c.client.abortJob(ctx, job.ID)
		}
	}
	if err != nil {
		return otherwise(rows, err, outcomes)
	}
	begun, err := c.client.closeJob(ctx, job.ID)
	if !begun {
		return otherwise(rows, err, outcomes)
	}
	if err == nil {
		job, err = c.client.awaitJob(ctx, job.ID)
	}
	if err == nil {
		untouched, err = c.settleJob(ctx, job, rows, outcomes)
	}
	if err != nil {
		lost := c.client.own(codeAnswerLost, "what became of a bulk job is not known: "+asError(err).Error(), err)
		fail(plainRows(rows), lost, outcomes)
		return nil
	}
	return untouched
}

// otherwise decides on rows of a job that did not begin: nothing was done to them,
// and they are written by collections, unless the reason stands against these too.
func otherwise(rows []bulkRow, err error, outcomes []connector.Outcome) []row {
	plain := plainRows(rows)
	if kind := connector.KindOf(err); kind == connector.Unauthorized || kind == connector.QuotaExceeded {
		fail(plain, err, outcomes)
		return nil
	}
	return plain
}

func plainRows(rows []bulkRow) []row {
	plain := make([]row, len(rows))
	for i, r := range rows {
		plain[i] = r.row
	}
	return plain
}

// settleJob reads the results of a job that is over and fills in the outcomes. Rows
// that the job did not come to are returned. A row of which no list tells may have
// been written.
func (c *Connector) settleJob(ctx context.Context, job bulkJob, rows []bulkRow, outcomes []connector.Outcome) ([]row, error) {
	complete := job.State == "JobComplete" && job.Processed >= len(rows)
	results := map[string]bulkResult{}
	// What went well counts, should a row be in two lists.
	for _, list := range []struct {
		name string
		skip bool
		kind bulkKind
	}{{"unprocessedrecords", complete, bulkUntouched}, {"failedResults", complete && job.Failed == 0, bulkFailed}, {"successfulResults", false, bulkWritten}} {
		if list.skip {
			continue
		}
		body, err := c.client.jobResults(ctx, job.ID, list.name)
		if err == nil {
			err = c.client.parseResults(body, list.kind, rows[0].create, results)
		}
		if err != nil {
			return nil, err
		}
	}
	var untouched []row
	for _, r := range rows {
		result, told := results[r.key]
		outcome := connector.Outcome{}
		switch {
		case !told:
			outcome.Err = c.client.own(codeAnswerLost, "no result of the bulk job "+job.ID+" tells of the row", nil)
		case result.kind == bulkUntouched:
			untouched = append(untouched, r.row)
			continue
		case result.kind == bulkFailed:
			outcome.Err = c.client.rowFailure(r.row, parseBulkError(result.message))
		default:
			outcome.TargetID = longID(result.id)
		}
		outcomes[r.index] = outcome
	}
	return untouched, nil
}

type bulkKind int

const (
	bulkUntouched bulkKind = iota
	bulkFailed
	bulkWritten
)

// bulkResult is what a job tells of one row.
type bulkResult struct {
	kind    bulkKind
	id      string
	message string
}

// parseResults reads one list of results. An empty list may come without a header.
func (c *client) parseResults(body []byte, kind bulkKind, create bool, results map[string]bulkResult) error {
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		return c.own(codeUnexpectedAnswer, "the results of a bulk job cannot be read", err)
	}
	if len(lines) < 2 {
		return nil
	}
	column := func(name string) int {
		return slices.IndexFunc(lines[0], func(title string) bool { return strings.EqualFold(title, name) })
	}
	key := column(attributeID)
	if create {
		key = column(attributeUsername)
	}
	id, message := column("sf__Id"), column("sf__Error")
	if key < 0 || kind == bulkWritten && id < 0 || kind == bulkFailed && message < 0 {
		return c.own(codeUnexpectedAnswer, "the results of a bulk job lack a column", nil)
	}
	for _, line := range lines[1:] {
		result := bulkResult{kind: kind}
		if kind == bulkWritten {
			if result.id = line[id]; !isID(result.id) {
				return c.own(codeUnexpectedAnswer, fmt.Sprintf("the results of a bulk job have the id %q", result.id), nil)
			}
		}
		if kind == bulkFailed {
			result.message = line[message]
		}
		name := line[key]
		if !create {
			name = longID(name)
		}
		results[bulkKey(name)] = result
	}
	return nil
}

// parseBulkError reads CODE:message:Field,Field --. A text of another form is about
// the row all the same.
func parseBulkError(text string) []fault {
	code, rest, found := strings.Cut(text, ":")
	if !found || code == "" || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return []fault{{StatusCode: "UNKNOWN_EXCEPTION", Message: text}}
	}
	f := fault{StatusCode: code, Message: rest}
	if i := strings.LastIndex(rest, ":"); i >= 0 && strings.HasSuffix(rest, "--") {
		f.Message = rest[:i]
		for name := range strings.SplitSeq(strings.TrimSpace(strings.TrimSuffix(rest[i+1:], "--")), ",") {
			if name = strings.TrimSpace(name); name != "" {
				f.Fields = append(f.Fields, name)
			}
		}
	}
	return []fault{f}
}
