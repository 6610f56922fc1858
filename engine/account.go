package engine

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// AccountClass says whose an account of the target is, by the classes of Microsoft
// Entra's account discovery.
type AccountClass string

// The classes.
const (
	AccountAssigned   AccountClass = "assigned"   // of somebody who is assigned to the application
	AccountUnassigned AccountClass = "unassigned" // of somebody of the directory who is not assigned
	AccountLocal      AccountClass = "local"      // of nobody in the directory
)

// AccountClasses returns all classes.
func AccountClasses() []AccountClass {
	return []AccountClass{AccountAssigned, AccountUnassigned, AccountLocal}
}

// Account is one account of the target with whose it is.
type Account struct {
	Class     AccountClass `json:"class"`
	TargetID  string       `json:"targetId"`
	Name      string       `json:"name"`
	Active    bool         `json:"active"`
	Connected bool         `json:"connected"` // Usher manages it
	SourceID  string       `json:"sourceId,omitzero"`
	User      string       `json:"user,omitzero"`   // user principal name
	Reason    string       `json:"reason,omitzero"` // why that person is out of scope
}

// Accounts reads every account of the target, tells report whose each is, and
// returns how many there are of each class. Whose an account is is known from its
// connection, else from the first matching attribute. It changes nothing. It keeps a
// number and an id of every user; accounts are not kept.
func (e *Engine) Accounts(ctx context.Context, run Run, report func(Account) error) (map[AccountClass]int, error) {
	run.DryRun, run.Users = true, nil
	c, err := e.open(ctx, run)
	if err != nil {
		return nil, err
	}
	owners, err := c.owners(ctx)
	if err != nil {
		return nil, fmt.Errorf("read whose the accounts may be: %w", err)
	}
	counts := make(map[AccountClass]int)
	flush := func(page []attr.Object) error {
		accounts, err := c.classify(ctx, owners, page)
		if err != nil {
			return fmt.Errorf("look up whose accounts are: %w", err)
		}
		for _, account := range accounts {
			counts[account.Class]++
			if err := report(account); err != nil {
				return err
			}
		}
		c.progress.collected(len(page))
		c.progress.phase("accounts")
		return nil
	}
	names := []string{c.target.NameAttribute, c.target.ActiveAttribute}
	if !slices.Contains(names, owners.attribute) {
		names = append(names, owners.attribute)
	}
	var page []attr.Object
	for object, err := range run.Connector.Read(ctx, connector.Query{Type: c.target.ObjectType, All: true, Select: names}) {
		if err != nil {
			return counts, fmt.Errorf("read the accounts of the target: %w", err)
		}
		if page = append(page, object); len(page) < pageSize {
			continue
		}
		if err := flush(page); err != nil {
			return counts, err
		}
		page = page[:0]
	}
	return counts, flush(page)
}

// owners knows whose an account may be: of every user the id, by hashes of the
// connected account and of the first matching value.
type owners struct {
	attribute string
	exact     bool
	seed      maphash.Seed
	known     map[uint64]string
}

func (o owners) byID(targetID string) uint64 { return maphash.String(o.seed, "id\x00"+targetID) }

func (o owners) byValue(value attr.Value) uint64 {
	return maphash.String(o.seed, indexKey(o.attribute, value, o.exact))
}

// owners reads the directory.
func (c *cycle) owners(ctx context.Context) (owners, error) {
	o := owners{seed: maphash.MakeSeed(), known: make(map[uint64]string)}
	keys := c.asked.Mapping.Keys()
	if len(keys) > 0 {
		o.attribute = keys[0]
		o.exact = c.asked.Mapping.Rule(o.attribute).CaseExact
	}
	c.progress.phase("directory")
	err := c.pages(ctx, Collection{JobID: c.job.ID, Kind: provisioning.Initial, Everyone: true, Limit: pageSize}, func(items []*item) error {
		for _, i := range items {
			id := i.subject.User.ID
			if !i.subject.Connection.IsZero() {
				o.known[o.byID(i.subject.Connection.TargetID)] = id
			}
			value := c.firstValue(i, o.attribute)
			if value.IsEmpty() {
				continue
			}
			if hash := o.byValue(value); o.known[hash] == "" || i.verdict.In {
				o.known[hash] = id
			}
		}
		return nil
	})
	return o, err
}

// firstValue computes the matching value of one person; one that cannot be computed
// matches nothing.
func (c *cycle) firstValue(i *item, attribute string) attr.Value {
	if attribute == "" || i.subject.Gone {
		return attr.Value{}
	}
	desired, err := c.asked.Mapping.Only(attribute, i.source, c.began)
	if err != nil {
		return attr.Value{}
	}
	return desired.Get(attribute)
}

func (c *cycle) classify(ctx context.Context, o owners, page []attr.Object) ([]Account, error) {
	owner := make([]string, len(page))
	var ids []string
	for n, object := range page {
		owner[n] = o.known[o.byID(object.ID)]
		if value := object.Get(o.attribute); owner[n] == "" && !value.IsEmpty() {
			owner[n] = o.known[o.byValue(value)]
		}
		if owner[n] != "" && !slices.Contains(ids, owner[n]) {
			ids = append(ids, owner[n])
		}
	}
	items, err := c.readPage(ctx, ids)
	if err != nil {
		return nil, err
	}
	people := make(map[string]*item, len(items))
	for _, i := range items {
		people[i.subject.User.ID] = i
	}
	accounts := make([]Account, len(page))
	for n, object := range page {
		accounts[n] = Account{
			Class: AccountLocal, TargetID: object.ID, Name: object.Get(c.target.NameAttribute).String(), Active: object.Get(c.target.ActiveAttribute).Bool(),
		}
		i, found := people[owner[n]]
		if !found || !i.owns(object, c.firstValue(i, o.attribute), o) {
			continue
		}
		accounts[n] = accounts[n].of(i)
	}
	return accounts, nil
}

// owns makes sure that an account is the person's, whatever the hashes say.
func (i *item) owns(object attr.Object, value attr.Value, o owners) bool {
	if i.subject.Connection.TargetID == object.ID {
		return true
	}
	key := func(v attr.Value) string { return indexKey(o.attribute, v, o.exact) }
	return !value.IsEmpty() && key(value) == key(object.Get(o.attribute))
}

// of returns the account with its owner.
func (a Account) of(i *item) Account {
	a.SourceID, a.User = i.subject.User.ID, i.subject.User.UserPrincipalName
	a.Connected = i.subject.Connection.TargetID == a.TargetID
	a.Class = AccountAssigned
	if i.verdict.In {
		return a
	}
	a.Reason = i.verdict.Text()
	if i.subject.Gone || i.verdict.Has(scope.NotAssigned) || i.verdict.Has(scope.DefaultAccessOnly) {
		a.Class = AccountUnassigned
	}
	return a
}
