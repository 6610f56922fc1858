package engine

import (
	"context"
	"fmt"
	"iter"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Judged is somebody with what several scoping filters say.
type Judged struct {
	Subject  Subject
	Verdicts []scope.Verdict // in the order of the filters
}

// judgedAtOnce is how many people are read at a time.
const judgedAtOnce = 200

// Judge tells of everybody at whom an initial cycle of an application looks whether
// they are in scope by each of the filters, in the order of user id, after the one
// given. It asks no target and writes nothing. It may be ranged over once.
func (r *Runner) Judge(ctx context.Context, applicationID, after string, filters ...scope.CompiledFilter) iter.Seq2[Judged, error] {
	return func(yield func(Judged, error) bool) {
		job, err := r.Jobs.Job(ctx, applicationID)
		if err != nil {
			yield(Judged{}, fmt.Errorf("judge who is in scope: %w", err))
			return
		}
		rules, err := r.rules(job)
		if err != nil {
			yield(Judged{}, err)
			return
		}
		for page, err := range r.Everyone(ctx, job, after, judgedAtOnce) {
			var subjects []Subject
			if err == nil {
				subjects, err = r.Engine.Directory.Subjects(ctx, job.ID, page)
			}
			if err != nil {
				yield(Judged{}, fmt.Errorf("judge who is in scope: %w", err))
				return
			}
			for _, subject := range subjects {
				if !yield(judged(subject, rules, filters), nil) {
					return
				}
			}
		}
	}
}

// JudgeOne tells whether somebody is in scope of a job by a filter. It asks no target.
func (r *Runner) JudgeOne(job provisioning.Job, subject Subject, filter scope.CompiledFilter) (scope.Verdict, error) {
	rules, err := r.rules(job)
	if err != nil {
		return scope.Verdict{}, err
	}
	return judged(subject, rules, []scope.CompiledFilter{filter}).Verdicts[0], nil
}

// rules are those of a job, without a filter.
func (r *Runner) rules(job provisioning.Job) (scope.Rules, error) {
	template, err := r.Gallery.Find(job.TemplateID)
	if err != nil {
		return scope.Rules{}, fmt.Errorf("judge who is in scope: %w", err)
	}
	return scope.Rules{Everyone: job.Settings.SyncAll, RequireRole: template.Descriptor.Capabilities.RequiresRole}, nil
}

func judged(subject Subject, rules scope.Rules, filters []scope.CompiledFilter) Judged {
	result := Judged{Subject: subject, Verdicts: make([]scope.Verdict, len(filters))}
	person := scope.Person{Gone: subject.Gone, User: subject.User, Grants: subject.Grants, Attributes: gone(subject.User.ID)}
	if !subject.Gone {
		person.Attributes = mapping.Source(mapping.Person{User: subject.User, Grants: subject.Grants})
	}
	for i, filter := range filters {
		rules.Filter = filter
		result.Verdicts[i] = scope.Judge(person, rules)
	}
	return result
}

// Everyone yields the ids of all at whom an initial cycle of a job looks, so many at a
// time, in their order and after the one given. It may be ranged over once.
func (r *Runner) Everyone(ctx context.Context, job provisioning.Job, after string, size int) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		collection := Collection{JobID: job.ID, Kind: provisioning.Initial, Everyone: job.Settings.SyncAll, After: after, Limit: size}
		for {
			ids, err := r.Engine.Directory.Collect(ctx, collection)
			if err != nil {
				yield(nil, fmt.Errorf("collect people: %w", err))
				return
			}
			if len(ids) > 0 && !yield(ids, nil) || len(ids) < size {
				return
			}
			collection.After = ids[len(ids)-1]
		}
	}
}
