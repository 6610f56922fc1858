package administration_test

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/directory"
)

func TestPeopleAreFoundByTheBeginningsOfWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.store.PutUser(t.Context(), directory.User{ID: "z", UserPrincipalName: "ana.zeman@contoso.com", DisplayName: "Ana Zeman"}))
	for _, test := range []struct {
		text string
		most int
		want string
		more bool
	}{{"", 5, "", false}, {"oko", 5, ben, false}, {"contoso", 5, "", false}, {"nobody", 5, "", false}, {"c", 1, cleo, false}, {"ana", 1, ana, true}} {
		found, more, err := w.FindPeople(t.Context(), test.text, test.most)
		w.must(err)
		var ids []string
		for _, user := range found {
			ids = append(ids, user.ID)
		}
		if got := strings.Join(ids, " "); got != test.want || more != test.more {
			t.Errorf("%q finds %q, more %v, want %q", test.text, got, more, test.want)
		}
	}
}
