package journal

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// Likeness says how what the incumbent did for a person compares to what is planned.
type Likeness string

// The likenesses.
const (
	Same          Likeness = "same"
	OnlyIncumbent Likeness = "onlyIncumbent" // the incumbent did something, and nothing is planned
	OnlyPlanned   Likeness = "onlyPlanned"   // something is planned, and the incumbent did nothing
	Different     Likeness = "different"     // both do something, and not the same
)

// Difference is what the comparison says of one person.
type Difference struct {
	Likeness  Likeness          `json:"likeness"`
	Person    plan.Identity     `json:"person"`
	Account   plan.Identity     `json:"account"`
	Reason    string            `json:"reason"` // why, a sentence
	Incumbent Side              `json:"incumbent,omitzero"`
	Planned   Side              `json:"planned,omitzero"`
	Fields    []FieldDifference `json:"fields,omitempty"`
}

// Side is what one of the two did, or would do. The zero Side is nothing.
type Side struct {
	At     time.Time   `json:"at,omitzero"` // of the incumbent's entry
	Action plan.Action `json:"action"`
	Status plan.Status `json:"status"`
	Code   string      `json:"code,omitzero"`
	Text   string      `json:"text,omitzero"`
}

// FieldDifference is an attribute with what each of the two writes to it.
type FieldDifference struct {
	Name      string     `json:"name"`
	Likeness  Likeness   `json:"likeness,omitzero"` // empty: not compared
	Incumbent attr.Value `json:"incumbent"`
	Planned   attr.Value `json:"planned"`
	Redacted  bool       `json:"redacted,omitzero"` // the values are not kept
}

// Compare compares what an incumbent did last for each person, by its log, with what is
// planned. Planned yields one change a person. Hidden says which attributes hold values
// that are not to be seen; they are not compared. An error of planned ends the result.
//
// People are the same by the id of the source, the id of the account, the user principal
// name, or the name of the account, in this order; what names two people names nobody. A
// skip counts only for somebody of whom the log has nothing else: the incumbent writes
// one in each cycle for whomever it leaves alone. Entries about groups are passed by.
func Compare(incumbent []Entry, planned iter.Seq2[plan.Change, error], hidden func(attribute string) bool) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		people := lastOfEach(incumbent)
		index := indexed(people)
		for change, err := range planned {
			if err != nil {
				yield(Difference{}, err)
				return
			}
			person := index.find(change)
			if person != nil {
				person.seen = true
			}
			if !yield(compared(person, &change, hidden), nil) {
				return
			}
		}
		for _, person := range people {
			if !person.seen && !yield(compared(person, nil, hidden), nil) {
				return
			}
		}
	}
}

// foreigner is somebody of the incumbent's log.
type foreigner struct {
	entry Entry
	seen  bool // something is planned for them
}

// lastOfEach returns for each person the last entry that counts, in the order in which
// the log names them first.
func lastOfEach(entries []Entry) []*foreigner {
	var people []*foreigner
	known := make(map[string]*foreigner)
	for _, entry := range entries {
		if kind := cmp.Or(entry.Change.Source.Type, entry.Change.Target.Type); kind != "" && !strings.EqualFold(kind, "User") {
			continue
		}
		key := slices.IndexFunc(keysOf(entry.Change), func(key string) bool { return key != "" })
		if key < 0 {
			continue
		}
		name := keysOf(entry.Change)[key]
		person, found := known[name]
		if !found {
			person = &foreigner{entry: entry}
			known[name] = person
			people = append(people, person)
			continue
		}
		if later(entry, person.entry) {
			person.entry = entry
		}
	}
	return people
}

// later reports whether an entry counts instead of another one.
func later(entry, than Entry) bool {
	if counts := doingOf(entry.Change) != leaves; counts != (doingOf(than.Change) != leaves) {
		return counts
	}
	return entry.At.After(than.At)
}

// keysOf are the names by which people are the same, the surest first; one that the
// change does not have is empty.
func keysOf(change plan.Change) []string {
	key := func(kind, text string) string {
		if text == "" {
			return ""
		}
		return kind + strings.ToLower(text)
	}
	name := change.Source.Name
	if !strings.Contains(name, "@") {
		name = "" // a display name, which many have
	}
	return []string{key("source ", change.Source.ID), key("account ", change.Target.ID), key("principal ", name), key("name ", change.Target.Name)}
}

// foreigners finds people by their names; nil stands for several.
type foreigners map[string]*foreigner

func indexed(people []*foreigner) foreigners {
	index := make(foreigners)
	for _, person := range people {
		for _, key := range keysOf(person.entry.Change) {
			if _, taken := index[key]; taken {
				index[key] = nil
			} else {
				index[key] = person
			}
		}
	}
	delete(index, "")
	return index
}

func (f foreigners) find(change plan.Change) *foreigner {
	for _, key := range keysOf(change) {
		if person := f[key]; person != nil && !person.seen {
			return person
		}
	}
	return nil
}

// doing is what one of the two does about an account.
type doing int

const (
	leaves doing = iota // nothing
	writes
	fails // tries, and cannot
	holds // would take it away, and waits
)

func doingOf(change plan.Change) doing {
	switch change.Status {
	case plan.Failure:
		return fails
	case plan.Staged:
		return holds
	case plan.Success, plan.Warning, plan.Planned:
		if change.Action.Writes() {
			return writes
		}
	case plan.Skipped:
	}
	return leaves
}

// compared compares one person. One of the two may be nil.
func compared(person *foreigner, planned *plan.Change, hidden func(string) bool) Difference {
	var ours, theirs plan.Change
	var d Difference
	if person != nil {
		theirs = person.entry.Change
		d.Incumbent = sideOf(theirs)
		d.Incumbent.At = person.entry.At
	}
	if planned != nil {
		ours = *planned
		d.Planned = sideOf(ours)
	}
	d.Person, d.Account = named(ours.Source, theirs.Source), named(ours.Target, theirs.Target)
	d.Fields = fieldsCompared(theirs, ours, hidden)
	d.Likeness, d.Reason = judged(person != nil, planned != nil, theirs, ours, d.Fields)
	return d
}

func sideOf(change plan.Change) Side {
	return Side{Action: change.Action, Status: change.Status, Code: change.Reason.Code, Text: change.Reason.Text}
}

func named(ours, theirs plan.Identity) plan.Identity {
	return plan.Identity{Type: cmp.Or(ours.Type, theirs.Type), ID: cmp.Or(ours.ID, theirs.ID), Name: cmp.Or(ours.Name, theirs.Name)}
}

// judged says how the two compare, and why.
func judged(logged, listed bool, theirs, ours plan.Change, fields []FieldDifference) (Likeness, string) {
	their, our := doingOf(theirs), doingOf(ours)
	switch {
	case their == leaves && our == leaves:
		return Same, "both leave the account alone"
	case their == fails && our == fails:
		return Same, fmt.Sprintf("neither can %s the account: %s", ours.Action, reasonText(ours))
	case their == holds && our == holds:
		return Same, "both hold the removal"
	case our == leaves && !listed:
		return OnlyIncumbent, theirText(theirs) + "; nothing is planned: the account is as it should be, or the person is out of scope"
	case our == leaves:
		return OnlyIncumbent, theirText(theirs) + "; Usher leaves the account alone: " + reasonText(ours)
	case our == fails:
		likeness := OnlyIncumbent
		if their == leaves {
			likeness = OnlyPlanned
		}
		return likeness, fmt.Sprintf("Usher cannot %s the account: %s", ours.Action, reasonText(ours))
	case !logged:
		return OnlyPlanned, "the incumbent's log has nothing about this person"
	case their == leaves || their == fails:
		return OnlyPlanned, theirText(theirs)
	}
	return judgedWrites(theirs, ours, fields)
}

// theirText says what the incumbent did.
func theirText(theirs plan.Change) string {
	switch doingOf(theirs) {
	case fails:
		return fmt.Sprintf("the incumbent could not %s the account: %s", verb(theirs.Action), reasonText(theirs))
	case holds:
		return "the incumbent holds the removal"
	case writes:
		return "the incumbent's last write was a " + string(theirs.Action)
	case leaves:
	}
	text := "the incumbent left the account alone"
	if theirs.Reason != (plan.Reason{}) {
		text += ": " + reasonText(theirs)
	}
	return text
}

func verb(action plan.Action) string {
	if !action.Writes() {
		return "change"
	}
	return string(action)
}

func reasonText(change plan.Change) string {
	text := cmp.Or(change.Reason.Text, change.Reason.Code, "no reason is given")
	if change.Reason.Code != "" && text != change.Reason.Code {
		text = change.Reason.Code + ", " + text
	}
	return text
}

// judgedWrites compares two writes.
func judgedWrites(theirs, ours plan.Change, fields []FieldDifference) (Likeness, string) {
	if their, our := effect(theirs), effect(ours); their != our {
		return Different, fmt.Sprintf("the incumbent did %s, Usher would %s", their, our)
	}
	var unlike []string
	for _, field := range fields {
		if field.Likeness != Same && field.Likeness != "" {
			unlike = append(unlike, field.Name)
		}
	}
	switch {
	case len(unlike) > 0:
		return Different, "the same is done with other values: " + firstOf(unlike)
	case len(theirs.Fields) == 0 && len(ours.Fields) > 0:
		return Same, "the same is done; the incumbent's log has no values to compare"
	}
	return Same, "the same is done"
}

// firstOf names the first of some attributes.
func firstOf(names []string) string {
	const most = 4
	text := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// effect is what a write does with an account. The incumbent may log enabling and
// disabling an account as an update.
func effect(change plan.Change) plan.Action {
	if doingOf(change) == holds {
		return "hold the removal" // no action has this name
	}
	if change.Action == plan.Update {
		for _, field := range change.Fields {
			switch name := strings.ToLower(field.Name); {
			case name != "isactive" && name != "active" && name != "accountenabled":
			case strings.EqualFold(field.New.String(), "false"):
				return plan.Disable
			case strings.EqualFold(field.New.String(), "true"):
				return plan.Enable
			}
		}
	}
	return change.Action
}

// fieldsCompared puts the attributes of both beside each other, in the order of their
// names. What only one of two removals or of two enablings tells is not compared.
func fieldsCompared(theirs, ours plan.Change, hidden func(string) bool) []FieldDifference {
	both := doingOf(theirs) == writes && doingOf(ours) == writes && len(theirs.Fields) > 0
	whole := both && (effect(ours) == plan.Create || effect(ours) == plan.Update)
	byName := make(map[string]FieldDifference)
	add := func(field plan.Field, put func(*FieldDifference, attr.Value)) {
		key := strings.ToLower(field.Name)
		d, known := byName[key]
		if !known {
			d.Name = field.Name
		}
		d.Redacted = d.Redacted || field.Redacted || hidden(field.Name)
		put(&d, field.New)
		byName[key] = d
	}
	present := make(map[string]int)
	for _, field := range ours.Fields {
		add(field, func(d *FieldDifference, value attr.Value) { d.Planned = value })
		present[strings.ToLower(field.Name)] |= 1
	}
	for _, field := range theirs.Fields {
		add(field, func(d *FieldDifference, value attr.Value) { d.Incumbent = value })
		present[strings.ToLower(field.Name)] |= 2
	}
	fields := make([]FieldDifference, 0, len(byName))
	for key, field := range byName {
		if both && !field.Redacted && field.Planned.Kind() != attr.Reference {
			field.Likeness = valuesCompared(field, present[key], whole)
		}
		if field.Redacted {
			field.Incumbent, field.Planned = unseen(field.Incumbent), unseen(field.Planned)
		}
		fields = append(fields, field)
	}
	slices.SortFunc(fields, func(a, b FieldDifference) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// unseen keeps of a value only whether there is one.
func unseen(value attr.Value) attr.Value {
	if value.IsNull() {
		return value
	}
	return attr.Text("[Redact]")
}

func valuesCompared(field FieldDifference, present int, whole bool) Likeness {
	switch their, our := meant(field.Incumbent), meant(field.Planned); {
	case their == our:
		return Same
	case present == 3:
		return Different
	case !whole:
		return ""
	case present == 2:
		return OnlyIncumbent
	}
	return OnlyPlanned
}

// meant is a value as text, the same for values that mean the same: no value and
// an empty one, True and true.
func meant(value attr.Value) string {
	if value.IsNull() {
		return ""
	}
	text := strings.TrimSpace(value.String())
	if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
		return strings.ToLower(text)
	}
	return text
}
