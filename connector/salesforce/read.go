package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/soql"
)

// Read yields users. Ids and values of one query go into one request as long as
// its address is not too long. Records of a stale position are read again from
// where it was lost, so that none comes twice.
func (c *Connector) Read(ctx context.Context, query connector.Query) iter.Seq2[attr.Object, error] {
	return func(yield func(attr.Object, error) bool) {
		stopped := false
		err := c.read(ctx, query, func(object attr.Object) bool {
			stopped = !yield(object, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(attr.Object{}, fmt.Errorf("read users in Salesforce: %w", err))
		}
	}
}

func (c *Connector) read(ctx context.Context, query connector.Query, yield func(attr.Object) bool) error {
	if query.Type != objectUser {
		return c.client.redacted(&connector.Error{
			Kind: connector.Unsupported, Message: fmt.Sprintf("objects of type %q are not read, only %s", query.Type, objectUser),
		})
	}
	names := query.Select
	if len(names) == 0 {
		names = c.mapped
	}
	// Taking access away needs to read the accounts, and may use what is reserved.
	if len(query.Values) > 0 || query.All {
		if err := c.spent(ctx); err != nil {
			return err
		}
	}
	if c.leaving.freeze && slices.Contains(names, attributeIsActive) {
		selected := slices.Contains(names, attributeIsFrozen)
		if !selected {
			names = append(slices.Clone(names), attributeIsFrozen)
		}
		take := yield
		yield = func(user attr.Object) bool { return take(c.leaving.shownActive(user, selected)) }
	}
	fields, err := c.client.fieldsOf(names)
	if err != nil {
		return err
	}
	conditions, err := c.conditions(query, fields)
	if err != nil {
		return err
	}
	if len(junctionsOf(fields)) > 0 {
		return c.readEnriched(ctx, fields, conditions, yield)
	}
	return c.readAll(ctx, fields, conditions, yield)
}

// readEnriched yields users with what is not a field of User. They are kept back
// until enough of them can be asked for with one call.
func (c *Connector) readEnriched(ctx context.Context, fields []field, conditions []string, yield func(attr.Object) bool) error {
	var users []attr.Object
	stopped := false
	flush := func() error {
		if err := c.enrich(ctx, fields, users); err != nil {
			return err
		}
		for _, user := range users {
			if stopped = !yield(user); stopped {
				break
			}
		}
		users = users[:0]
		return nil
	}
	var failed error
	err := c.readAll(ctx, fields, conditions, func(user attr.Object) bool {
		if users = append(users, user); len(users) == usersAtOnce {
			failed = flush()
		}
		return failed == nil && !stopped
	})
	if err != nil || failed != nil || stopped {
		return cmp.Or(failed, err)
	}
	return flush()
}

// readAll yields the users that fulfil one of the conditions, each once.
func (c *Connector) readAll(ctx context.Context, fields []field, conditions []string, yield func(attr.Object) bool) error {
	seen := map[string]bool{}
	for _, condition := range conditions {
		more, err := c.readWhere(ctx, fields, condition, func(object attr.Object) bool {
			// A user may be asked for by id in one request and by name in the next.
			if len(conditions) > 1 {
				if seen[object.ID] {
					return true
				}
				seen[object.ID] = true
			}
			return yield(object)
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// readWhere yields the users that fulfil a condition, in the order of their ids.
// It reports whether the caller wants more.
func (c *Connector) readWhere(ctx context.Context, fields []field, condition string, yield func(attr.Object) bool) (bool, error) {
	last := ""
	for restarts := 0; ; restarts++ {
		stale := false
		for r, err := range c.client.query(ctx, statement(fields, condition, last)) {
			if err != nil {
				// The position within a long answer lives for two days at most, and Salesforce
				// drops the oldest when one user has more than ten.
				if asError(err).TargetCode == "INVALID_QUERY_LOCATOR" && restarts < maxAttempts {
					stale = true
					break
				}
				return false, err
			}
			id := longID(r.text(attributeID))
			if !isID(id) {
				return false, c.client.own(codeUnexpectedAnswer, "a user came without an id", nil)
			}
			last = id
			if !yield(object(id, fields, r)) {
				return false, nil
			}
		}
		if !stale {
			return true, nil
		}
	}
}

func object(id string, fields []field, r record) attr.Object {
	builder := attr.NewBuilder(objectUser, id, len(fields))
	for _, f := range fields {
		if isApart(f.attribute) {
			continue
		}
		builder.Set(f.attribute, f.read(r))
	}
	return builder.Object()
}

// statement writes the SOQL statement for users. After is the id that the last
// one ended with.
func statement(fields []field, condition, after string) string {
	var b strings.Builder
	b.WriteString("SELECT Id")
	for _, f := range fields {
		if f.attribute != attributeID && !isApart(f.attribute) {
			b.WriteByte(',')
			b.WriteString(f.soql())
		}
	}
	b.WriteString(" FROM User")
	word := " WHERE "
	if condition != "" {
		b.WriteString(word + "(" + condition + ")")
		word = " AND "
	}
	if after != "" {
		b.WriteString(word + "Id>'" + after + "'")
	}
	b.WriteString(" ORDER BY Id")
	return b.String()
}

// conditions cuts what a query asks for into conditions that each fit into one
// request. Without any there is nothing to read.
func (c *Connector) conditions(query connector.Query, fields []field) ([]string, error) {
	if query.All {
		if query.Since.IsZero() {
			return []string{""}, nil
		}
		return changedSince(query.Since, fields), nil
	}
	if query.Attribute == attributeID {
		query.IDs, query.Attribute, query.Values = slices.Concat(query.IDs, query.Values), "", nil
	}
	if len(query.Values) > 0 {
		if isApart(query.Attribute) {
			return nil, c.client.own(codeUnsupportedAttribute, "users cannot be looked up by "+query.Attribute, nil)
		}
		if err := c.client.supported(query.Attribute); err != nil {
			return nil, err
		}
	}
	name := newField(query.Attribute).soql()
	room := maxAddress - addressOverhead - escapedLength(statement(fields, "() OR ()", strings.Repeat("x", 18))) - len("Id IN  IN ") - len(name)
	return pack(quotedIDs(query.IDs), name, quotedValues(query.Values), room), nil
}

// changedSince writes the conditions for users who changed, and for those who were
// given something that is not a field of User. Salesforce does not tell from whom
// something was taken away: the record that tied it to the user is gone, and what is
// left of it (getDeleted, for members of groups alone) names neither. The parts are
// asked for one after the other, because SOQL has no semi-join behind OR.
func changedSince(since time.Time, fields []field) []string {
	moment := since.UTC().Format(time.RFC3339)
	conditions := []string{"SystemModstamp>" + moment}
	for _, junction := range junctionsOf(fields) {
		user, _ := junctionFields(junction)
		stamp := "SystemModstamp"
		if junction == objectUserLogin {
			stamp = "LastModifiedDate" // it has no other
		}
		conditions = append(conditions, "Id IN (SELECT "+user+" FROM "+junction+" WHERE "+stamp+">"+moment+")")
	}
	return conditions
}

// addressOverhead is what stands before the statement: a host name, and the path.
const addressOverhead = 200

// pack fills conditions with ids and names up to room bytes, escaped.
func pack(ids []string, name string, values []string, room int) []string {
	var conditions, someIDs, someValues []string
	used := 0
	flush := func() {
		if condition := either(someIDs, name, someValues); condition != "" {
			conditions = append(conditions, condition)
		}
		someIDs, someValues, used = nil, nil, 0
	}
	take := func(list *[]string, item string) {
		size := escapedLength(item) + 1
		if used > 0 && used+size > room {
			flush()
		}
		*list = append(*list, item)
		used += size
	}
	for _, id := range ids {
		take(&someIDs, id)
	}
	for _, value := range values {
		take(&someValues, value)
	}
	flush()
	return conditions
}

// either writes the condition for ids or values.
func either(ids []string, name string, values []string) string {
	var parts []string
	if len(ids) > 0 {
		parts = append(parts, "Id IN ("+strings.Join(ids, ",")+")")
	}
	if len(values) > 0 {
		parts = append(parts, name+" IN ("+strings.Join(values, ",")+")")
	}
	return strings.Join(parts, " OR ")
}

// quotedIDs leaves out what is no id: Salesforce refuses a statement with one
// instead of finding nothing.
func quotedIDs(ids []string) []string {
	var quoted []string
	for _, id := range ids {
		if isID(id) {
			quoted = append(quoted, "'"+id+"'")
		}
	}
	slices.Sort(quoted)
	return slices.Compact(quoted)
}

// quotedValues leaves out empty texts, which would find everybody without a
// value, and texts that are longer than a text in a statement may be.
func quotedValues(values []string) []string {
	const longest = 4_000
	var quoted []string
	for _, value := range values {
		if value != "" && len(value) <= longest {
			quoted = append(quoted, soqlText(value))
		}
	}
	slices.Sort(quoted)
	return slices.Compact(quoted)
}

// soqlText writes a text of a statement. Characters that a statement cannot hold
// as they are become escapes.
func soqlText(text string) string {
	quoted := soql.Quote(text)
	if !strings.ContainsFunc(quoted, isControl) {
		return quoted
	}
	var b strings.Builder
	for _, r := range quoted {
		if isControl(r) {
			b.WriteString(`\u` + strconv.FormatInt(0x10000+int64(r), 16)[1:])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
