package portaltest

import (
	"maps"
	"net/http"
	"net/url"

	"github.com/usher-id/usher/internal/store"
)

// Ask sends the form of a dangerous act, and returns the page that asks for a
// confirmation with the form that confirms it.
func (w *World) Ask(role store.Role, path string, form url.Values) (Answer, url.Values) {
	w.TB.Helper()
	asked := w.Post(role, path, form)
	if asked.Status != http.StatusOK {
		w.TB.Fatalf("%s with %v is answered with %d: %s", path, form, asked.Status, asked.TextOf("main"))
	}
	return asked, asked.Hidden("main form[action='" + path + "']")
}

// Confirm sends the form of a dangerous act, and the form that confirms it, as a browser
// does.
func (w *World) Confirm(role store.Role, path string, form url.Values) Answer {
	w.TB.Helper()
	_, confirming := w.Ask(role, path, form)
	return w.Post(role, path, confirming)
}

// Hidden returns the hidden fields of the form that a selector finds.
func (a Answer) Hidden(form string) url.Values {
	values := url.Values{}
	sent := a.Attributes(form+" input[type=hidden]", "value")
	for i, name := range a.Attributes(form+" input[type=hidden]", "name") {
		values.Add(name, sent[i])
	}
	return values
}

// Shown returns the hidden fields of the form on a page that asks before it does
// something, with other fields added.
func (w *World) Shown(role store.Role, path string, other url.Values) url.Values {
	w.TB.Helper()
	asked := w.Get(role, path)
	if asked.Status != http.StatusOK {
		w.TB.Fatalf("%s is answered with %d: %s", path, asked.Status, asked.TextOf("main"))
	}
	form := asked.Hidden("main form[action='" + path + "']")
	maps.Copy(form, other)
	return form
}
