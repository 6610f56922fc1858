package signin

import (
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	openID := store.SignInSettings{OpenID: store.OpenIDProvider{Issuer: "https://login.contoso.com", Label: "Contoso"}}
	harmful := newFormData(store.SignInSettings{OpenID: store.OpenIDProvider{Issuer: "x", Label: page.Hostile}}, false, page.Hostile, page.Hostile)
	harmful.Faults = page.Faults{"": page.Hostile}
	form := func(name string, data formData) page.Sample {
		return page.Sample{Page: "Sign in", Case: name, Path: "/sign-in", Answer: a.form.Show(formHead(), data), Nobody: true}
	}
	link := func(name string, l auth.Link, given linkFields, faults page.Faults) page.Sample {
		return page.Sample{Page: "A link to sign in with", Case: name, Path: auth.LinkPath + "x", Answer: a.link.Show(linkHead(l), newLinkData(auth.LinkPath+"x", l, given, faults)), Nobody: true}
	}
	visitor := page.SampleVisitor()
	sessions := []store.Session{
		{ID: visitor.SessionID, Address: "192.0.2.17", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", CreatedAt: now.Add(-time.Hour), SeenAt: now, ExpiresAt: now.Add(100 * time.Hour)},
		{ID: "2", Address: "2001:db8::17", UserAgent: "curl/8.11", CreatedAt: now.Add(-26 * time.Hour), SeenAt: now.Add(-3 * time.Hour), ExpiresAt: now.Add(100 * time.Hour)},
	}
	account := func(name string, data accountData) page.Sample {
		return page.Sample{Page: "Your account", Case: name, Path: "/account", Answer: a.account.Show(accountHead(), data)}
	}
	hostile := page.Visitor{ID: "x", Name: page.Hostile, DisplayName: page.Hostile, Role: store.Role(page.Hostile)}
	setUp := auth.Link{Purpose: store.LinkSetUp, Expires: now.Add(24 * time.Hour), NeedsPassword: true}
	return []page.Sample{
		form("full", newFormData(openID, false, "", "/")), form("password alone", newFormData(store.SignInSettings{}, false, "ann@contoso.com", "/")), form("empty", newFormData(store.SignInSettings{}, true, "", "/")), form("hostile", harmful),
		link("set-up", setUp, linkFields{}, nil), link("faults", setUp, linkFields{"ann@contoso.com", "Ann Doe"}, page.Faults{"password": "The password is too short.", "again": "The two passwords are different."}),
		link("invitation", auth.Link{Purpose: store.LinkInvitation, Name: "ben@contoso.com", Role: store.RoleOperator, NeedsPassword: true, Expires: now.Add(time.Hour)}, linkFields{}, nil),
		link("hostile", auth.Link{Purpose: store.LinkReset, Name: page.Hostile, NeedsPassword: true, Expires: now.Add(time.Hour)}, linkFields{}, page.Faults{"": page.Hostile, "password": page.Hostile}),
		account("full", newAccountData(visitor, false, sessions, nil)), account("by OpenID", newAccountData(visitor, true, sessions[:1], nil)),
		account("hostile", newAccountData(hostile, false, []store.Session{{ID: page.Hostile, Address: page.Hostile, UserAgent: page.Hostile, CreatedAt: now, SeenAt: now, ExpiresAt: now}}, page.Faults{"current": page.Hostile})),
	}
}
