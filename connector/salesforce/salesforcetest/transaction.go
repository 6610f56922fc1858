package salesforcetest

import "time"

// transaction is a series of writes that can be undone back to a mark. Its
// owner holds the lock of the org from the first read to the end.
type transaction struct {
	org  *Org
	user string // id of who writes
	now  int64
	undo []func()
	// setup and data tell which kinds of objects were written, for the mixing rule.
	setup, data string
	// trusted skips the rules of licence seats and permissions: the oracle and the org file.
	trusted bool
}

// begin starts a transaction of a user. The caller holds the lock for writing.
func (o *Org) begin(user string) *transaction {
	return &transaction{org: o, user: user, now: time.Now().UnixMilli()}
}

// mark is a place to go back to.
func (tx *transaction) mark() int { return len(tx.undo) }

// rollback takes back what was done since the mark, the last first.
func (tx *transaction) rollback(mark int) {
	for i := len(tx.undo) - 1; i >= mark; i-- {
		tx.undo[i]()
	}
	tx.undo = tx.undo[:mark]
}

// onUndo remembers how to take back something that was just done.
func (tx *transaction) onUndo(f func()) { tx.undo = append(tx.undo, f) }

// insert stores a new record made from the draft.
func (tx *transaction) insert(t *table, d *draft) *record {
	r := d.build(&tx.org.layouts, t.object)
	r.id = t.nextID(tx.org.pod)
	r.created, r.modified, r.stamp = tx.now, tx.now, tx.now
	r.createdBy, r.modifiedBy = tx.user, tx.user
	t.put(r)
	tx.org.changed(t.object, nil, r)
	tx.onUndo(func() {
		t.remove(r)
		tx.org.unchanged(r)
	})
	return r
}

// replace stores the draft in the place of its base.
func (tx *transaction) replace(t *table, d *draft) *record {
	old := d.base
	r := d.build(&tx.org.layouts, t.object)
	r.id, r.created, r.createdBy = old.id, old.created, old.createdBy
	r.modified, r.modifiedBy = max(tx.now, old.modified), tx.user
	r.stamp = max(tx.now, old.stamp)
	t.put(r)
	tx.org.changed(t.object, old, r)
	tx.onUndo(func() {
		t.put(old)
		tx.org.unchanged(r)
	})
	return r
}

// remove takes a record out and leaves it in the recycle bin.
func (tx *transaction) remove(t *table, r *record) {
	t.remove(r)
	t.deleted = append(t.deleted, deletion{record: r, at: tx.now})
	tx.onUndo(func() {
		t.deleted = t.deleted[:len(t.deleted)-1]
		t.put(r)
	})
}
