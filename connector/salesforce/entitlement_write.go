package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// task is one record to create, delete or update for an entitlement.
type task struct {
	index     int // of the change
	attribute string
	name      string // of what is given or taken
	object    string
	method    string // POST, DELETE or PATCH
	record    []byte // in JSON, to create or update
	id        string // to delete
	err       *connector.Error
}

// describe says what was tried, for messages.
func (t task) describe() string {
	switch t.method {
	case http.MethodPost:
		return fmt.Sprintf("assign %q", t.name)
	case http.MethodDelete:
		return fmt.Sprintf("take away %q", t.name)
	}
	return "freeze or unfreeze the sign-in"
}

// rank puts the tasks in an order in which each finds what it needs: a permission
// set may need its licence, and must go before the licence does.
func (t task) rank() int {
	order := []string{
		http.MethodDelete + objectPermissionSetAssignment, http.MethodDelete + objectLicenseAssignment, http.MethodPost + objectLicenseAssignment,
		http.MethodPost + objectPermissionSetAssignment, http.MethodDelete + objectGroupMember, http.MethodPost + objectGroupMember,
		http.MethodPatch + objectUserLogin,
	}
	return slices.Index(order, t.method+t.object)
}

// entitle gives and takes entitlements, after the users themselves were written:
// what cannot be done fails the change, although the fields of the user are in
// the org by then; the next try finds the user and only what is left to do.
func (c *Connector) entitle(ctx context.Context, changes []plan.Change, rows []row, outcomes []connector.Outcome) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.entitled.isEmpty() || outcomes[r.index].Err != nil })
	if len(rows) == 0 {
		return
	}
	userOf := func(r row) string {
		if r.create {
			return outcomes[r.index].TargetID
		}
		return longID(changes[r.index].Target.ID)
	}
	for _, r := range rows {
		outcomes[r.index].TargetID = userOf(r)
	}
	found, err := c.look(ctx, rows, userOf)
	if err != nil {
		for _, r := range rows {
			outcomes[r.index].Err = unfinished(r, asError(err))
		}
		return
	}
	var tasks []task
	rowOf := map[int]row{}
	for _, r := range rows {
		rowOf[r.index] = r
		if r.entitled.frozen.Bool() && len(found[objectUserLogin][userOf(r)]) == 0 {
			outcomes[r.index].Err = c.client.own(codeFreezeImpossible, "there is no sign-in to freeze", nil)
			continue
		}
		tasks = append(tasks, r.tasks(userOf(r), found)...)
	}
	slices.SortStableFunc(tasks, func(a, b task) int { return a.rank() - b.rank() })
	c.carryOut(ctx, tasks)
	for _, t := range tasks {
		if t.err != nil && outcomes[t.index].Err == nil {
			outcomes[t.index].Err = unfinished(rowOf[t.index], t.err)
		}
	}
}

// unfinished is the error of a change of which the user was created and the rest
// did not follow. Whoever would simply send it again must look first, or the same
// user is created twice: so it counts as ambiguous.
func unfinished(r row, err *connector.Error) *connector.Error {
	if !r.create || err.Kind != connector.Unavailable && err.Kind != connector.Throttled {
		return err
	}
	again := *err
	again.Kind = connector.Ambiguous
	return &again
}

// look reads what users have where something is to be taken away or changed: the
// id of the record is needed. What is only given needs no look, because giving
// what is there already does no harm.
func (c *Connector) look(ctx context.Context, rows []row, userOf func(row) string) (junctions, error) {
	var objects, users []string
	need := func(object string) {
		if !slices.Contains(objects, object) {
			objects = append(objects, object)
		}
	}
	for _, r := range rows {
		if !r.entitled.looks() {
			continue
		}
		users = append(users, userOf(r))
		for _, g := range r.entitled.grants {
			if g.revoke {
				need(g.kind.junction)
			}
		}
		if !r.entitled.frozen.IsNull() {
			need(objectUserLogin)
		}
	}
	if len(objects) == 0 {
		return nil, nil
	}
	return c.client.readJunctions(ctx, objects, users)
}

// tasks turns what a row asks for into records to write.
func (r row) tasks(user string, found junctions) []task {
	var tasks []task
	for _, g := range r.entitled.grants {
		t := task{index: r.index, attribute: g.kind.attribute, name: g.name, object: g.kind.junction}
		if !g.revoke {
			t.method = http.MethodPost
			t.record = fmt.Appendf(nil, `{"attributes":{"type":%q},%q:%q,%q:%q}`, g.kind.junction, g.kind.user, user, g.kind.target, g.id)
			tasks = append(tasks, t)
			continue
		}
		for _, held := range found[g.kind.junction][user] {
			if g.kind.held(held) == g.name {
				t.method, t.id = http.MethodDelete, longID(held.text(attributeID))
				tasks = append(tasks, t)
			}
		}
	}
	if r.entitled.frozen.IsNull() {
		return tasks
	}
	for _, login := range found[objectUserLogin][user] {
		if login.truth(attributeIsFrozen) == r.entitled.frozen.Bool() {
			continue
		}
		record := fmt.Appendf(nil, `{"attributes":{"type":"UserLogin"},"id":%q,"IsFrozen":%t}`, longID(login.text(attributeID)), r.entitled.frozen.Bool())
		tasks = append(tasks, task{index: r.index, attribute: attributeIsFrozen, object: objectUserLogin, method: http.MethodPatch, record: record})
	}
	return tasks
}

// collectionsAtOnce is how many collections one composite request takes.
const collectionsAtOnce = 5

// carryOut writes the tasks and notes what became of each. Those that somebody
// else had locked are sent again.
func (c *Connector) carryOut(ctx context.Context, tasks []task) {
	left := make([]*task, len(tasks))
	for i := range tasks {
		left[i] = &tasks[i]
	}
	for attempt := 1; len(left) > 0; attempt++ {
		for parts := range slices.Chunk(collectionsOf(left), collectionsAtOnce) {
			c.send(ctx, parts)
		}
		left = slices.DeleteFunc(left, func(t *task) bool { return t.err == nil || t.err.TargetCode != rowLocked })
		if attempt == maxAttempts || len(left) == 0 || !pause(ctx, attempt, 0) {
			return
		}
	}
}

// collectionsOf cuts tasks, which are in order, into collections: records of one
// object and one method, as Salesforce wants it of objects of the setup.
func collectionsOf(tasks []*task) [][]*task {
	var collections [][]*task
	for i, t := range tasks {
		last := len(collections) - 1
		if i == 0 || tasks[i-1].rank() != t.rank() || len(collections[last]) == batchSize {
			collections = append(collections, []*task{t})
			continue
		}
		collections[last] = append(collections[last], t)
	}
	return collections
}

// send writes collections with one call.
func (c *Connector) send(ctx context.Context, collections [][]*task) {
	parts := make([]part, len(collections))
	for i, tasks := range collections {
		parts[i] = part{method: tasks[0].method}
		if tasks[0].method == http.MethodDelete {
			ids := make([]string, len(tasks))
			for n, t := range tasks {
				ids[n] = t.id
			}
			parts[i].query = "ids=" + strings.Join(ids, ",") + "&allOrNone=false"
		} else {
			records := make([][]byte, len(tasks))
			for n, t := range tasks {
				records[n] = t.record
			}
			parts[i].body = appendCollection(nil, records)
		}
	}
	for i, answer := range c.client.writeParts(ctx, parts) {
		c.settleTasks(collections[i], answer)
	}
}

// settleTasks notes what became of the tasks of one collection.
func (c *Connector) settleTasks(tasks []*task, answer partAnswer) {
	rows, ok := parseRows(answer.body, len(tasks))
	if answer.err == nil && !ok {
		answer.err = c.client.unreadable(nil)
	}
	for i, t := range tasks {
		switch {
		case answer.err != nil:
			t.err = answer.err
		case rows[i].Success || doneAlready(t.method, rows[i].Errors):
			t.err = nil
		default:
			t.err = entitlementError(c.client, *t, rows[i].Errors)
		}
	}
}

// doneAlready reports whether a refusal says that there is nothing to do: the
// assignment exists, or exists no more.
func doneAlready(method string, faults []fault) bool {
	code := faults[0].code()
	switch method {
	case http.MethodPost:
		return code == "DUPLICATE_VALUE"
	case http.MethodDelete:
		return slices.Contains([]string{"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"}, code)
	}
	return false
}

// frozenOf reads the flag as a mapping may give it.
func frozenOf(value attr.Value) attr.Value {
	value = asBoolean(attributeIsFrozen, value)
	if value.IsEmpty() {
		return attr.Bool(false)
	}
	return attr.Bool(value.Bool())
}
