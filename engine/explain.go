package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

// Explanation answers "why" for one person and one job.
type Explanation struct {
	Subject Subject
	Verdict scope.Verdict
	Source  attr.Object      // what mappings and filters see
	Traces  []mapping.Traced // what each mapping gives
	Change  plan.Change      // what a cycle would do now
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
	if err := c.run(ctx); err != nil {
		return explanation, fmt.Errorf("look at the account in the target: %w", err)
	}
	return explanation, nil
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
