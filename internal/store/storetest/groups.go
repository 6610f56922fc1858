package storetest

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

func groupTests() []test {
	return []test{
		{"a group comes back as it was put", func(t *testing.T, w *world) {
			t.Helper()
			sales := group("sales")
			sales.Attributes = attr.New("Group", "sales", map[string]attr.Value{"description": attr.Text("Sells")})
			w.must(w.PutGroup(w.ctx(), sales))
			for _, name := range []string{"sales", "Group sales", "GROUP SALES"} {
				got, err := w.Group(w.ctx(), name)
				w.must(err)
				w.equal("group found as "+name, got, sales)
			}
			_, err := w.Group(w.ctx(), "nothing")
			w.wantError(err, store.ErrNotFound)
			for _, wrong := range []directory.Group{{DisplayName: "x"}, {ID: "x"}, {ID: "x", DisplayName: "\x00"}} {
				w.wantError(w.PutGroup(w.ctx(), wrong), store.ErrInvalid)
			}
		}},
		{"a name that several groups have does not find one", func(t *testing.T, w *world) {
			t.Helper()
			twin := group("twin")
			twin.DisplayName = "group SALES"
			w.must(w.PutGroup(w.ctx(), group("sales")))
			w.must(w.PutGroup(w.ctx(), twin))
			_, err := w.Group(w.ctx(), "Group sales")
			w.wantError(err, store.ErrConflict)
			w.must(w.RemoveGroup(w.ctx(), "twin"))
			got, err := w.Group(w.ctx(), "Group sales")
			w.must(err)
			w.equal("the one that is not deleted", got.ID, "sales")
		}},
		{"groups are listed by name", func(t *testing.T, w *world) {
			t.Helper()
			for id, name := range map[string]string{"1": "beta", "2": "Alpha", "3": "alpha", "4": "Gamma"} {
				g := group(id)
				g.DisplayName = name
				w.must(w.PutGroup(w.ctx(), g))
			}
			var ids []string
			for _, g := range all(t, w.Groups(w.ctx())) {
				ids = append(ids, g.ID)
			}
			w.equal("groups", ids, []string{"2", "3", "1", "4"})
		}},
		{"a membership that begins or ends touches the member", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("sales", "ben")
			member := directory.Member{Group: "group sales", Member: "ANA@contoso.com", Type: "User"}
			w.wantTouched("adding", func() error { return w.PutMember(w.ctx(), member) }, "ana")
			w.wantTouched("adding again", func() error { return w.PutMember(w.ctx(), member) })
			w.equal("members", all(t, w.Members(w.ctx(), "sales")), []directory.Member{
				{Group: "sales", Member: "ana", Type: "User"}, {Group: "sales", Member: "ben", Type: "User"},
			})
			w.wantTouched("removing", func() error { return w.RemoveMember(w.ctx(), member) }, "ana")
			w.wantTouched("removing again", func() error { return w.RemoveMember(w.ctx(), member) })
			for _, wrong := range []directory.Member{{Group: "x", Member: "ana"}, {Group: "sales", Member: "x"}, {Group: "sales", Member: "x", Type: "Group"}} {
				w.wantError(w.PutMember(w.ctx(), wrong), store.ErrNotFound)
				w.wantError(w.RemoveMember(w.ctx(), wrong), store.ErrNotFound)
			}
			w.wantError(w.PutMember(w.ctx(), directory.Member{Group: "sales", Member: "ana", Type: "Device"}), store.ErrInvalid)
		}},
		{"a group as a member gives its members nothing", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			w.putGroup("inner", "ana")
			w.putGroup("outer")
			w.assign("Group", "outer")
			nested := directory.Member{Group: "outer", Member: "Group inner", Type: "Group"}
			w.wantTouched("nesting", func() error { return w.PutMember(w.ctx(), nested) })
			w.equal("members", all(t, w.Members(w.ctx(), "outer")), []directory.Member{{Group: "outer", Member: "inner", Type: "Group"}})
			w.equal("grants", len(w.subject("ana").Grants), 0)
			w.equal("collected", w.collect(initial()), nil)
			w.wantTouched("end of nesting", func() error { return w.RemoveMember(w.ctx(), nested) })
		}},
		{"a group that is not a security group grants nothing", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("assigned", "ana")
			w.putGroup("other", "ben")
			w.assign("Group", "assigned")
			for _, security := range []bool{false, true} {
				for id, want := range map[string][]string{"assigned": {"ana"}, "other": nil} {
					g := group(id)
					g.SecurityEnabled = security
					w.wantTouched("change of "+id, func() error { return w.PutGroup(w.ctx(), g) }, want...)
				}
				var collected []string
				if security {
					collected = []string{"ana"}
				}
				w.equal("grants", len(w.subject("ana").Grants), len(collected))
				w.equal("collected", w.collect(initial()), collected)
				assigned, err := w.CountAssigned(w.ctx(), w.app.ID)
				w.must(err)
				w.equal("assigned", assigned, len(collected))
			}
		}},
		{"a group that is removed or restored touches the members of assigned groups", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.putGroup("assigned", "ana")
			w.putGroup("other", "ben")
			w.assign("Group", "assigned")
			for _, id := range []string{"assigned", "other"} {
				var want []string
				grants := 1
				if id == "assigned" {
					want, grants = []string{"ana"}, 0
				}
				w.wantTouched("removal of "+id, func() error { return w.RemoveGroup(w.ctx(), id) }, want...)
				w.wantTouched("second removal of "+id, func() error { return w.RemoveGroup(w.ctx(), id) })
				w.equal("grants", len(w.subject("ana").Grants), grants)
				w.wantTouched("restoring "+id, func() error { return w.PutGroup(w.ctx(), group(id)) }, want...)
				w.equal("grants", len(w.subject("ana").Grants), 1)
				w.must(w.RemoveGroup(w.ctx(), id))
				w.must(w.PutGroup(w.ctx(), group(id)))
			}
			w.wantError(w.RemoveGroup(w.ctx(), "x"), store.ErrNotFound)
		}},
	}
}
