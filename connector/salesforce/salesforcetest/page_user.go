package salesforcetest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usersOnPage is how many users a part of the list has.
const usersOnPage = 50

// news is for how long a user counts as new or as just changed.
const news = time.Minute

// pageUsers is a part of the users.
type pageUsers struct {
	Search, Status, Profile, Order string
	Profiles                       []pageProfile
	Rows                           []pageUser
	Active, Total, Matching        int
	From, To                       int // places of the first and the last row, counted from 1
	Previous, Next                 string
	Filtered                       bool
	Reset                          string
}

// pageUser is a user as the page shows it.
type pageUser struct {
	User

	Link    string
	New     bool
	Fresh   bool // changed a moment ago
	Manager string
	Fields  []pageField // of the user who is looked at alone
	Back    string
}

// pageField is a field of a user that has a value.
type pageField struct{ Label, Name, Value string }

// pageUsers finds a part of the users. The caller holds the lock.
func (o *Org) pageUsers(query url.Values, profiles []pageProfile, now time.Time) pageUsers {
	list := pageUsers{
		Search: query.Get("search"), Status: query.Get("status"), Profile: query.Get("profile"), Order: query.Get("order"), Profiles: profiles,
	}
	list.Filtered = list.Search != "" || list.Status != "" || list.Profile != ""
	list.Reset = "/?" + url.Values{"order": {list.Order}}.Encode()
	for _, profile := range profiles {
		list.Active += profile.Active
	}
	rows := o.tables["User"].rows
	found := o.pageFind(&list, rows)
	number, _ := strconv.Atoi(query.Get("page"))
	number = max(1, min(number, (len(found)+usersOnPage-1)/usersOnPage))
	from := (number - 1) * usersOnPage
	to := min(from+usersOnPage, len(found))
	list.Matching, list.From, list.To = len(found), min(from+1, to), to
	for _, r := range found[from:to] {
		u := o.pageRow(r, now)
		u.Link = pageQuery(query, "user", u.ID)
		list.Rows = append(list.Rows, u)
	}
	switch {
	case number == 2:
		list.Previous = pageQuery(query, "page", "")
	case number > 2:
		list.Previous = pageQuery(query, "page", strconv.Itoa(number-1))
	}
	if to < len(found) {
		list.Next = pageQuery(query, "page", strconv.Itoa(number+1))
	}
	return list
}

// pageFind selects users and puts them in their order: who changed last, or who was
// made last.
func (o *Org) pageFind(list *pageUsers, rows []*record) []*record {
	text := strings.ToLower(strings.TrimSpace(list.Search))
	found := make([]*record, 0, len(rows))
	for _, r := range slices.Backward(rows) {
		if r == nil {
			continue
		}
		if list.Total++; o.pageWants(list, text, r) {
			found = append(found, r)
		}
	}
	if list.Order != "created" {
		slices.SortStableFunc(found, func(a, b *record) int {
			switch {
			case a.stamp > b.stamp:
				return -1
			case a.stamp < b.stamp:
				return 1
			}
			return 0
		})
	}
	return found
}

func (o *Org) pageWants(list *pageUsers, text string, r *record) bool {
	switch list.Status {
	case "active":
		if !o.isActive(r) {
			return false
		}
	case "inactive":
		if o.isActive(r) {
			return false
		}
	case "frozen":
		if !o.signIn(r.id).frozen {
			return false
		}
	}
	if list.Profile != "" {
		if profile, _ := r.stored(o.user.profile); profile != list.Profile {
			return false
		}
	}
	if text == "" {
		return true
	}
	return o.pageMatches(text, r)
}

// pageMatches looks for a text, which is in lower case, in what people know of a user.
func (o *Org) pageMatches(text string, r *record) bool {
	for _, f := range []*field{o.user.username, o.user.first, o.user.last, o.user.email} {
		if value, _ := r.stored(f); containsFold(value, text) {
			return true
		}
	}
	if strings.Contains(text, " ") {
		first, _ := r.stored(o.user.first)
		last, _ := r.stored(o.user.last)
		return containsFold(first+" "+last, text)
	}
	return strings.EqualFold(text, r.id)
}

func (o *Org) pageRow(r *record, now time.Time) pageUser {
	u := pageUser{User: o.userOf(r)}
	u.New = now.Sub(u.Created) < news
	u.Fresh = !u.New && now.Sub(u.Changed) < news
	return u
}

// pageUser returns all about one user. The caller holds the lock.
func (o *Org) pageUser(r *record, now time.Time) *pageUser {
	u := o.pageRow(r, now)
	t := o.schema.object("User")
	for _, f := range t.fields {
		if value := u.Get(f.name); value != "" && (f.kind != typeBoolean || value == "true") {
			u.Fields = append(u.Fields, pageField{Label: f.label, Name: f.name, Value: o.pageValue(f, value)})
		}
	}
	if u.ManagerID != "" {
		u.Manager = o.name("User", u.ManagerID, "Name")
	}
	return &u
}

// pageValue writes a value for people: what a reference points to by its name.
func (o *Org) pageValue(f *field, value string) string {
	if f.kind != typeReference || value == "" {
		return value
	}
	for _, target := range f.referenceTo {
		t := o.schema.object(target)
		if t == nil || t.field("Name") == nil {
			continue
		}
		if name := o.name(target, value, "Name"); name != "" {
			return name
		}
	}
	return value
}

// pageChange is a write of a user.
type pageChange struct {
	At       time.Time
	Kind     string // "created", "activated", "deactivated" or "changed"
	Name, ID string
	Link     string
	By       string
	Fields   []pageDifference
	More     int // fields that are not shown
}

// pageDifference is a field before and after.
type pageDifference struct{ Label, Before, After string }

// fieldsOfChange is how many fields of one change the page shows.
const fieldsOfChange = 6

// pageChanges returns what was written last. The caller holds the lock.
func (o *Org) pageChanges() []pageChange {
	const shown = 15
	t := o.schema.object("User")
	last := o.lastChanges()
	list := make([]pageChange, 0, shown)
	for _, c := range last[:min(shown, len(last))] {
		change := pageChange{
			At: time.UnixMilli(c.after.stamp).UTC(), Kind: "created", Name: o.value(t, c.after, t.field("Name")), ID: c.after.id,
			Link: "/?" + url.Values{"user": {c.after.id}}.Encode(), By: o.name("User", c.after.modifiedBy, "Name"),
		}
		if c.before == nil {
			change.Fields = []pageDifference{{Label: "Profile", After: o.name("Profile", o.value(t, c.after, o.user.profile), "Name")}}
		} else {
			change.Kind = o.pageKind(c)
			change.Fields = o.pageDifferences(c)
		}
		change.More = max(0, len(change.Fields)-fieldsOfChange)
		change.Fields = change.Fields[:len(change.Fields)-change.More]
		list = append(list, change)
	}
	return list
}

func (o *Org) pageKind(c userChange) string {
	switch before, after := o.isActive(c.before), o.isActive(c.after); {
	case before && !after:
		return "deactivated"
	case !before && after:
		return "activated"
	}
	return "changed"
}

// pageDifferences returns the fields that differ, without those that the org fills.
func (o *Org) pageDifferences(c userChange) []pageDifference {
	t := o.schema.object("User")
	var list []pageDifference
	for _, f := range t.fields {
		if f.computed || f == o.user.active {
			continue
		}
		before, after := o.value(t, c.before, f), o.value(t, c.after, f)
		if before != after {
			list = append(list, pageDifference{f.label, o.pageValue(f, before), o.pageValue(f, after)})
		}
	}
	if waiting := o.pendingOf(c.after.id); waiting.address != "" && waiting.since == c.after.stamp {
		list = append(list, pageDifference{Label: "Email, to be confirmed", After: waiting.address})
	}
	return list
}
