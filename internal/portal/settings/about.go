package settings

import (
	"context"
	"runtime"

	"github.com/usher-id/usher/internal/portal/page"
)

// aboutData tells what runs.
type aboutData struct {
	Version  string
	Built    string // Go version and platform
	Database string
	Address  string // of the portal and the API
	Tenant   string
}

func (a *Area) showAbout(ctx context.Context, r *page.Request) (page.Answer, error) {
	tenant, err := a.Store.Tenant(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	return a.about.Show(head("About Usher"), aboutData{
		Version: a.Version, Built: runtime.Version() + " for " + runtime.GOOS + "/" + runtime.GOARCH, Database: a.Database, Address: r.Address(), Tenant: tenant,
	}), nil
}
