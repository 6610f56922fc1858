package imports

import (
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/source"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	form := func(kind string, data formData) page.Sample {
		return page.Sample{Page: "Import", Case: kind, Path: Path, Answer: a.form.Show(head(), data)}
	}
	faulty, refused, hostile := newFormData(), newFormData(), newFormData()
	faulty.told(source.Faults{
		{File: "users.csv", Line: 1, Column: 27, Message: `unknown column "dispalyName"; did you mean displayName?`},
		{File: "users.csv", Line: 212, Message: "short row: 7 values, the header has 8 columns"},
		{File: "assignments.csv", Line: 3, Column: 1, Message: `there is no application "Salesforce"; add it first, or leave the file of assignments out`},
		{File: "groups.csv", Message: "the file is not text"},
	})
	refused.told(page.Invalid("users", "Choose at least one file."))
	many := make(source.Faults, mostShown+40)
	for i := range many {
		many[i] = source.Fault{File: page.Hostile, Line: i + 1, Column: 1, Message: page.Hostile}
	}
	hostile.told(many)
	preview := func(kind string, upload store.Upload, effect store.ImportEffect, replace, changed bool) page.Sample {
		data := newPreviewData(upload, effect, replace)
		data.Confirmation.Changed = changed
		return page.Sample{Page: "What the files do", Case: kind, Path: data.Path, Answer: a.preview.Show(head().Below("What the files do", Path, "Import"), data)}
	}
	operation := func(kind string, state provisioning.OperationState, message, refused string) page.Sample {
		began := time.Now().Add(-9 * time.Second)
		o := provisioning.Operation{ID: "0192", Kind: provisioning.Importing, By: "ann@contoso.com (portal)", State: state, Message: message, Refused: refused, UploadID: "SAMPLEUPLOAD"}
		o.Progress = provisioning.Progress{Began: began, At: time.Now(), Expected: 285_000, Counts: provisioning.Counts{Collected: 121_500, Unchanged: 121_500}}
		if state != provisioning.OperationRunning {
			o.Ended = time.Now()
		}
		data := newOperationData(o, time.Now())
		return page.Sample{Page: "An import", Case: kind, Path: data.Path, Answer: a.operation.Show(operationHead(false), data)}
	}
	upload, effect := sampleUpload("users.csv", "groups.csv", "members.csv"), sampleEffect()
	additive := effect
	effect.Restored, additive.StayDeleted = 3, 21
	additive.Users.Removed, additive.Members.Removed, additive.Removed, additive.Shrinkage = 0, 0, nil, directory.Shrinkage{}
	additive.Accesses = []store.AccessEffect{{ApplicationID: page.SampleApplication("").ID, DisplayName: "Salesforce", Gained: 14}}
	return []page.Sample{
		form("full", newFormData()), form("empty", newFormData()), form("faults", faulty), form("nothing chosen", refused), form("hostile", hostile),
		preview("full", upload, effect, true, false), preview("additions alone", upload, additive, false, false), preview("changed meanwhile", upload, effect, true, true),
		preview("empty", upload, store.ImportEffect{Before: 9300}, true, false), preview("hostile", sampleUpload(page.Hostile), hostileEffect(), true, false),
		operation("full", provisioning.OperationRunning, "", ""), operation("empty", provisioning.OperationStopped, "", ""),
		operation("done", provisioning.OperationDone, "users: 100000 added, 0 changed, 0 removed; members: 184823 added, 0 changed, 0 removed", ""),
		operation("changed meanwhile", provisioning.OperationFailed, "it would not do any more what was confirmed", string(administration.ChangedMeanwhile)),
		operation("hostile", provisioning.OperationFailed, page.Hostile, page.Hostile),
	}
}

func sampleUpload(names ...string) store.Upload {
	upload := store.Upload{ID: "SAMPLEUPLOAD", Owner: page.SampleVisitor().ID, Purpose: purpose}
	for _, name := range names {
		upload.Files = append(upload.Files, store.UploadedFile{Field: "users", Name: name})
	}
	return upload
}

func sampleEffect() store.ImportEffect {
	return store.ImportEffect{
		ImportReport: store.ImportReport{
			Shrinkage: directory.Shrinkage{At: time.Now(), Before: 9300, Removed: 2411},
			Users:     store.ImportCount{Read: 6903, Created: 14, Updated: 122, Removed: 2411},
			Groups:    store.ImportCount{Read: 31, Updated: 1}, Members: store.ImportCount{Read: 18_211, Created: 20, Removed: 5120},
		},
		Before: 9300, Removed: []string{"adele.vance@contoso.com", "ana.garcia@contoso.com", "zoe.mueller-luedenscheidt@fabrikam.onmicrosoft.com"},
		Accesses: []store.AccessEffect{
			{ApplicationID: page.SampleApplication("").ID, DisplayName: "Salesforce", Gained: 14, Lost: 802, Losers: []string{"adele.vance@contoso.com", "ana.garcia@contoso.com"}, Changed: 2, Changers: []string{"ben.okoye@contoso.com", "cleo.marsh@contoso.com"}},
			{ApplicationID: "2", DisplayName: "Salesforce Sandbox", Gained: 3},
		},
	}
}

func hostileEffect() store.ImportEffect {
	h := page.Hostile
	effect := sampleEffect()
	effect.Removed = []string{h, h}
	effect.Accesses = []store.AccessEffect{{ApplicationID: page.SampleApplication("").ID, DisplayName: h, Gained: 1, Lost: 2, Losers: []string{h}, Changed: 3, Changers: []string{h}}}
	return effect
}
