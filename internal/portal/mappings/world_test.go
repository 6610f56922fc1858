package mappings_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/mappings"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

const (
	reader = store.RoleReader
	admin  = store.RoleAdministrator
)

// world is a portal with the area, and Salesforce with Sales assigned.
type world struct {
	*portaltest.World

	app  administration.Application
	path string // of the application
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		return []portaltest.Area{mappings.New(service)}
	})}
	w.app = w.Connected()
	w.Assign(w.app, "Group", "Sales", "Standard User")
	w.path = "/applications/" + w.app.ID
	return w
}

// page gets a page, which has to be sound.
func (w *world) page(role store.Role, path string) portaltest.Answer {
	w.TB.Helper()
	answer := w.Get(role, w.path+path)
	w.status(answer, http.StatusOK)
	for _, fault := range answer.Faults(w.path+path, func(string, string) bool { return true }) {
		w.TB.Errorf("%s: %s", path, fault)
	}
	return answer
}

func (w *world) status(answer portaltest.Answer, want int) {
	w.TB.Helper()
	if answer.Status != want {
		w.TB.Fatalf("status %d, want %d: %s", answer.Status, want, answer.TextOf("main"))
	}
}

// post sends a form.
func (w *world) post(role store.Role, path string, form url.Values) portaltest.Answer {
	w.TB.Helper()
	return w.Post(role, w.path+path, form)
}

// form returns what a browser sends of the form that a selector finds.
func form(answer portaltest.Answer, selector string) url.Values {
	values := url.Values{}
	for _, node := range answer.All(selector + " input, " + selector + " textarea, " + selector + " select") {
		name, _ := pagetest.Attribute(node, "name")
		kind, _ := pagetest.Attribute(node, "type")
		_, checked := pagetest.Attribute(node, "checked")
		switch {
		case name == "" || (kind == "checkbox" || kind == "radio") && !checked:
		case node.Data == "select":
			values.Add(name, selected(node))
		case node.Data == "textarea":
			text := ""
			if node.FirstChild != nil {
				text = node.FirstChild.Data
			}
			values.Add(name, text)
		default:
			value, _ := pagetest.Attribute(node, "value")
			values.Add(name, value)
		}
	}
	return values
}

func selected(node *html.Node) string {
	chosen, first := "", true
	for n := range node.Descendants() {
		if n.Data != "option" {
			continue
		}
		value, _ := pagetest.Attribute(n, "value")
		if _, is := pagetest.Attribute(n, "selected"); is || first {
			chosen, first = value, false
		}
	}
	return chosen
}

// upload sends a file in a form.
func (w *world) upload(path, field string, content []byte, form url.Values) portaltest.Answer {
	w.TB.Helper()
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for name, values := range form {
		w.Must(writer.WriteField(name, values[0]))
	}
	part, err := writer.CreateFormFile(field, "schema.json")
	w.Must(err)
	_, err = part.Write(content)
	w.Must(err)
	w.Must(writer.Close())
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, w.path+path, &body)
	request.Header.Set("Content-Type", writer.FormDataContentType())
	return w.Do(admin, request)
}

// draft returns what the administrator of the portal has changed.
func (w *world) draft() administration.SchemaDraft {
	w.TB.Helper()
	draft, err := w.Service.By("administrator@contoso.com (portal)").SchemaDraft(w.TB.Context(), w.app)
	w.Must(err)
	return draft
}

func (w *world) differences() string {
	w.TB.Helper()
	var texts []string
	for _, d := range w.draft().Differences {
		texts = append(texts, strings.Join(strings.Fields(d.Part+" "+d.Name+" "+d.Change()), " "))
	}
	return strings.Join(texts, "; ")
}
