package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

// Explanation answers "why" for one person and one job.
type Explanation struct {
	Subject Subject
	Verdict scope.Verdict
	Source  attr.Object          // what mappings and filters see
	Clauses []scope.TracedClause // every clause of the scoping filters
	Matches []Matched            // what each matching attribute finds in the target
	Traces  []mapping.Traced     // what each mapping gives
	Change  plan.Change          // what a cycle would do now
}

// Explain finds out what a cycle would do for one person now, and why. It reads
// the target and writes nothing.
func (e *Engine) Explain(ctx context.Context, run Run, userID string) (Explanation, error) {
	run.Users, run.DryRun = []string{userID}, true
	var explanation Explanation
	run.Report = func(change plan.Change) { explanation.Change = change }
	c, err := e.open(ctx, run)
	if err != nil {
		return Explanation{}, err
	}
	i, err := c.person(ctx, userID)
	if err != nil {
		return Explanation{}, err
	}
	explanation.Subject, explanation.Verdict, explanation.Source = i.subject, i.verdict, i.source
	explanation.Traces = run.Mapping.Trace(i.source, time.Now().UTC())
	explanation.Clauses = run.Mapping.Filter.Trace(i.source)
	c.evaluate(i)
	explanation.Matches, err = c.matches(ctx, i)
	if err == nil {
		err = c.run(ctx)
	}
	if err != nil {
		return explanation, fmt.Errorf("look at the account in the target: %w", err)
	}
	return explanation, nil
}

// Matched is what one matching attribute finds.
type Matched struct {
	Attribute string     `json:"attribute"`
	Value     attr.Value `json:"value"`
	Redacted  bool       `json:"redacted,omitzero"`
	Hits      []Hit      `json:"hits"`
}

// Hit is an account that has the value of a matching attribute.
type Hit struct {
	ID        string `json:"id"`
	Name      string `json:"name,omitzero"`
	Connected string `json:"connectedTo,omitzero"` // id of the person whom it belongs to
}

// mostHits is how many accounts are told for one matching attribute.
const mostHits = 20

// matches looks up what each matching attribute finds, in the order of priority,
// whether the person is connected or not.
func (c *cycle) matches(ctx context.Context, i *item) ([]Matched, error) {
	var found []Matched
	var ids []string
	for _, key := range i.desired.Keys {
		matched := Matched{Attribute: key.Attribute, Value: key.Value, Hits: []Hit{}, Redacted: redacts(i, key.Attribute)}
		query := connector.Query{Type: c.target.ObjectType, Attribute: key.Attribute, Values: []string{key.Value.String()}, Select: c.selected()}
		for object, err := range c.asked.Connector.Read(ctx, query) {
			if err != nil {
				return found, fmt.Errorf("look accounts up by %s: %w", key.Attribute, err)
			}
			matched.Hits = append(matched.Hits, Hit{ID: object.ID, Name: object.Get(c.target.NameAttribute).String()})
			ids = append(ids, object.ID)
			if len(matched.Hits) == mostHits {
				break
			}
		}
		found = append(found, matched)
	}
	claims, err := c.Ledger.Claimed(ctx, c.job.ID, ids)
	if err != nil {
		return found, fmt.Errorf("look up who the found accounts belong to: %w", err)
	}
	for _, matched := range found {
		for n, hit := range matched.Hits {
			matched.Hits[n].Connected = claims[hit.ID]
		}
	}
	return found, nil
}

func redacts(i *item, attribute string) bool {
	for _, flow := range i.desired.Flows {
		if flow.Rule.Target == attribute {
			return flow.Redacted
		}
	}
	return false
}

func (c *cycle) person(ctx context.Context, userID string) (*item, error) {
	subjects, err := c.Directory.Subjects(ctx, c.job.ID, []string{userID})
	if err != nil {
		return nil, fmt.Errorf("read the person: %w", err)
	}
	if len(subjects) != 1 {
		return nil, fmt.Errorf("read the person: %d came back for the id %s", len(subjects), userID)
	}
	return c.judge(subjects[0]), nil
}
