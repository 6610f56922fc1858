package accounts

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
)

// surveyed is how many accounts of each class the survey shows; the file has all.
const surveyed = 100

// surveyData says whose every account in the application is.
type surveyData struct {
	Name     string
	Download string
	Took     string
	Classes  []surveyClass
}

// surveyClass are the accounts of one class.
type surveyClass struct {
	Title string
	Text  string
	Count int
	Rows  []surveyRow
}

type surveyRow struct {
	engine.Account

	Path string // of the person
}

func surveyHead(app page.Application) page.Head {
	h := head(app).Below("Every account in the application", app.Path("accounts"), "Accounts")
	h.Lead = "All accounts there, also those that Usher does not manage. This reads the whole application and changes nothing."
	return h
}

func (a *Area) showSurvey(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	began := time.Now()
	kept := map[engine.AccountClass][]engine.Account{}
	counts, err := a.Administration.Accounts(ctx, app.Application, nil, func(account engine.Account) error {
		if len(kept[account.Class]) < surveyed {
			kept[account.Class] = append(kept[account.Class], account)
		}
		return nil
	})
	if err != nil {
		return page.Answer{}, err
	}
	return a.survey.Show(surveyHead(app), newSurveyData(app, counts, kept, time.Since(began))), nil
}

func newSurveyData(app page.Application, counts map[engine.AccountClass]int, kept map[engine.AccountClass][]engine.Account, took time.Duration) surveyData {
	data := surveyData{Name: app.DisplayName, Download: app.Path("accounts/survey.csv"), Took: page.Duration(took.Round(time.Millisecond))}
	for _, class := range engine.AccountClasses() {
		shown := surveyClass{Count: counts[class]}
		switch class {
		case engine.AccountAssigned:
			shown.Title, shown.Text = "Assigned", "of people who are assigned to the application"
		case engine.AccountUnassigned:
			shown.Title, shown.Text = "Unassigned", "of people of the directory who are not assigned: assign them, or take the accounts away there"
		case engine.AccountLocal:
			shown.Title, shown.Text = "Local", "of nobody in the directory: administrators, integrations, and people who left before Usher came"
		}
		for _, account := range kept[class] {
			row := surveyRow{Account: account}
			if account.SourceID != "" {
				row.Path = page.UserPath(account.SourceID)
			}
			shown.Rows = append(shown.Rows, row)
		}
		data.Classes = append(data.Classes, shown)
	}
	return data
}

// downloadSurvey sends every account as CSV, while the application is read.
func (a *Area) downloadSurvey(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	name := strings.Map(func(c rune) rune {
		if c == '/' || c == '\\' || c < ' ' {
			return '-'
		}
		return c
	}, app.DisplayName) + " accounts.csv"
	return page.Download(name, "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write([]string{"class", "account", "targetId", "active", "managed", "user", "userId", "reason"}); err != nil {
			return err
		}
		_, err := a.Administration.Accounts(ctx, app.Application, nil, func(x engine.Account) error {
			return out.Write(journal.Guarded([]string{string(x.Class), x.Name, x.TargetID, strconv.FormatBool(x.Active), strconv.FormatBool(x.Connected), x.User, x.SourceID, x.Reason}))
		})
		if err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}), nil
}
