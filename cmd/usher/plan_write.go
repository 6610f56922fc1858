package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/plan"
)

// writePlan writes a plan in the form that is asked for, item by item as they come
// from the database; limit does not count for JSON and diff.
func (o *options) writePlan(ctx context.Context, to io.Writer, w *workspace, app directory.Application, p engine.Plan, limit int) error {
	out := bufio.NewWriter(to)
	var err error
	switch o.output {
	case "json":
		err = w.service.WritePlanJSON(ctx, out, p, administration.PlanFilter{})
	case "diff":
		err = w.eachPlanItem(ctx, p, 0, func(item engine.PlanItem) error { return writeItemDiff(out, item) })
	default:
		err = w.writePlanTable(ctx, out, app, p, limit)
	}
	if flush := out.Flush(); err == nil && flush != nil {
		err = fmt.Errorf("write the plan: %w", flush)
	}
	return err
}

// eachPlanItem hands on the items of a plan, at most limit of them if it is not 0.
func (w *workspace) eachPlanItem(ctx context.Context, p engine.Plan, limit int, take func(engine.PlanItem) error) error {
	count := 0
	for item, err := range w.service.PlanItems(ctx, p, administration.PlanFilter{}, "") {
		if err != nil {
			return err
		}
		if limit > 0 && count == limit {
			return nil
		}
		count++
		if err := take(item); err != nil {
			return err
		}
	}
	return nil
}

func (w *workspace) writePlanTable(ctx context.Context, out io.Writer, app directory.Application, p engine.Plan, limit int) error {
	shown := 0
	err := w.eachPlanItem(ctx, p, limit, func(item engine.PlanItem) error {
		shown++
		_, err := io.WriteString(out, itemText(item))
		return err
	})
	if err != nil {
		return err
	}
	items, err := w.store.CountPlanItems(ctx, p.Key)
	if err != nil {
		return err
	}
	total := 0
	for _, count := range items {
		total += count
	}
	var text strings.Builder
	if shown < total {
		fmt.Fprintf(&text, "... and %d more; \"usher plan show %s\" shows all\n", total-shown, shortID(p.ID))
	}
	w.writePlanHead(&text, app, p, items)
	_, err = io.WriteString(out, text.String())
	return err
}

// itemText is an item as people read it.
func itemText(item engine.PlanItem) string {
	text := item.Change.String()
	if item.State == engine.ItemOpen || item.State == engine.ItemNone {
		return text
	}
	note := ""
	if item.Note != "" {
		note = ": " + item.Note
	}
	return text + "    => " + string(item.State) + note + "\n"
}

func (w *workspace) writePlanHead(text *strings.Builder, app directory.Application, p engine.Plan, items map[engine.ItemState]int) {
	counts := p.Counts
	about := map[engine.PlanKind]string{
		engine.CyclePlan: "a cycle", engine.UndoPlan: "undo of cycle " + p.Cycle, engine.DriftPlan: "repair of changes made in the application",
	}[p.Kind]
	fmt.Fprintf(text, "plan %s of %s: %s, made %s by %s, %s\n", shortID(p.ID), app.DisplayName, about, p.At.Format(time.RFC3339), cmp.Or(p.By, "usher"), stateText(p))
	fmt.Fprintf(text, "  looked at %d   create %d   update %d   disable %d   enable %d", counts.Collected, counts.Created, counts.Updated, counts.Disabled, counts.Enabled)
	if counts.Deleted > 0 {
		fmt.Fprintf(text, "   delete %d", counts.Deleted)
	}
	fmt.Fprintf(text, "   unchanged %d   skipped %d   cannot be done %d\n", counts.Unchanged, counts.Skipped, counts.Failed)
	if counts.References > 0 {
		fmt.Fprintf(text, "  %s (managers) are written once both accounts exist\n", counted(counts.References, "reference", "references"))
	}
	for _, reason := range slices.Sorted(maps.Keys(p.Reasons)) {
		if action, code, found := strings.Cut(reason, " "); found && p.Reasons[reason] > 0 {
			fmt.Fprintf(text, "  %6d  %s because of %s\n", p.Reasons[reason], action, code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(counts.Codes)) {
		fmt.Fprintf(text, "  %6d  %s: %s\n", counts.Codes[code], code, w.catalogue.Explain(code).Text)
	}
	for _, seats := range p.Seats {
		fmt.Fprintf(text, "  licences: %s\n", seats)
	}
	fmt.Fprintf(text, "  API calls: about %d to read, at least %d to write\n", p.Calls.Read, p.Calls.Write)
	for _, note := range p.Notes {
		fmt.Fprintf(text, "  note: %s\n", note)
	}
	if p.Guard != "" {
		fmt.Fprintf(text, "  the removal guard holds the removals: %s\n", p.Guard)
	}
	if p.State != engine.PlanReady {
		fmt.Fprintf(text, "  %s\n", administration.ItemsText(items))
		return
	}
	if items[engine.ItemOpen] == 0 {
		text.WriteString("  there is nothing to apply\n")
		return
	}
	allow := ""
	if p.Guard != "" && p.Removals() > 0 {
		allow = " --allow-removals"
	}
	fmt.Fprintf(text, "next: usher apply %s%s\n", shortID(p.ID), allow)
}

func stateText(p engine.Plan) string {
	switch p.State {
	case engine.PlanApplying:
		return "broken off since " + p.AppliedAt.Format(time.RFC3339) + ", by " + p.AppliedBy
	case engine.PlanApplied:
		return "applied " + p.AppliedAt.Format(time.RFC3339) + " by " + p.AppliedBy
	case engine.PlanReady, engine.PlanDraft:
	}
	return "not applied"
}

// writeItemDiff writes the fields of an item as they are and as they will be.
func writeItemDiff(out io.Writer, item engine.PlanItem) error {
	change := item.Change
	before, after := change.Target.ID, cmp.Or(change.Target.ID, "new")
	if change.Action == plan.Create {
		before = "/dev/null"
	}
	if change.Action == plan.Delete {
		after = "/dev/null"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "--- %s\n+++ %s\n@@ %s %s @@\n", before, after, change.Action, change.Source.Name)
	if change.Status != plan.Planned && change.Reason.Code != "" {
		fmt.Fprintf(&text, "# %s, %s: %s\n", change.Status, change.Reason.Code, change.Reason.Text)
	}
	for _, field := range change.Fields {
		if !field.Old.IsNull() {
			fmt.Fprintf(&text, "-%s: %s\n", field.Name, field.Show(field.Old))
		}
		if !field.New.IsNull() {
			fmt.Fprintf(&text, "+%s: %s\n", field.Name, field.Show(field.New))
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}
