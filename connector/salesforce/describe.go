package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
)

// userField is what describe says of one field of User.
type userField struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	Type       string `json:"type"`
	Length     int    `json:"length"`
	Nillable   bool   `json:"nillable"`
	Defaulted  bool   `json:"defaultedOnCreate"`
	Createable bool   `json:"createable"`
	Updateable bool   `json:"updateable"`
	Restricted bool   `json:"restrictedPicklist"`
	Picklist   []struct {
		Value  string `json:"value"`
		Active bool   `json:"active"`
	} `json:"picklistValues"`
}

// required reports whether a new user needs a value.
func (f userField) required() bool {
	return f.Createable && !f.Nillable && !f.Defaulted && f.Type != "boolean"
}

// allows reports whether a picklist that is restricted has the value. Salesforce
// does not mind the letter case.
func (f userField) allows(text string) bool {
	if !f.Restricted || len(f.Picklist) == 0 {
		return true
	}
	for _, value := range f.Picklist {
		if value.Active && strings.EqualFold(value.Value, text) {
			return true
		}
	}
	return false
}

// userRules are the fields of User by folded name, and the required ones in the
// order in which the org lists them.
type userRules struct {
	fields   map[string]userField
	required []string
}

// description holds what describe said, and who may ask.
type description struct {
	writes atomic.Int64 // changes that were asked for so far
	turn   chan struct{}
	rules  *userRules // guarded by turn
	stamp  string     // guarded by turn: Last-Modified of the answer
	asked  time.Time  // guarded by turn
}

func newDescription() *description { return &description{turn: make(chan struct{}, 1)} }

// rules returns what the org says of the fields of User, nil while there is too
// little to write to pay for the question, or when there is no answer: the org
// then judges the rows itself. It is asked once, and in a long run now and then
// whether its answer still holds.
func (c *Connector) rules(ctx context.Context, changes int) *userRules {
	from := c.client.options.DescribeFrom
	if from < 0 || c.description.writes.Add(int64(changes)) <= int64(from) {
		return nil
	}
	select {
	case c.description.turn <- struct{}{}:
		defer func() { <-c.description.turn }()
	case <-ctx.Done():
		return nil
	}
	if now := time.Now(); now.Sub(c.description.asked) >= c.client.options.DescribeAge {
		c.description.asked = now
		c.description.ask(ctx, c.client)
	}
	return c.description.rules
}

// ask keeps what was known when the org says that it still holds, and when it says
// nothing.
func (d *description) ask(ctx context.Context, c *client) {
	var a answer
	err := c.patiently(ctx, func() error {
		var err error
		a, err = c.call(ctx, func(s session) request {
			return request{method: http.MethodGet, url: s.url("/sobjects/User/describe", ""), since: d.stamp}
		})
		return err
	})
	if err != nil || a.same() {
		return
	}
	if rules := parseDescription(a.body); rules != nil {
		d.rules, d.stamp = rules, a.header.Get("Last-Modified")
	}
}

func parseDescription(body []byte) *userRules {
	var described struct {
		Fields []userField `json:"fields"`
	}
	if err := json.Unmarshal(body, &described); err != nil || len(described.Fields) == 0 {
		return nil
	}
	rules := &userRules{fields: make(map[string]userField, len(described.Fields))}
	for _, f := range described.Fields {
		rules.fields[strings.ToLower(f.Name)] = f
		if f.required() {
			rules.required = append(rules.required, f.Name)
		}
	}
	return rules
}

// fault returns the fault that the org would report for a value of a field; ok is
// false when there is none to be foreseen.
func (r *userRules) fault(name string, value attr.Value, create bool) (fault, bool) {
	f, known := r.fields[strings.ToLower(name)]
	switch text := value.String(); {
	case !known:
		return fault{StatusCode: "INVALID_FIELD", Message: fmt.Sprintf("No such column '%s' on sobject of type User", name)}, true
	case create && !f.Createable || !create && !f.Updateable:
		return fault{
			StatusCode: "INVALID_FIELD_FOR_INSERT_UPDATE", Fields: []string{f.Name},
			Message: fmt.Sprintf("Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", f.Name),
		}, true
	case value.Kind() != attr.String || text == "":
		return fault{}, false
	case f.Type == "picklist" && !f.allows(text):
		return fault{
			StatusCode: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Fields: []string{f.Name},
			Message: fmt.Sprintf("%s: bad value for restricted picklist field: %s", f.Label, text),
		}, true
	case f.isText() && f.Length > 0 && len(text) > f.Length && utf8.RuneCountInString(text) > f.Length:
		return fault{
			StatusCode: "STRING_TOO_LONG", Fields: []string{f.Name},
			Message: fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.Label, text, f.Length),
		}, true
	}
	return fault{}, false
}

func (f userField) isText() bool {
	return slices.Contains([]string{"string", "textarea", "email", "phone", "url"}, f.Type)
}

// missing returns the fault for required fields without a value: those that a
// new user does not get, or that an update empties.
func (r *userRules) missing(filled, emptied map[string]bool, create bool) (fault, bool) {
	var names []string
	for _, name := range r.required {
		folded := strings.ToLower(name)
		if create && !filled[folded] || !create && emptied[folded] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return fault{}, false
	}
	return fault{
		StatusCode: "REQUIRED_FIELD_MISSING", Fields: names,
		Message: "Required fields are missing: [" + strings.Join(names, ", ") + "]",
	}, true
}
