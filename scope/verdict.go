package scope

import (
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// ReasonCode names why someone is out of scope.
type ReasonCode string

// The reasons for being out of scope.
const (
	NotAssigned       ReasonCode = "NotAssigned"
	DefaultAccessOnly ReasonCode = "DefaultAccessOnly" // assigned, but the application needs a real role
	SourceDisabled    ReasonCode = "SourceDisabled"
	SourceDeleted     ReasonCode = "SourceSoftDeleted"
	SourceGone        ReasonCode = "SourceDeleted" // removed from the directory for good
	FilterNotPassed   ReasonCode = "ScopingFilterNotPassed"
	FilterUndecided   ReasonCode = "ScopingFilterUndecided"
)

// Reason is one reason for being out of scope, in words.
type Reason struct {
	Code ReasonCode `json:"code"`
	Text string     `json:"text"`
}

// Verdict says whether someone is in scope and, if not, every reason that holds.
type Verdict struct {
	In      bool
	Reasons []Reason
	// Kept is true for someone who is out only by an input filter: no account is
	// made or changed, but an existing one is not taken away either.
	Kept bool
	// Undecided says why it is not known whether the person is in scope: a clause
	// that could not be decided. Nothing may be done to the account then.
	Undecided string
	// Through is the path of groups by which someone in scope is assigned who is a member
	// only of groups inside assigned groups.
	Through string
}

// Text returns all reasons as one sentence, "in scope" when there is none.
func (v Verdict) Text() string {
	if len(v.Reasons) == 0 {
		return "in scope"
	}
	texts := make([]string, len(v.Reasons))
	for i, reason := range v.Reasons {
		texts[i] = reason.Text
	}
	return strings.Join(texts, "; ")
}

// Has reports whether the verdict carries the reason.
func (v Verdict) Has(code ReasonCode) bool {
	for _, reason := range v.Reasons {
		if reason.Code == code {
			return true
		}
	}
	return false
}

// Person is what a verdict is about: the source account with its grants.
type Person struct {
	Gone       bool // removed from the directory for good
	User       directory.User
	Grants     []directory.Grant
	Attributes attr.Object // under the names of the synchronization schema, for the filters
}

// Rules are what an application and its administrator ask for.
type Rules struct {
	Everyone    bool // sync all users: no assignment is needed
	RequireRole bool // default access does not count as an assignment
	Filter      CompiledFilter
}

// Judge decides whether the person is in scope. The reasons come in the order in
// which an administrator would look: the source account, the assignment, the
// filters. Filters are not tried for someone who is gone.
func Judge(person Person, rules Rules) Verdict {
	if person.Gone {
		return Verdict{Reasons: []Reason{{SourceGone, "the user was removed from the directory for good"}}}
	}
	var reasons []Reason
	if person.User.Deleted() {
		reasons = append(reasons, Reason{SourceDeleted, "the user is deleted in the directory (it can still be restored)"})
	}
	if !person.User.AccountEnabled {
		reasons = append(reasons, Reason{SourceDisabled, "the user's account is disabled in the directory"})
	}
	if !rules.Everyone {
		reasons = append(reasons, judgeGrants(person.Grants, rules.RequireRole)...)
	}
	otherwise := len(reasons) == 0 // in scope but for the filters
	result := rules.Filter.Judge(person.Attributes)
	if otherwise && result.Undecided != "" {
		return Verdict{Undecided: result.Undecided, Kept: true, Reasons: []Reason{{FilterUndecided, result.Undecided}}}
	}
	for _, text := range result.Failed {
		reasons = append(reasons, Reason{FilterNotPassed, text})
	}
	verdict := Verdict{In: len(reasons) == 0, Reasons: reasons, Kept: otherwise && result.OnlyByInput}
	if verdict.In {
		verdict.Through = through(person.Grants)
	}
	return verdict
}

// through returns the path of the first grant when every grant is by nested groups.
func through(grants []directory.Grant) string {
	for _, grant := range grants {
		if len(grant.Path) == 0 {
			return ""
		}
	}
	if len(grants) == 0 {
		return ""
	}
	return grants[0].Through()
}

func judgeGrants(grants []directory.Grant, requireRole bool) []Reason {
	if len(grants) == 0 {
		return []Reason{{NotAssigned, "the user is not assigned to the application, neither in person nor through a group"}}
	}
	if !requireRole {
		return nil
	}
	for _, grant := range grants {
		if grant.Role.ID != directory.DefaultAccess {
			return nil
		}
	}
	return []Reason{{DefaultAccessOnly, "the user is assigned with default access only; this application needs an assignment with a role"}}
}
