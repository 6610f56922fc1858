package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// Apply writes a batch in one call: updates as one collection, those that free
// seats first, and creations as another, both within one composite request where
// there are both. What users have besides their fields follows with a call of its
// own. Rows that somebody else had locked are sent again, because nothing happened
// to them; what may have happened never is.
func (c *Connector) Apply(ctx context.Context, changes []plan.Change) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(changes))
	if limit := c.descriptor.Capabilities.BatchSize; len(changes) > limit {
		err := c.client.own(codeBatchTooLarge, fmt.Sprintf("%d changes were sent at once, %d are allowed", len(changes), limit), nil)
		for i := range outcomes {
			outcomes[i].Err = err
		}
		return outcomes
	}
	rows := c.prepare(ctx, changes, outcomes, c.affordable(ctx, changes, outcomes))
	rows, seatless := c.writeSeated(ctx, changes, rows, outcomes)
	rows = append(rows, c.secondChance(ctx, changes, seatless, outcomes)...)
	c.entitle(ctx, changes, rows, outcomes)
	for _, r := range rows {
		if r.refused != nil && outcomes[r.index].Err == nil {
			outcomes[r.index].Err = r.refused
		}
	}
	c.noteEmails(ctx, changes, rows, outcomes)
	for _, r := range rows {
		if outcomes[r.index].Err == nil {
			outcomes[r.index].Warnings = append(outcomes[r.index].Warnings, r.warnings...)
		}
	}
	return outcomes
}

// writeSeated writes the rows for which there is a seat and returns them, and the
// others.
func (c *Connector) writeSeated(ctx context.Context, changes []plan.Change, rows []row, outcomes []connector.Outcome) (written, seatless []row) {
	reserved := c.takeSeats(ctx, changes, rows)
	for _, r := range rows {
		if license, refused := reserved.refused[r.index]; refused {
			outcomes[r.index].Err = c.client.noSeat(c.seats.flag(license))
			seatless = append(seatless, r)
			continue
		}
		written = append(written, r)
	}
	c.writeUsers(ctx, written, outcomes)
	c.seats.settle(reserved, outcomes)
	return written, seatless
}

// secondChance writes rows for which there is a seat after all, because a row that
// had taken one was refused for something else. It returns those that it wrote.
func (c *Connector) secondChance(ctx context.Context, changes []plan.Change, seatless []row, outcomes []connector.Outcome) []row {
	if len(seatless) == 0 {
		return nil
	}
	reserved := c.seats.reserve(changes, seatless)
	written := slices.DeleteFunc(seatless, func(r row) bool { return reserved.refused[r.index] != "" })
	if len(written) == 0 {
		return nil
	}
	for _, r := range written {
		outcomes[r.index] = connector.Outcome{}
	}
	c.writeUsers(ctx, written, outcomes)
	c.seats.settle(reserved, outcomes)
	return written
}

// writeUsers writes rows until none of them is locked any more.
func (c *Connector) writeUsers(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	left := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.record == nil })
	if c.createEntitled(ctx, rows, outcomes) {
		left = withCode(rows, outcomes, rowLocked)
	}
	for attempt := 1; len(left) > 0; attempt++ {
		c.write(ctx, left, outcomes)
		c.isolate(ctx, left, outcomes)
		left = withCode(left, outcomes, rowLocked)
		if len(left) == 0 || attempt == maxAttempts || !pause(ctx, attempt, 0) {
			break
		}
	}
	c.writePlainly(ctx, rows, outcomes)
}

// withCode returns the rows that failed with a code of Salesforce.
func withCode(rows []row, outcomes []connector.Outcome, code string) []row {
	var failed []row
	for _, r := range rows {
		if err := outcomes[r.index].Err; err != nil && asError(err).TargetCode == code {
			failed = append(failed, r)
		}
	}
	return failed
}

// isolationCalls bounds what finding rows that spoil a collection may cost: three
// of them among 200.
const isolationCalls = 48

// isolate finds the rows because of which Salesforce could not read a collection,
// such as a text for a number: it then refuses all of them, and nothing has
// happened. The collection is halved until the others are written.
func (c *Connector) isolate(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	const unreadable = "JSON_PARSER_ERROR"
	suspects := withCode(rows, outcomes, unreadable)
	if len(suspects) < 2 {
		return
	}
	halves := [][]row{suspects[:len(suspects)/2], suspects[len(suspects)/2:]}
	for calls := 0; len(halves) > 0 && calls < isolationCalls; calls++ {
		half := halves[0]
		halves = halves[1:]
		c.write(ctx, half, outcomes)
		if still := withCode(half, outcomes, unreadable); len(still) > 1 {
			halves = append(halves, still[:len(still)/2], still[len(still)/2:])
		}
	}
}

// write sends rows and fills in their outcomes: kinds of which there are very many
// by bulk jobs where that is wanted, all others by collections. Those that free
// seats are over before those begin that may need one.
func (c *Connector) write(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	var few []row
	for _, kind := range kindsOf(rows) {
		bulk, rest := c.forBulk(kind)
		if len(bulk) == 0 {
			few = append(few, rest...)
			continue
		}
		c.collect(ctx, few, outcomes)
		few = slices.Concat(rest, c.writeInBulk(ctx, bulk, outcomes))
	}
	c.collect(ctx, few, outcomes)
}

// kindsOf cuts rows into removals, other updates and creations.
func kindsOf(rows []row) [][]row {
	kinds := make([][]row, 3)
	for _, r := range rows {
		switch {
		case r.create:
			kinds[2] = append(kinds[2], r)
		case r.removes:
			kinds[0] = append(kinds[0], r)
		default:
			kinds[1] = append(kinds[1], r)
		}
	}
	return kinds
}

// collect writes rows by collections, 200 with a call.
func (c *Connector) collect(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	for some := range slices.Chunk(inWritingOrder(rows), batchSize) {
		c.writeCollections(ctx, some, outcomes)
	}
}

// writeCollections sends rows with one call: updates as one collection and creations
// as another.
func (c *Connector) writeCollections(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	var updates, creates []row
	for _, r := range rows {
		if r.create {
			creates = append(creates, r)
		} else {
			updates = append(updates, r)
		}
	}
	var parts []part
	var sent [][]row
	add := func(method string, rows []row) {
		if len(rows) == 0 {
			return
		}
		records := make([][]byte, len(rows))
		for i, r := range rows {
			records[i] = r.record
		}
		parts, sent = append(parts, part{method: method, body: appendCollection(nil, records)}), append(sent, rows)
	}
	add(http.MethodPatch, updates)
	add(http.MethodPost, creates)
	for i, answer := range c.client.writeParts(ctx, parts) {
		if answer.err != nil {
			fail(sent[i], answer.err, outcomes)
			continue
		}
		c.settle(sent[i], answer.body, outcomes)
	}
}

// rank puts rows that free a seat before those that may need one.
func rank(r row) int {
	if r.removes {
		return 0
	}
	return 1
}

// settle fills in the outcomes of a collection.
func (c *Connector) settle(rows []row, body []byte, outcomes []connector.Outcome) {
	written, ok := parseRows(body, len(rows))
	if !ok {
		fail(rows, c.client.unreadable(nil), outcomes)
		return
	}
	for i, w := range written {
		outcome := connector.Outcome{}
		if w.Success {
			outcome.TargetID = longID(w.ID)
		} else {
			outcome.Err = c.client.rowFailure(rows[i], w.Errors)
		}
		outcomes[rows[i].index] = outcome
	}
}

// fail gives all rows the same error.
func fail(rows []row, err error, outcomes []connector.Outcome) {
	for _, r := range rows {
		outcomes[r.index] = connector.Outcome{Err: asError(err)}
	}
}

// EmailWaits is the warning for an e-mail address that Salesforce keeps back
// until its owner has confirmed it.
const EmailWaits = "the new e-mail address waits for confirmation in Salesforce"

// emailMode is what is known of how the org treats new e-mail addresses.
type emailMode = int32

const (
	emailsUnknown   emailMode = iota
	emailsWait                // the old address stays until the user confirms the new one
	emailsImmediate           // the org does not ask for confirmation
)

// noteEmails warns of addresses that wait for confirmation. Salesforce answers
// with success and keeps the old address of an active user; whether it does is a
// setting of the org that is found out once, by reading back the first addresses
// that were written.
func (c *Connector) noteEmails(ctx context.Context, changes []plan.Change, rows []row, outcomes []connector.Outcome) {
	changed := map[string]row{}
	for _, r := range rows {
		if !r.email.IsNull() && outcomes[r.index].Err == nil {
			changed[longID(changes[r.index].Target.ID)] = r
		}
	}
	if len(changed) == 0 || c.emails.Load() == emailsImmediate {
		return
	}
	if c.emails.Load() == emailsUnknown {
		c.readBackEmails(ctx, changed)
	}
	for _, r := range changed {
		outcome := &outcomes[r.index]
		outcome.Warnings = append(outcome.Warnings, EmailWaits)
		outcome.Pending = append(outcome.Pending, attributeEmail)
	}
}

// readBackEmails takes addresses that are in force off the list and remembers
// what that says about the org. If it cannot be found out, the usual setting is
// assumed for these.
func (c *Connector) readBackEmails(ctx context.Context, changed map[string]row) {
	ids := make([]string, 0, len(changed))
	for id := range changed {
		ids = append(ids, id)
	}
	mode := emailsImmediate
	query := connector.Query{Type: objectUser, IDs: ids, Select: []string{attributeEmail}}
	for user, err := range c.Read(ctx, query) {
		if err != nil {
			return
		}
		if strings.EqualFold(user.Get(attributeEmail).String(), changed[user.ID].email.String()) {
			delete(changed, user.ID)
			continue
		}
		mode = emailsWait
	}
	c.emails.Store(mode)
}
