package salesforce

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/nearest"
)

// directory maps names of one kind of record, profiles or roles, to ids. It is
// read once and again when somebody asks for a name that is not there.
type directory struct {
	kind string // "profile", for messages
	code string // code of the error for a name that does not exist
	soql string
	// column holds the name; empty: Name.
	column string
	// exact makes the letter case count, because what was assigned is compared by it.
	exact bool

	turn chan struct{} // of size 1: who holds it may read the names

	mu      sync.Mutex
	ids     map[string][]string // by folded name
	names   []string            // as Salesforce writes them
	unknown map[string]bool     // folded names that the last reading did not have
}

func newProfiles() *directory {
	return &directory{
		kind: "profile", code: codeInvalidProfile, soql: "SELECT Id, Name FROM Profile ORDER BY Name, Id", turn: make(chan struct{}, 1),
	}
}

func newUserRoles() *directory {
	return &directory{
		kind: "role", code: codeInvalidUserRole, soql: "SELECT Id, Name FROM UserRole ORDER BY Name, Id", turn: make(chan struct{}, 1),
	}
}

// remember takes over names that were read anyway.
func (d *directory) remember(ids map[string][]string, names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ids, d.names, d.unknown = ids, names, map[string]bool{}
}

// load makes sure that the names are known, reading them when there are none yet
// or one of those wanted is new.
func (d *directory) load(ctx context.Context, c *client, wanted []string) error {
	if len(wanted) == 0 || d.knows(wanted) {
		return nil
	}
	// Many batches begin at the same time and want the same names: one reads them.
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return c.own(codeTimeout, "stopped while names were read", ctx.Err())
	}
	if d.knows(wanted) {
		return nil
	}
	records, err := c.all(ctx, d.soql)
	if err != nil {
		return err
	}
	ids, names := map[string][]string{}, make([]string, 0, len(records))
	for _, r := range records {
		if !assignable(r) {
			continue
		}
		name := qualified(r.text("NamespacePrefix"), r.text(cmp.Or(d.column, "Name")))
		ids[foldName(name)] = append(ids[foldName(name)], longID(r.text(attributeID)))
		names = append(names, name)
	}
	d.remember(ids, names)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range wanted {
		if folded := foldName(name); len(ids[folded]) == 0 {
			d.unknown[folded] = true
		}
	}
	return nil
}

// knows reports whether each name is there, or was looked for in vain already.
func (d *directory) knows(wanted []string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ids != nil && !slices.ContainsFunc(wanted, func(name string) bool {
		folded := foldName(name)
		return len(d.ids[folded]) == 0 && !d.unknown[folded]
	})
}

// find returns the id for a name.
func (d *directory) find(attribute, name string) (string, *connector.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch ids := d.ids[foldName(name)]; len(ids) {
	case 1:
		if d.exact && !slices.Contains(d.names, name) {
			return "", d.fault(attribute, d.missing(name))
		}
		return ids[0], nil
	case 0:
		return "", d.fault(attribute, d.missing(name))
	default:
		return "", d.fault(attribute, fmt.Sprintf("the org has %d of the %s name %q", len(ids), d.kind, name))
	}
}

// missing says that there is no such name, and which are like it.
func (d *directory) missing(name string) string {
	message := fmt.Sprintf("the org has no %s %q", d.kind, name)
	if near := like(name, d.names); len(near) > 0 {
		message += "; it has " + strings.Join(near, ", ")
	}
	return message
}

func (d *directory) fault(attribute, message string) *connector.Error {
	e := ownEntry(d.code)
	return &connector.Error{Kind: e.kind, Code: d.code, Fields: []string{attribute}, Message: message, Advice: e.advice}
}

func foldName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// like returns the three names that are most like the one given, quoted.
func like(name string, names []string) []string {
	const enough = 3
	var quoted []string
	for _, near := range nearest.Sorted(name, names)[:min(enough, len(names))] {
		quoted = append(quoted, strconv.Quote(near))
	}
	return quoted
}
