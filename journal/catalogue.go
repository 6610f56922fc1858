package journal

import (
	"maps"
	"slices"
	"strings"
)

// Explanation says what a code of the log means and what to do about it.
type Explanation struct {
	Code   string `json:"code"`
	Text   string `json:"explanation"`
	Advice string `json:"advice,omitzero"`
}

// Catalogue explains codes. A connector adds its own to the general ones.
type Catalogue struct {
	byCode map[string]Explanation
}

// NewCatalogue returns a catalogue of the general codes and the ones given, which
// win.
func NewCatalogue(own ...Explanation) Catalogue {
	catalogue := Catalogue{make(map[string]Explanation)}
	for _, explanation := range append(general(), own...) {
		catalogue.byCode[explanation.Code] = explanation
	}
	return catalogue
}

// All returns every code with its explanation, in the order of the codes.
func (c Catalogue) All() []Explanation {
	all := slices.Collect(maps.Values(c.byCode))
	slices.SortFunc(all, func(a, b Explanation) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// Explain returns the explanation of a code. A code that is a connector's prefix
// before a general code, such as SalesforceTimeout, is explained by the latter.
func (c Catalogue) Explain(code string) Explanation {
	explanation, found := c.Find(code)
	if !found {
		explanation.Text = "no explanation is known for " + strings.TrimSpace(code)
	}
	explanation.Code = code
	return explanation
}

// Find returns the explanation of a code as the catalogue has it: that of
// SalesforceTimeout may be under the code Timeout. False: there is none.
func (c Catalogue) Find(code string) (Explanation, bool) {
	for i := range code {
		if explanation, found := c.byCode[code[i:]]; found {
			return explanation, true
		}
	}
	return Explanation{}, false
}

// general returns the codes that every connector shares: the names are those of
// Microsoft Entra's provisioning logs ("How to analyze the provisioning logs"),
// the words are our own.
func general() []Explanation {
	return []Explanation{
		{"NotEffectivelyEntitled", "not in scope: not assigned, without a role, disabled in the directory, or kept out by a scoping filter", "Assign the person, or look at the scoping filters."},
		{"NotAssigned", "neither assigned nor a member of an assigned group", "Assign the person, if that is not meant."},
		{"DefaultAccessOnly", "assigned with Default Access, and the application needs a real role", "Assign the person in a role."},
		{"SourceDisabled", "the person's account in the directory is disabled", "None needed: the account is enabled again when the one in the directory is."},
		{"SourceSoftDeleted", "the person is deleted in the directory and can still be restored", "None needed: whoever is restored comes back into scope."},
		{"SourceDeleted", "the person was removed from the directory for good", ""},
		{"ScopingFilterNotPassed", "a scoping filter keeps the person out", "Look at the scoping filters, if that is not meant."},
		{"UndoCreate", "an undo takes the account away that the cycle created", ""},
		{"UndoUpdate", "an undo writes back the values that the cycle changed", ""},
		{"UndoDisable", "an undo enables the account again that the cycle disabled", ""},
		{"UndoEnable", "an undo disables the account again that the cycle enabled", ""},
		{"RedundantExport", "the account is as it should be already", ""},
		{"EntrySynchronizationSkipped", "nothing was to be done", ""},
		{"PlanOutdated", "what was planned for the person is not what would be done now, so it was not done", "Look at the person, and make a new plan."},
		{"TargetDrift", "the account was changed in the application, and nothing changed in the directory", "Repair it, or accept that the application leads for the attribute."},
		{"ChangedSince", "the account was changed after the cycle that is to be undone, so it is left alone", "Look at the account, and change it by hand."},
		{"ImportSkipped", "the person has no value for any matching attribute", "Fill in the attribute that accounts are matched by."},
		{"InvalidAnchor", "the account that belongs to the person does not exist in the target any more", "Restore it, or remove the connection so that an account is matched or made again."},
		{"DuplicateTargetEntries", "several accounts in the target match one person", "Remove the accounts that are too many, or match by another attribute."},
		{"DuplicateSourceEntries", "two people claim the same account", "Give them different values, or match by another attribute."},
		{"UnableToResolveReferenceAttributeValue", "a manager or another referenced object has no account in the target", "It is written once that object has an account."},
		{"ValueNotConfirmed", "the target accepted a new value, such as an e-mail address, and nobody has confirmed it for days", "Ask the person to confirm it. A confirmation that has expired has to be asked for in the target."},
		{"StagedDelete", "the removal is held because too many accounts would be removed in one cycle", "Allow or reject the staged removals."},
		{"Conflict", "a value clashes with another object of the target", "Change the value on one side."},
		{"EntryConflict", "a value clashes with another object of the target", "Change the value on one side."},
		{"TooManyRequests", "the target asks to slow down, or its quota is used up", "It is tried again."},
		{"InternalServerError", "the target reported an error of its own", "It is tried again with the next cycle."},
		{"InternalError", "an error inside Usher", "It is tried again; please report it."},
		{"InsufficientRights", "the account that Usher signs in with lacks a permission", "Give it the permission in the target."},
		{"Unauthorized", "the credentials do not work", "Renew the credentials."},
		{"UnprocessableEntity", "the target does not accept the data", "Look at the message; correct the data or the mapping."},
		{"NotImplemented", "the target cannot do this", "Change the mapping."},
		{"MissingValues", "a value that the target needs is missing", "Fill it in, or give the mapping a default value."},
		{"RequiredFieldMissing", "a field that the target needs is empty", "Fill it in, or keep such people out with a scoping filter."},
		{"LicenseLimitExceeded", "no licence is free in the target", "Buy licences, or assign fewer people."},
		{"SchemaAttributeNotFound", "the mapping names an attribute that the target does not have", "Correct the mapping."},
		{"SchemaPropertyCanOnlyAcceptValue", "the source gives several values for an attribute that takes one", "Map a single value."},
		{"SchemaPropertyInvalidValue", "a value does not fit the type of the attribute", "Correct the data or the mapping."},
		{"ExpressionFailed", "an expression of the mapping could not be computed", "Correct the expression or the person's data."},
		{"ScopingFilterUndecided", "a clause of a scoping filter could not be decided for the person, so the account is left alone", "Correct the filter or the person's data."},
		{"InvalidDomain", "a value has a domain that the target does not accept", "Change the value, or allow the domain in the target."},
		{"Timeout", "the target did not answer in time; it was looked up and is not known to be done", "It is tried again with the next cycle."},
		{"DuplicateRoles", "two roles of the target have the same name", "Rename one of them in the target."},
	}
}
