package salesforcetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// bulkChunk is how many rows of a job share a transaction.
const bulkChunk = 200

// nullMark is how a CSV file clears a field; an empty value leaves it alone.
const nullMark = "#N/A"

// jsonVersion writes the version as jobs do: a number with a decimal.
func jsonVersion(version int) json.RawMessage {
	return fmt.Appendf(nil, "%d.0", version)
}

// delimiters maps the names of column delimiters.
func delimiters() map[string]rune {
	return map[string]rune{"COMMA": ',', "SEMICOLON": ';', "TAB": '\t', "PIPE": '|', "CARET": '^', "BACKQUOTE": '`'}
}

// createIngestJob opens a job that waits for its rows (Bulk API 2.0 and Bulk API
// Developer Guide, Create a Job). What is wrong with the job is told now, what is
// wrong with a row only in its results.
func (o *Org) createIngestJob(c *call, members []member) *answer {
	made := &job{
		kind: "ingest", operation: findText(members, "operation"), user: c.user, state: "Open", version: c.version,
		delimiter: findText(members, "columnDelimiter"), lineEnding: findText(members, "lineEnding"), external: findText(members, "externalIdFieldName"),
	}
	fill(&made.delimiter, "COMMA")
	fill(&made.lineEnding, "LF")
	t := o.schema.object(findText(members, "object"))
	switch {
	case t == nil:
		return refuse(newError(http.StatusBadRequest, "INVALIDENTITY", "Unable to find object: "+findText(members, "object")))
	case !slices.Contains([]string{"insert", "update", "upsert", "delete", "hardDelete"}, made.operation):
		return refuse(newError(http.StatusBadRequest, "INVALIDJOB", "The operation is not supported: "+made.operation))
	case delimiters()[made.delimiter] == 0 || made.lineEnding != "LF" && made.lineEnding != "CRLF":
		return refuse(newError(http.StatusBadRequest, "INVALIDJOB", "The column delimiter or the line ending is not supported"))
	case made.operation == "upsert" && (t.field(made.external) == nil || !t.field(made.external).findsRecords()):
		return refuse(newError(http.StatusBadRequest, "INVALIDJOB", "The external ID field does not exist: "+made.external))
	}
	made.object = t.name
	o.read(c, func() { o.jobs.add(o.pod, made) })
	return reply(http.StatusOK, made.describe())
}

// ingestContent takes the rows, in one piece and once, and gives the results.
// Together the three lists of results hold every row of the content.
func (o *Org) ingestContent(c *call, j *job, part string) *answer {
	o.jobs.mu.Lock()
	defer o.jobs.mu.Unlock()
	part = strings.ToLower(part)
	if part == "batches" {
		switch {
		case c.method != http.MethodPut:
			return refuse(methodNotAllowed(c.method, "PUT"))
		case j.state != "Open" || j.content != nil:
			return refuse(newError(http.StatusBadRequest, "INVALIDJOBSTATE", "The content of the job was uploaded already"))
		}
		j.content = append([]byte{}, c.body...)
		return &answer{status: http.StatusCreated}
	}
	if c.method != http.MethodGet {
		return refuse(methodNotAllowed(c.method, "GET"))
	}
	switch part {
	case "successfulresults":
		return csvAnswer(append([]string{"sf__Id", "sf__Created"}, j.header...), j.succeeded)
	case "failedresults":
		return csvAnswer(append([]string{"sf__Id", "sf__Error"}, j.header...), j.refused)
	case "unprocessedrecords":
		return csvAnswer(j.header, j.untouched)
	}
	return refuse(notFound())
}

// csvAnswer quotes every value, as the API does.
func csvAnswer(header []string, rows [][]string) *answer {
	var b bytes.Buffer
	for _, row := range append([][]string{header}, rows...) {
		for i, value := range row {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(value, `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return &answer{status: http.StatusOK, body: b.Bytes(), contentType: "text/csv"}
}

// ingest writes the rows of a job in chunks. It returns an answer only if the
// schedule of faults wants one instead.
func (o *Org) ingest(c *call, j *job) *answer {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(j.content, []byte("\uFEFF"))))
	reader.Comma = delimiters()[j.delimiter]
	reader.FieldsPerRecord = -1
	lines, err := reader.ReadAll()
	if err != nil || len(lines) == 0 {
		o.finish(j, "Failed", "InvalidBatch : The content is no CSV file with a header")
		return nil
	}
	j.header = lines[0]
	t := o.schema.object(j.object)
	for _, column := range j.header {
		if err := o.checkColumn(t, column); err != "" {
			j.untouched = lines[1:]
			o.finish(j, "Failed", "InvalidBatch : Field name not found : "+err)
			return nil
		}
	}
	verb := map[string]string{"insert": "create", "update": "update", "upsert": "update", "delete": "delete", "hardDelete": "delete"}[j.operation]
	left := lines[1:]
	for chunk := range slices.Chunk(lines[1:], bulkChunk) {
		rows := make([]*rowRequest, len(chunk))
		o.read(c, func() {
			for i, line := range chunk {
				rows[i] = o.csvRow(t, j.header, line, verb)
			}
		})
		if a := c.consult(o, o.rowOperations(c, rows)...); a != nil {
			j.untouched = left
			o.finish(j, "Failed", "InternalServerError : the job was interrupted")
			return a
		}
		o.writeChunk(c, j, rows, chunk)
		left = left[len(chunk):]
	}
	o.finish(j, "JobComplete", "")
	return nil
}

// finish takes a job to its last state and gives its content back.
func (o *Org) finish(j *job, state, failure string) {
	o.jobs.mu.Lock()
	defer o.jobs.mu.Unlock()
	j.state, j.failure, j.content, j.changed = state, failure, nil, time.Now().UnixMilli()
}

// checkColumn returns the name of a column that the object does not have.
func (o *Org) checkColumn(t *object, column string) string {
	relation, name, related := strings.Cut(column, ".")
	if !related {
		if t.field(column) == nil {
			return column
		}
		return ""
	}
	reference := t.parent(relation)
	if reference == nil || o.schema.object(reference.referenceTo[0]).field(name) == nil {
		return column
	}
	return ""
}

// csvRow turns a line into a row. A value that does not fit its field fails the
// row, not the job.
func (o *Org) csvRow(t *object, header, line []string, verb string) *rowRequest {
	var members []member
	for i, column := range header {
		if i >= len(line) || line[i] == "" {
			continue
		}
		var value any = line[i]
		if line[i] == nullMark {
			value = nil
		}
		if relation, name, related := strings.Cut(column, "."); related {
			members = append(members, member{relation, []member{{name, value}}})
			continue
		}
		members = append(members, member{column, value})
	}
	d, id, err := o.draftOf(t, members)
	row := &rowRequest{object: t, draft: d, id: id, verb: verb}
	if err != nil {
		row.draft = newDraft(t, nil)
		row.faults = []*apiError{rowError(err.code, err.message)}
	}
	return row
}

// writeChunk writes rows in one transaction, each for itself, and notes what
// became of each line.
func (o *Org) writeChunk(c *call, j *job, rows []*rowRequest, lines [][]string) {
	var external *field
	if j.operation == "upsert" {
		external = o.schema.object(j.object).field(j.external)
	}
	o.write(c, func(tx *transaction) {
		refuseRepeated(rows, external)
		for _, row := range rows {
			op := operation{name: row.verb, object: row.object.name, keys: o.keysOf(row.object, row.draft, row.id)}
			if fault := o.rowFault(op); fault != nil {
				row.faults = []*apiError{fault}
			}
			switch {
			case len(row.faults) > 0:
			case row.verb == "delete":
				row.faults = tx.delete(row.object, row.id)
			default:
				tx.writeRow(row, external)
			}
		}
	})
	var created, updated, deleted, refused int
	o.jobs.mu.Lock()
	defer o.jobs.mu.Unlock()
	for i, row := range rows {
		j.processed++
		if len(row.faults) > 0 {
			refused++
			j.failed++
			j.refused = append(j.refused, append([]string{row.id, bulkError(row.faults)}, lines[i]...))
			continue
		}
		switch {
		case row.created:
			created++
		case row.verb == "delete":
			deleted++
		default:
			updated++
		}
		j.succeeded = append(j.succeeded, append([]string{longID(row.id), truth(row.created)}, lines[i]...))
	}
	o.statistics.rows(created, updated, deleted, refused)
}

// bulkError writes faults as CODE:message:fields --.
func bulkError(faults []*apiError) string {
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.code + ":" + f.message + ":" + strings.Join(f.fields, ",") + " --"
	}
	return strings.Join(texts, "; ")
}
