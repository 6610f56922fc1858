package administration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

// thenTexts are the ways by which somebody had access at a moment, as the ids of the
// groups, the assigned one last.
func (w *world) thenTexts(id string, moment time.Time) []string {
	w.tb.Helper()
	then, err := w.LinksAsOf(w.tb.Context(), id, moment)
	w.must(err)
	var texts []string
	for _, access := range then.Access {
		parts := []string{access.RoleName}
		for _, m := range access.Through {
			parts = append(parts, m.GroupID)
		}
		texts = append(texts, strings.Join(parts, " < "))
	}
	return texts
}

func (w *world) between() time.Time {
	time.Sleep(2 * time.Millisecond)
	defer time.Sleep(2 * time.Millisecond)
	return time.Now()
}

func (w *world) nests(app administration.Application, nested bool) {
	w.tb.Helper()
	w.must(w.store.UpdateJob(w.tb.Context(), app.Job.ID, func(j provisioning.Job) (provisioning.Job, error) {
		j.Settings.NestedGroups = nested
		return j, nil
	}))
}

func TestAccessThenIsFoundByEachWayThroughGroupsThatWereThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	w.nests(app, true)
	ctx := t.Context()
	for _, id := range []string{"gA", "gB", "gC", "gTop"} {
		w.must(w.store.PutGroup(ctx, directory.Group{ID: id, DisplayName: id, SecurityEnabled: true}))
	}
	for _, m := range []directory.Member{
		{Group: "gA", Member: cleo, Type: "User"},
		{Group: "gTop", Member: "gA", Type: "Group"},
		{Group: "gB", Member: cleo, Type: "User"},
		{Group: "gC", Member: "gB", Type: "Group"},
		{Group: "gTop", Member: "gC", Type: "Group"},
		{Group: "gB", Member: "gTop", Type: "Group"}, // a ring
	} {
		w.must(w.store.PutMember(ctx, m))
	}
	w.assign(app, "Group", "gTop", "Standard User")
	steps := []struct {
		name   string
		change func() error
		want   []string
	}{
		{"all groups are there", func() error { return nil }, []string{"Standard User < gA < gTop"}},
		{"one way is broken", func() error { return w.store.RemoveGroup(ctx, "gA") }, []string{"Standard User < gB < gC < gTop"}},
		{"both ways are broken", func() error { return w.store.RemoveGroup(ctx, "gC") }, nil},
		{"a group is back", func() error {
			return w.store.PutGroup(ctx, directory.Group{ID: "gC", DisplayName: "gC"}) // mail-enabled groups lead on too
		}, []string{"Standard User < gB < gC < gTop"}},
		{"the assigned group is no security group", func() error { return w.store.PutGroup(ctx, directory.Group{ID: "gTop", DisplayName: "gTop"}) }, nil},
	}
	moments := make([]time.Time, len(steps))
	for i, step := range steps {
		w.must(step.change())
		moments[i] = w.between()
		subjects, err := w.store.Engine().Subjects(ctx, app.Job.ID, []string{cleo})
		w.must(err)
		if granted := len(subjects[0].Grants); granted != len(step.want) {
			t.Errorf("%s: a cycle sees %d grants, want %d", step.name, granted, len(step.want))
		}
	}
	for i, step := range steps {
		if diff := cmp.Diff(step.want, w.thenTexts(cleo, moments[i])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	then, err := w.LinksAsOf(ctx, cleo, moments[1])
	w.must(err)
	if len(then.Memberships) != 2 {
		t.Errorf("%d direct memberships are told, want also that in the deleted group", len(then.Memberships))
	}
	if diff := cmp.Diff([]string{"Standard User"}, w.thenTexts("gTop", moments[0])); diff != "" {
		t.Errorf("of a group in a ring (-want +got):\n%s", diff)
	}
	w.nests(app, false)
	if got := w.thenTexts(cleo, moments[0]); len(got) > 0 {
		t.Errorf("groups inside groups do not count, and there is %q", got)
	}
}
