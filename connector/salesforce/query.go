package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
)

// record is one record of a query's answer. Numbers keep their text.
type record map[string]any

// page is one answer of the query resource.
type page struct {
	TotalSize      int      `json:"totalSize"`
	Done           bool     `json:"done"`
	NextRecordsURL string   `json:"nextRecordsUrl"`
	Records        []record `json:"records"`
}

// maxAddress bounds the address of a query: Salesforce takes 16,384 bytes for
// the whole of it.
const maxAddress = 16_000

// query yields the records of a SOQL statement page by page. It ends with an error
// when fewer came than Salesforce announced. Breaking off costs nothing more.
func (c *client) query(ctx context.Context, soql string) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		received, announced := 0, 0
		next := ""
		for first := true; ; first = false {
			p, err := c.page(ctx, soql, next)
			if err != nil {
				yield(nil, err)
				return
			}
			if first {
				announced = p.TotalSize
			}
			for _, r := range p.Records {
				received++
				if !yield(r, nil) {
					return
				}
			}
			if p.Done {
				break
			}
			next = p.NextRecordsURL
		}
		if received < announced {
			yield(nil, c.own(codeIncompleteRead, fmt.Sprintf("Salesforce announced %d records and sent %d", announced, received), nil))
		}
	}
}

// page reads the first page of a statement, or the one that the last page named.
func (c *client) page(ctx context.Context, soql, next string) (page, error) {
	var p page
	err := c.patiently(ctx, func() error {
		a, err := c.call(ctx, func(s session) request {
			u := s.url("/query/", "q="+escapeQuery(soql))
			if next != "" {
				// The path alone: a session never follows an address to another host.
				u.Path, u.RawQuery = "/services/data/"+next, ""
			}
			return request{method: http.MethodGet, url: u}
		})
		if err != nil {
			return err
		}
		p, err = c.parsePage(a.body)
		return err
	})
	return p, err
}

func (c *client) parsePage(body []byte) (page, error) {
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return page{}, c.own(codeUnexpectedAnswer, "the answer to a query cannot be read", err)
	}
	if p.Done {
		return p, nil
	}
	path, ok := strings.CutPrefix(p.NextRecordsURL, "/services/data/")
	if !ok || strings.Contains(path, "..") {
		return page{}, c.own(codeUnexpectedAnswer, "a page of a query does not say where in the API the next one is", nil)
	}
	p.NextRecordsURL = path
	return p, nil
}

// all collects the records of a small answer.
func (c *client) all(ctx context.Context, soql string) ([]record, error) {
	var records []record
	for r, err := range c.query(ctx, soql) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// text returns a member as text, following relationships by path; empty for null.
func (r record) text(path ...string) string {
	value, _ := r.lookup(path...).(string)
	return value
}

// truth returns a Boolean member.
func (r record) truth(path ...string) bool {
	value, _ := r.lookup(path...).(bool)
	return value
}

// number returns a whole number.
func (r record) number(path ...string) int {
	value, _ := r.lookup(path...).(float64)
	return int(value)
}

// lookup follows relationships; a parent that is null gives nil. Names are found
// whatever the letter case, because Salesforce answers with its own.
func (r record) lookup(path ...string) any {
	var value any = map[string]any(r)
	for _, name := range path {
		members, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = member(members, name)
	}
	return value
}

func member(members map[string]any, name string) any {
	if value, ok := members[name]; ok {
		return value
	}
	for other, value := range members {
		if strings.EqualFold(other, name) {
			return value
		}
	}
	return nil
}

// escapeQuery writes text for the query of an address and escapes no more than
// needed: quotation marks, commas, @ and parentheses may stand as they are (RFC
// 3986), which makes room for half as many names again in one request.
func escapeQuery(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			b.WriteByte('+')
		case staysInQuery(c):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// escapedLength is the length of escapeQuery's result.
func escapedLength(text string) int {
	length := len(text)
	for i := range len(text) {
		if c := text[i]; c != ' ' && !staysInQuery(c) {
			length += 2
		}
	}
	return length
}

func staysInQuery(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("-._~!$'()*,=:@/?", c) >= 0
}
