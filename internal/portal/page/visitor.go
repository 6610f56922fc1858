package page

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// Visitor is who is signed in.
type Visitor struct {
	ID          string
	Name        string // that they sign in with, such as "ann@contoso.com"
	DisplayName string
	Role        store.Role
	SessionID   string
}

// Known reports whether somebody is signed in.
func (v Visitor) Known() bool { return v.ID != "" }

// May reports whether the visitor may do what needs a role.
func (v Visitor) May(needed store.Role) bool { return v.Role.Allows(needed) }

// Operates reports whether the visitor may run, pause and retry.
func (v Visitor) Operates() bool { return v.May(store.RoleOperator) }

// Administers reports whether the visitor may change everything.
func (v Visitor) Administers() bool { return v.May(store.RoleAdministrator) }

// Actor is how the audit log and the provisioning log name the visitor, as
// auth.Visitor.Actor does.
func (v Visitor) Actor() string { return v.Name + " (portal)" }

// ErrSignedOut says that a request comes from nobody who is signed in.
var ErrSignedOut = errors.New("nobody is signed in")

// automaticHeader marks what a page asks by itself, by hx-headers of its template.
const automaticHeader = "Usher-Automatic"

// Automatic reports whether a page makes the request by itself, and nobody clicked: a
// stream of events, or a part that is asked for again and again. Such a request is no use
// of the session.
func Automatic(r *http.Request) bool {
	return r.Header.Get(automaticHeader) != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

// Authenticate finds the visitor of a request. Nobody is ErrSignedOut.
type Authenticate func(ctx context.Context, r *http.Request) (Visitor, error)
