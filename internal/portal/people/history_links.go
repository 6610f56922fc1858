package people

import (
	"context"
	"errors"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// linksThen is what a user or group had to do with groups and applications at a moment.
type linksThen struct {
	Unknown string // why nothing is known of it, a sentence
	Groups  []tenureRow
	Access  []tenureRow
	Members *membersThen // of a group
}

// membersThen is a part of the members that a group had.
type membersThen struct {
	Rows  []tenureRow
	Pager page.Pager
}

// tenureRow is something that somebody had for a time.
type tenureRow struct {
	What    page.Link
	Kind    string      // what is behind the link; empty when that goes without saying
	Role    string      // of an assignment
	Through []page.Link // the groups that an assignment was through, from the member on
	Since   time.Time   // zero: since before it was kept
	Until   time.Time   // zero: it is so today
	EndedBy string
}

func (a *Area) linksThen(ctx context.Context, r *page.Request, of subject, at time.Time) (linksThen, error) {
	found, err := a.Administration.LinksAsOf(ctx, of.id, at)
	if errors.Is(err, store.ErrGone) {
		return linksThen{Unknown: "Memberships and assignments of then are not known: the history of them begins later."}, nil
	}
	if err != nil {
		return linksThen{}, err
	}
	var ids []string
	for _, access := range found.Access {
		ids = append(ids, access.ApplicationID)
	}
	applications, err := a.applications(ctx, ids)
	if err != nil {
		return linksThen{}, err
	}
	links := newLinksThen(found, applications)
	if !of.isGroup() {
		return links, nil
	}
	members, err := a.Administration.Store.MembersAsOf(ctx, of.id, at, store.Page{Cursor: r.Value("members")})
	if errors.Is(err, store.ErrInvalid) {
		members, err = a.Administration.Store.MembersAsOf(ctx, of.id, at, store.Page{})
	}
	links.Members = newMembersThen(members.Items)
	links.Members.Pager = page.Pager{Shown: shownText(len(members.Items), "member", "members")}
	if members.Previous != "" {
		links.Members.Pager.First, links.Members.Pager.Previous = r.Query("members", "")+"#then", r.Query("members", members.Previous)+"#then"
	}
	if members.Next != "" {
		links.Members.Pager.Next = r.Query("members", members.Next) + "#then"
	}
	return links, err
}

func newMembersThen(found []directory.Membership) *membersThen {
	members := &membersThen{}
	for _, m := range found {
		members.Rows = append(members.Rows, tenureRow{What: memberLink(m), Kind: m.MemberType, Since: m.Since, Until: m.Until, EndedBy: actorText(m.EndedBy)})
	}
	return members
}

func newLinksThen(found administration.LinksThen, applications map[string]bool) linksThen {
	var links linksThen
	for _, m := range found.Memberships {
		links.Groups = append(links.Groups, tenureRow{What: groupLink(m), Since: m.Since, Until: m.Until, EndedBy: actorText(m.EndedBy)})
	}
	for _, access := range found.Access {
		row := tenureRow{What: applicationLink(access.RoleTenure, applications), Role: roleName(access.RoleTenure)}
		periods := []directory.Period{access.Period}
		for _, m := range access.Through {
			row.Through = append(row.Through, groupLink(m))
			periods = append(periods, m.Period)
		}
		common := overlap(periods)
		row.Since, row.Until, row.EndedBy = common.Since, common.Until, actorText(common.EndedBy)
		links.Access = append(links.Access, row)
	}
	return links
}

// overlap is from when until when all of several periods were.
func overlap(periods []directory.Period) directory.Period {
	common := periods[0]
	for _, p := range periods[1:] {
		if p.Since.After(common.Since) {
			common.Since, common.BegunBy = p.Since, p.BegunBy
		}
		if !p.Until.IsZero() && (common.Until.IsZero() || p.Until.Before(common.Until)) {
			common.Until, common.EndedBy = p.Until, p.EndedBy
		}
	}
	return common
}
