package graphapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/usher-id/usher/engine"
)

func (a *api) accountRoutes(app string) []route {
	return []route{slowly(get(app+"/accounts", a.listAccounts))}
}

// listAccounts reads every account of the target and tells whose it is: assigned,
// unassigned or local, or with ?class= only those of one class. It changes nothing.
//
// The list has as many items as the target has accounts, so it comes as they are read,
// and in one piece: reading them page by page would read all of them for each page.
// The counts come last; a list that is cut off by an error has none and is no JSON.
func (a *api) listAccounts(ctx context.Context, r *request) (response, error) {
	class := engine.AccountClass(r.http.URL.Query().Get("class"))
	if class != "" && !slices.Contains(engine.AccountClasses(), class) {
		return response{}, badRequest("There is no class '%s'; there are assigned, unassigned and local.", class)
	}
	app, _, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	// What can be wrong with the sign-in is found before the answer begins.
	session, err := a.Runner.Open(ctx, app.ID)
	if err != nil {
		return response{}, a.openError(app, err)
	}
	if _, err := session.Connector.Check(ctx); err != nil {
		_ = session.Connector.Close() // the first error says what is wrong
		return response{}, targetError(err)
	}
	return response{status: http.StatusOK, stream: func(ctx context.Context, w http.ResponseWriter) (err error) {
		ctx, cancel := context.WithTimeout(ctx, slowTimeout)
		defer cancel()
		defer func() {
			if failure := session.Connector.Close(); err == nil {
				err = failure
			}
		}()
		return a.sendAccounts(ctx, w, r, session, class)
	}}, nil
}

func (a *api) sendAccounts(ctx context.Context, w http.ResponseWriter, r *request, session engine.Session, class engine.AccountClass) error {
	name, err := json.Marshal(r.context("accounts"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	if _, err := fmt.Fprintf(w, `{"@odata.context":%s,"value":[`, name); err != nil {
		return err
	}
	controller, separator := http.NewResponseController(w), ""
	counts, err := a.service.AccountsIn(ctx, session, nil, func(account engine.Account) error {
		if class != "" && account.Class != class {
			return nil
		}
		text, err := json.Marshal(newOwnAccount(account))
		if err != nil {
			return err
		}
		_ = controller.SetWriteDeadline(time.Now().Add(time.Minute)) // whoever does not read is cut off; a recorder has no limits
		_, err = io.WriteString(w, separator+string(text))
		separator = ","
		return err
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, `],"counts":%s}`, text)
	return err
}

// ownAccount is an account of the target.
type ownAccount struct {
	Class     engine.AccountClass `json:"class"`
	TargetID  string              `json:"targetId"`
	Name      string              `json:"targetName"`
	Active    bool                `json:"active"`
	Connected bool                `json:"connected"` // Usher manages it
	UserID    *string             `json:"userId"`    // null for an account of nobody
	User      *string             `json:"userPrincipalName"`
	Reason    *string             `json:"reason"` // why that person is out of scope
}

func newOwnAccount(account engine.Account) ownAccount {
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return ownAccount{
		Class: account.Class, TargetID: account.TargetID, Name: account.Name, Active: account.Active, Connected: account.Connected,
		UserID: optional(account.SourceID), User: optional(account.User), Reason: optional(account.Reason),
	}
}
