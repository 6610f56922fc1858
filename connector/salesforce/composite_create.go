package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/usher-id/usher/connector"
)

// subrequestsAtOnce is how many requests one composite request holds.
const subrequestsAtOnce = 25

// createEntitled creates a few users together with what they are to have in one
// call: the requests that give it refer to the user that an earlier one of the
// same call made. It reports whether the rows are of that kind; users that were
// locked, and what is locked of their entitlements, is left to the usual way.
func (c *Connector) createEntitled(ctx context.Context, rows []row, outcomes []connector.Outcome) (done bool) {
	if !fitsOneCall(rows) {
		return false
	}
	var response compositeResponse
	a, err := c.client.call(ctx, func(s session) request { return createRequest(s, rows) })
	if err != nil && refusedUnseen(asError(err).TargetCode) {
		// Of several requests the first may have been seen: whoever goes on looks first.
		err = unfinished(rows[0], asError(err))
	}
	if err == nil {
		if malformed := json.Unmarshal(a.body, &response); malformed != nil || len(response.Parts) == 0 {
			err = c.client.unreadable(malformed)
		}
	}
	if err != nil {
		fail(rows, err, outcomes)
		return true
	}
	fail(rows, c.client.unreadable(nil), outcomes)
	parts := map[string]answer{}
	for _, part := range response.Parts {
		parts[part.Name] = answer{status: part.Status, body: part.Body}
	}
	for i := range rows {
		c.settleCreated(&rows[i], i, parts, outcomes)
	}
	return true
}

// fitsOneCall reports whether all rows create users, some with entitlements, and
// few enough.
func fitsOneCall(rows []row) bool {
	requests, grants := 0, 0
	for _, r := range rows {
		if !r.create || r.record == nil || r.entitled.looks() {
			return false
		}
		grants += len(r.entitled.grants)
		requests += 1 + len(r.entitled.grants)
	}
	return grants > 0 && requests <= subrequestsAtOnce
}

// createRequest writes the requests for each user, the licences first.
func createRequest(s session, rows []row) request {
	var requests [][]byte
	add := func(name, object string, body []byte) {
		b := fmt.Appendf(nil, `{"method":"POST","referenceId":%q,"url":%q,"body":`, name, s.url("/sobjects/"+object, "").Path)
		requests = append(requests, append(append(b, body...), '}'))
	}
	for i := range rows {
		add(userPart(i), objectUser, rows[i].record)
		slices.SortStableFunc(rows[i].entitled.grants, func(a, b grant) int { return a.rank() - b.rank() })
		for n, t := range rows[i].tasks("@{"+userPart(i)+".id}", nil) {
			add(grantPart(i, n), t.object, t.record)
		}
	}
	b := []byte(`{"allOrNone":false,"collateSubrequests":false,"compositeRequest":[`)
	for i, r := range requests {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return request{method: http.MethodPost, url: s.url("/composite", ""), body: append(b, `]}`...), media: mediaJSON, write: true}
}

func userPart(i int) string     { return fmt.Sprintf("user%d", i) }
func grantPart(i, n int) string { return fmt.Sprintf("user%dgrant%d", i, n) }

// rank puts licences first, because permission sets may need them.
func (g grant) rank() int {
	return task{method: http.MethodPost, object: g.kind.junction}.rank()
}

// settleCreated fills in the outcome of one user. Entitlements that were given or
// refused are taken off the row; those that somebody had locked stay on it.
func (c *Connector) settleCreated(r *row, i int, parts map[string]answer, outcomes []connector.Outcome) {
	user, answered := parts[userPart(i)]
	if !answered {
		return
	}
	id, err := c.created(*r, user)
	outcomes[r.index] = connector.Outcome{TargetID: id}
	if err != nil {
		outcomes[r.index].Err = err
		return
	}
	var locked []grant
	for n, g := range r.entitled.grants {
		part, answered := parts[grantPart(i, n)]
		switch faults := parseFaults(part.body); {
		case !answered, !part.ok() && faults == nil:
			locked = append(locked, g) // nothing is known of it; giving it again does no harm
		case part.ok() || doneAlready(http.MethodPost, faults):
		case faults[0].code() == rowLocked:
			locked = append(locked, g)
		case r.refused == nil:
			r.refused = unfinished(*r, entitlementError(c.client, task{attribute: g.kind.attribute, name: g.name, method: http.MethodPost}, faults))
		}
	}
	r.entitled.grants = locked
	r.record = nil
}

// created reads the answer to one creation.
func (c *Connector) created(r row, a answer) (string, error) {
	if !a.ok() {
		if faults := parseFaults(a.body); faults != nil && a.status < http.StatusInternalServerError {
			return "", c.client.rowFailure(r, faults)
		}
		return "", c.client.refusal(request{write: true}, a)
	}
	var written writtenRow
	if err := json.Unmarshal(a.body, &written); err != nil || !written.Success || written.ID == "" {
		return "", c.client.unreadable(err)
	}
	return longID(written.ID), nil
}
