package salesforcetest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// format takes .xml or .json off the end of a path (REST API Developer Guide, Response
// Format) and tells whether the client
// wants XML. The end of the path counts more than the header.
func (c *call) format() {
	for media := range strings.SplitSeq(c.header.Get("Accept"), ",") {
		media, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(media)), ";")
		if media == "application/json" || media == "*/*" {
			break
		}
		if media == "application/xml" {
			c.xml = true
			break
		}
	}
	if len(c.path) == 0 {
		return
	}
	last := &c.path[len(c.path)-1]
	if name, found := strings.CutSuffix(*last, ".xml"); found {
		*last, c.xml = name, true
	} else if name, found := strings.CutSuffix(*last, ".json"); found {
		*last, c.xml = name, false
	}
}

// inXML turns an answer into XML if it is a record, the result of a query or of a
// write, a list of errors or the list of versions. Others stay in JSON.
func (a *answer) inXML() *answer {
	if len(a.body) == 0 || a.contentType != "" {
		return a
	}
	value, err := decodeJSON(a.body)
	if err != nil {
		return a
	}
	name, value := xmlRoot(value)
	if name == "" {
		return a
	}
	told := *a
	told.contentType = "application/xml;charset=UTF-8"
	told.body = appendXML([]byte(`<?xml version="1.0" encoding="UTF-8"?>`), name, value, ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`)
	return &told
}

// xmlRoot names the root element of what an answer holds; empty if it has none.
func xmlRoot(value any) (name string, content any) {
	switch v := value.(type) {
	case []member:
		if attributes, ok := find(v, "attributes"); ok {
			typed, _ := attributes.([]member)
			return findText(typed, "type"), v
		}
		if _, ok := find(v, "records"); ok {
			return unconfirmed.XMLQueryResult, sortedMembers(v, "done", "nextRecordsUrl", "records", "totalSize")
		}
		if _, ok := find(v, "success"); ok {
			return unconfirmed.XMLResult, v
		}
	case []any:
		if len(v) == 0 {
			return "", nil
		}
		first, _ := v[0].([]member)
		if _, ok := find(first, "errorCode"); ok {
			return unconfirmed.XMLErrors, []member{{unconfirmed.XMLError, v}}
		}
		if _, ok := find(first, "version"); ok {
			return unconfirmed.XMLVersions, []member{{unconfirmed.XMLVersion, v}}
		}
	}
	return "", nil
}

// sortedMembers brings the members into an order; those without a place are left out.
func sortedMembers(members []member, order ...string) []member {
	var sorted []member
	for _, name := range order {
		if value, ok := find(members, name); ok {
			sorted = append(sorted, member{name, value})
		}
	}
	return sorted
}

// appendXML writes a value as an element. A list becomes one element for each of
// its entries, and the attributes of a record those of its element.
func appendXML(buffer []byte, name string, value any, namespace string) []byte {
	if list, ok := value.([]any); ok {
		for _, item := range list {
			buffer = appendXML(buffer, name, item, "")
		}
		return buffer
	}
	buffer = append(buffer, '<')
	buffer = append(buffer, name...)
	buffer = append(buffer, namespace...)
	members, isObject := value.([]member)
	if attributes, ok := find(members, "attributes"); ok {
		typed, _ := attributes.([]member)
		for _, m := range typed {
			buffer = fmt.Appendf(buffer, ` %s="%s"`, m.name, escapeXML(fmt.Sprint(m.value)))
		}
	}
	if value == nil {
		return append(buffer, ` xsi:nil="true"/>`...)
	}
	buffer = append(buffer, '>')
	for _, m := range members {
		if m.name != "attributes" {
			buffer = appendXML(buffer, m.name, m.value, "")
		}
	}
	if !isObject {
		buffer = append(buffer, escapeXML(scalarText(value))...)
	}
	buffer = append(buffer, "</"...)
	buffer = append(buffer, name...)
	return append(buffer, '>')
}

// scalarText is a text, a number or a boolean without quotes.
func scalarText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return truth(v)
	}
	return ""
}
