package preview

import (
	"net/url"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	app, hostile := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile)
	fresh := page.SampleApplication("Salesforce")
	fresh.Job.Status = provisioning.Status{Code: provisioning.NotConfigured}
	samples := a.listSamples(app, fresh, hostile, now)
	samples = append(samples, a.planSamples(app, hostile, now)...)
	samples = append(samples, a.applySamples(app, hostile, now)...)
	samples = append(samples, a.operationSamples(app, hostile, now)...)
	samples = append(samples, a.undoSamples(app, hostile, now)...)
	return append(samples, a.comparisonSamples(app, hostile, now)...)
}

func samplePlan(now time.Time) administration.KeptPlan {
	return administration.KeptPlan{
		Plan: engine.Plan{
			Key: "01936f2e-7c1a-7000-8000-00000000cafe", ID: "3f9c0d1e22ab4c5d6e7f80910a1b2c3d4e5f60718293a4b5c6d7e8f901234567", JobID: "j", Kind: engine.CyclePlan, State: engine.PlanReady,
			At: now.Add(-7 * time.Minute), By: "ann@contoso.com (portal)",
			Counts: provisioning.Counts{
				Collected: 9300, Created: 214, Updated: 87, Disabled: 31, Enabled: 4, Unchanged: 8921, Skipped: 38, Failed: 5, References: 160, Calls: 412,
				Codes: map[string]int{plan.CodeNotEntitled: 38, "SalesforceRequiredFieldMissing": 5},
			},
			Reasons: map[string]int{"create": 214, "update": 87, "disable " + plan.CodeNotEntitled: 31, "create SalesforceRequiredFieldMissing": 5},
			Guard:   "31 of 118 accounts would be removed, more than the 10 that are allowed in one cycle", Calls: engine.PlannedCalls{Read: 412, Write: 9},
			Seats: []provisioning.SeatDemand{{License: "Salesforce", Creations: 210, Activations: 4, Released: 31, Free: 160}, {License: "Identity", Creations: 4, Free: provisioning.UnlimitedSeats}},
			Notes: []string{"the values of FederationIdentifier are not shown, only whether they change"},
		},
		Items: map[engine.ItemState]int{engine.ItemOpen: 496, engine.ItemNone: 5},
	}
}

// sampleItems are made-up items of a plan.
func sampleItems(now time.Time) []engine.PlanItem {
	var items []engine.PlanItem
	for _, entry := range change.Samples(now) {
		item := engine.PlanItem{Change: entry.Change, State: engine.ItemOpen}
		item.Change.Steps = nil
		switch item.Change.Status {
		case plan.Success:
			item.Change.Status = plan.Planned
		case plan.Failure, plan.Staged:
			item.State = engine.ItemNone
		case plan.Planned, plan.Skipped, plan.Warning:
		}
		items = append(items, item)
	}
	return items
}

func hostilePlan(now time.Time) administration.KeptPlan {
	h, kept := page.Hostile, samplePlan(now)
	kept.ID, kept.By, kept.Kind, kept.Cycle, kept.Guard, kept.AppliedBy, kept.Notes = h, h, engine.UndoPlan, h, h, h, []string{h}
	kept.Reasons, kept.Counts.Codes = map[string]int{"disable " + h: 1}, map[string]int{h + h: 1}
	kept.Seats = []provisioning.SeatDemand{{License: h, Creations: 9}}
	kept.State, kept.AppliedAt = engine.PlanApplying, now
	return kept
}

func hostileItems(now time.Time) []engine.PlanItem {
	item := engine.PlanItem{Change: change.HostileEntry(now).Change, State: engine.ItemState(page.Hostile), Note: page.Hostile}
	return []engine.PlanItem{item}
}

func appliedPlan(now time.Time) administration.KeptPlan {
	kept := samplePlan(now)
	kept.State, kept.AppliedAt, kept.AppliedBy = engine.PlanApplied, now.Add(-2*time.Minute), "ann@contoso.com (portal)"
	kept.Items = map[engine.ItemState]int{engine.ItemDone: 488, engine.ItemRefused: 6, engine.ItemFailed: 2, engine.ItemNone: 5}
	return kept
}

func brokenPlan(now time.Time) administration.KeptPlan {
	kept := appliedPlan(now)
	kept.State, kept.Guard = engine.PlanApplying, ""
	kept.Items = map[engine.ItemState]int{engine.ItemDone: 200, engine.ItemOpen: 296, engine.ItemNone: 5}
	return kept
}

func sampleOperation(now time.Time, kind provisioning.OperationKind, state provisioning.OperationState) provisioning.Operation {
	operation := provisioning.Operation{
		ID: "01936f2e-7c1a-7000-8000-000000000007", Kind: kind, By: "ann@contoso.com (portal)", State: state,
		Progress: provisioning.Progress{Phase: "people", Began: now.Add(-42 * time.Second), At: now, Expected: 9300, Counts: provisioning.Counts{Created: 3100, Unchanged: 1000, Failed: 2, Calls: 44}},
	}
	if kind == provisioning.ApplyingPlan || state == provisioning.OperationDone {
		operation.PlanID = samplePlan(now).ID
	}
	if state != provisioning.OperationRunning {
		operation.Ended = now
	}
	return operation
}

func (a *Area) listSamples(app, fresh, hostile page.Application, now time.Time) []page.Sample {
	show := func(name string, app page.Application, data listData) page.Sample {
		return page.Sample{Page: "Preview", Case: name, Path: app.Path("preview"), Answer: a.list.Show(listHead(app), data)}
	}
	undo := samplePlan(now)
	undo.Kind, undo.ID, undo.Counts = engine.UndoPlan, "77"+undo.ID, provisioning.Counts{Updated: 3}
	empty := samplePlan(now)
	empty.Counts = provisioning.Counts{Unchanged: 9300}
	broken := sampleOperation(now, provisioning.MakingPlan, provisioning.OperationFailed)
	broken.Message = "INVALID_LOGIN: Invalid username, password, security token; or user locked out"
	full := newListData(app, []administration.KeptPlan{samplePlan(now), brokenPlan(now), appliedPlan(now), undo, empty},
		[]provisioning.Operation{sampleOperation(now, provisioning.MakingPlan, provisioning.OperationRunning), broken}, now)
	full.Pager.Next = full.Path + "?before=x"
	harm := sampleOperation(now, provisioning.OperationKind(page.Hostile), provisioning.OperationRunning)
	harm.By, harm.ID = page.Hostile, page.Hostile
	stopped := harm
	stopped.State, stopped.Message = provisioning.OperationStopped, page.Hostile
	refused := newListData(app, nil, nil, now)
	refused.Faults = page.Faults{"": "That is being done for Salesforce already. Wait until it is over, or stop it."}
	return []page.Sample{
		show("full", app, full), show("empty", app, newListData(app, nil, nil, now)), show("not set up", fresh, newListData(fresh, nil, nil, now)), show("refused", app, refused),
		show("hostile", hostile, newListData(hostile, []administration.KeptPlan{hostilePlan(now)}, []provisioning.Operation{harm, stopped}, now)),
	}
}

func (a *Area) planSamples(app, hostile page.Application, now time.Time) []page.Sample {
	catalogue := journal.NewCatalogue()
	show := func(name string, app page.Application, kept administration.KeptPlan, f filter, found store.Listing[engine.PlanItem]) page.Sample {
		data := newPlanData(app, kept, f, catalogue).with(app, found, found.Previous != "", catalogue)
		return page.Sample{Page: "A preview", Case: name, Path: planPath(app, kept.ID, ""), Answer: a.plan.Show(planHead(app, kept), data)}
	}
	item := func(name string, app page.Application, kept administration.KeptPlan, items []engine.PlanItem, fill func(*itemData)) page.Sample {
		data := newItemData(app, kept, items, nil, catalogue)
		fill(&data)
		return page.Sample{Page: "A change of a preview", Case: name, Path: itemPath(app, kept.ID, "e1"), Answer: a.item.Show(itemHead(app, kept, items), data)}
	}
	items := sampleItems(now)
	some := store.Listing[engine.PlanItem]{Items: items, Next: "next", Previous: "previous"}
	done := sampleItems(now)
	done[0].State, done[1].State, done[3].State = engine.ItemDone, engine.ItemRefused, engine.ItemFailed
	done[1].Note = "Title is “Head of Sales” there and not empty: somebody changed it since the preview was made"
	done[3].Note = "UNABLE_TO_LOCK_ROW: unable to obtain exclusive access to this record"
	nothing := samplePlan(now)
	nothing.Counts, nothing.Reasons, nothing.Seats, nothing.Notes, nothing.Guard = provisioning.Counts{Collected: 9300, Unchanged: 9300}, nil, nil, nil, ""
	nothing.Items = nil
	h := page.Hostile
	return []page.Sample{
		show("full", app, samplePlan(now), filter{}, some), show("empty", app, nothing, filter{}, store.Listing[engine.PlanItem]{}),
		show("applied", app, appliedPlan(now), filter{}, store.Listing[engine.PlanItem]{Items: done}), show("broke off", app, brokenPlan(now), filter{}, some),
		show("filtered", app, samplePlan(now), filter{Action: "disable", Cause: plan.CodeNotEntitled}, store.Listing[engine.PlanItem]{Items: items[3:4]}),
		show("nothing found", app, samplePlan(now), filter{Text: "nobody"}, store.Listing[engine.PlanItem]{}),
		show("hostile", hostile, hostilePlan(now), filter{h, h, h, h}, store.Listing[engine.PlanItem]{Items: hostileItems(now), Next: h}),
		item("full", app, samplePlan(now), items[:1], func(d *itemData) {
			d.Now = []change.View{change.New(change.Samples(now)[0].Change, change.Application{ID: app.ID, Name: "Salesforce"}, catalogue).Anchored("now")}
		}),
		item("outdated", app, appliedPlan(now), done[1:2], func(d *itemData) {
			d.Done = []change.View{change.OfEntry(change.Samples(now)[1], change.Application{ID: app.ID, Name: "Salesforce"}, catalogue)}
		}),
		item("cannot be read", app, samplePlan(now), items[:1], func(d *itemData) { d.Fault = "INVALID_LOGIN: Invalid username, password, security token." }),
		item("hostile", hostile, hostilePlan(now), hostileItems(now), func(d *itemData) { d.Fault = h }),
	}
}

func (a *Area) applySamples(app, hostile page.Application, now time.Time) []page.Sample {
	show := func(name string, app page.Application, kept administration.KeptPlan, faults page.Faults) page.Sample {
		data := newApplyData(app, kept)
		data.Faults = faults
		return page.Sample{Page: "Apply a preview", Case: name, Path: planPath(app, kept.ID, "apply"), Answer: a.applying.Show(applyHead(app, kept), data)}
	}
	remove := func(name string, app page.Application, kept administration.KeptPlan) page.Sample {
		return page.Sample{Page: "Remove a preview", Case: name, Path: planPath(app, kept.ID, "remove"), Answer: a.removal.Show(removalHead(app, kept), newRemovalData(app, kept, 2))}
	}
	undo := samplePlan(now)
	undo.Kind, undo.Guard, undo.Seats = engine.UndoPlan, "", nil
	empty := samplePlan(now)
	empty.Items = nil
	return []page.Sample{
		show("full", app, samplePlan(now), nil), show("go on", app, brokenPlan(now), nil), show("undo", app, undo, nil), show("empty", app, empty, nil), show("applied", app, appliedPlan(now), nil),
		show("refused", app, samplePlan(now), page.Faults{"": "The removal guard holds the removals of the plan, so nothing was done. Look at them, and allow them if they are meant."}),
		show("hostile", hostile, hostilePlan(now), page.Faults{"": page.Hostile}), remove("full", app, samplePlan(now)), remove("hostile", hostile, hostilePlan(now)),
	}
}

func (a *Area) operationSamples(app, hostile page.Application, now time.Time) []page.Sample {
	show := func(name string, app page.Application, operation provisioning.Operation) page.Sample {
		data := newOperationData(app, operation, now)
		return page.Sample{Page: "An operation", Case: name, Path: data.Path, Answer: a.operation.Show(operationHead(app, operation, false), data)}
	}
	beginning := sampleOperation(now, provisioning.ApplyingPlan, provisioning.OperationRunning)
	beginning.Progress = provisioning.Progress{Began: now, At: now}
	failed := sampleOperation(now, provisioning.ApplyingPlan, provisioning.OperationFailed)
	failed.Refused, failed.Message = string(administration.PlanSchema), "the synchronization schema was changed since the plan was made, so nothing was done. Make a new plan"
	lost := sampleOperation(now, provisioning.ApplyingPlan, provisioning.OperationRunning)
	lost.Progress.At = now.Add(-time.Hour)
	drift := sampleOperation(now, provisioning.FindingDrift, provisioning.OperationDone)
	drift.PlanID = ""
	harm := sampleOperation(now, provisioning.OperationKind(page.Hostile), provisioning.OperationFailed)
	harm.By, harm.ID, harm.Message, harm.PlanID, harm.Progress.Phase = page.Hostile, page.Hostile, page.Hostile, page.Hostile, page.Hostile
	return []page.Sample{
		show("full", app, sampleOperation(now, provisioning.MakingPlan, provisioning.OperationRunning)), show("empty", app, beginning), show("failed", app, failed), show("broke off", app, lost),
		show("done", app, sampleOperation(now, provisioning.MakingPlan, provisioning.OperationDone)), show("stopped", app, sampleOperation(now, provisioning.ApplyingPlan, provisioning.OperationStopped)),
		show("a file", app, sampleOperation(now, provisioning.Assigning, provisioning.OperationRunning)), show("a file, stopped", app, sampleOperation(now, provisioning.Assigning, provisioning.OperationStopped)),
		show("nothing drifted", app, drift), show("hostile", hostile, harm),
	}
}

func (a *Area) undoSamples(app, hostile page.Application, now time.Time) []page.Sample {
	catalogue := journal.NewCatalogue()
	show := func(name string, app page.Application, data undoData, found store.Listing[journal.Entry], chosen ...string) page.Sample {
		if found.Next != "" {
			data.Pager.Next = data.Path + "?" + url.Values{"cursor": {found.Next}}.Encode()
		}
		return page.Sample{Page: "Undo a cycle", Case: name, Path: data.Path, Answer: a.undo.Show(undoHead(app, data.Cycle), data.with(app, found, chosen, catalogue))}
	}
	full := newUndoData(app, "01936f2e-7c1a-7000-8000-00000000cafe", "")
	for n, each := range reversals() {
		full = full.counting(undoNumber{each.icon, store.Count{Number: 1200*n + 1, More: n == 1}, each.one, each.many})
	}
	chosen := full
	chosen.Some, chosen.Text, chosen.Selected = true, "adele", []page.Option{{Value: "e7", Text: "zoe@contoso.com"}}
	harm := full
	harm.Path, harm.Cycle, harm.CycleURL, harm.Text, harm.Selected, harm.Faults = undoPath(hostile, page.Hostile), page.Hostile, hostile.Path("cycles"), page.Hostile, []page.Option{{Value: page.Hostile, Text: page.Hostile}}, page.Faults{"": page.Hostile}
	entries := change.Samples(now)
	wrote := store.Listing[journal.Entry]{Items: []journal.Entry{entries[0], entries[1], entries[3]}, Next: "next"}
	return []page.Sample{
		show("full", app, full, wrote), show("selected", app, chosen, wrote, entries[1].Change.Source.ID), show("empty", app, newUndoData(app, "c", ""), store.Listing[journal.Entry]{}),
		show("nothing found", app, full, store.Listing[journal.Entry]{}),
		show("hostile", hostile, harm, store.Listing[journal.Entry]{Items: []journal.Entry{change.HostileEntry(now)}, Next: page.Hostile}, page.Hostile),
	}
}

func (a *Area) comparisonSamples(app, hostile page.Application, now time.Time) []page.Sample {
	h := page.Hostile
	made := store.Comparison{
		ID: "01936f2e-7c1a-7000-8000-00000000beef", At: now.Add(-time.Minute), By: "ann@contoso.com (portal)", Files: []string{"ProvisioningLogs.csv", "ProvisioningLogs_ModifiedProperties.csv"}, Entries: 1204,
		From: now.Add(-50 * time.Hour), Until: now.Add(-2 * time.Hour),
		Counts: map[journal.Likeness]int{journal.Same: 280, journal.Different: 12, journal.OnlyIncumbent: 7, journal.OnlyPlanned: 31},
	}
	harmful := made
	harmful.ID, harmful.By, harmful.Files = h, h, []string{h}
	ask := func(name string, app page.Application, kept administration.KeptPlan, made []store.Comparison, faults page.Faults) page.Sample {
		data := newCompareData(app, kept, made)
		data.Log, data.Faults = faults.Of(data.Log), wholeFaults(faults)
		return page.Sample{Page: "Compare with the incumbent", Case: name, Path: data.Path, Answer: a.compare.Show(compareHead(app, kept), data)}
	}
	show := func(name string, app page.Application, kept administration.KeptPlan, c store.Comparison, group journal.Likeness, text string, found store.Listing[store.FoundDifference]) page.Sample {
		data := newComparisonData(app, kept, c, group, text, found, found.Previous != "")
		return page.Sample{Page: "A comparison", Case: name, Path: data.Path, Answer: a.differences.Show(comparisonHead(app, kept), data)}
	}
	forget := func(name string, app page.Application, kept administration.KeptPlan, c store.Comparison) page.Sample {
		data := newForgettingData(app, kept, c)
		return page.Sample{Page: "Remove a comparison", Case: name, Path: data.Path, Answer: a.forgetting.Show(forgettingHead(app, kept, c), data)}
	}
	harm := journal.Difference{
		Likeness: journal.Likeness(h), Person: plan.Identity{ID: h, Name: h}, Reason: h, Incumbent: journal.Side{At: now, Action: plan.Action(h), Status: plan.Status(h), Code: h, Text: h},
		Fields: []journal.FieldDifference{{Name: h, Likeness: journal.Different, Incumbent: attr.Text(h), Planned: attr.Text(h)}},
	}
	return []page.Sample{
		ask("full", app, samplePlan(now), []store.Comparison{made}, nil), ask("empty", app, samplePlan(now), nil, nil), ask("no file", app, samplePlan(now), nil, page.Faults{"log": "Choose a file first."}),
		ask("faults", app, samplePlan(now), nil, page.Faults{"": "The file cannot be taken.\nLine 3, log.csv: the status \"fine\" is none of success, failure, skipped and warning."}),
		ask("hostile", hostile, hostilePlan(now), []store.Comparison{harmful}, page.Faults{"": h, h: h}),
		show("full", app, samplePlan(now), made, "", "", store.Listing[store.FoundDifference]{Items: sampleDifferences(now), Next: "next", Previous: "previous"}),
		show("empty", app, samplePlan(now), store.Comparison{ID: "c"}, "", "", store.Listing[store.FoundDifference]{}),
		show("filtered", app, samplePlan(now), made, journal.Different, "", store.Listing[store.FoundDifference]{Items: sampleDifferences(now)[:1]}),
		forget("full", app, samplePlan(now), made), forget("empty", app, samplePlan(now), store.Comparison{ID: "c"}), forget("hostile", hostile, hostilePlan(now), harmful),
		show("hostile", hostile, hostilePlan(now), harmful, journal.Likeness(h), h, store.Listing[store.FoundDifference]{Items: []store.FoundDifference{{Difference: harm}}, Next: h}),
	}
}

// sampleDifferences compares made-up changes with a made-up log.
func sampleDifferences(now time.Time) []store.FoundDifference {
	items := sampleItems(now)
	theirs := make([]journal.Entry, 3)
	for n := range theirs {
		theirs[n] = journal.Entry{At: now.Add(-time.Duration(n+2) * time.Hour), Change: change.Samples(now)[n+1].Change}
	}
	theirs[0].Change.Fields = []plan.Field{{Name: "Department", New: attr.Text("Sales")}, {Name: "Title", New: attr.Text("Head of Retail")}}
	planned := func(yield func(plan.Change, error) bool) {
		for _, item := range items[:4] {
			if !yield(item.Change, nil) {
				return
			}
		}
	}
	theirs = append(theirs, journal.Entry{At: now.Add(-26 * time.Hour), Change: plan.Change{Action: plan.Create, Status: plan.Success, Source: plan.Identity{ID: "e99", Name: "zoe@contoso.com"}}})
	var found []store.FoundDifference
	for difference, err := range journal.Compare(theirs, planned, func(string) bool { return false }) {
		if err == nil {
			found = append(found, store.FoundDifference{Difference: difference, Number: len(found) + 1})
		}
	}
	return found
}
