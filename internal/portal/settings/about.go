package settings

import (
	"context"
	"runtime"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// aboutData tells what runs.
type aboutData struct {
	Version    string
	Built      string // Go version and platform
	Database   string // kind and version
	Size       string
	Migrated   string // which migrations were run
	MigratedAt time.Time
	Address    string // of the portal and the API
	Tenant     string
	Nodes      []nodeRow
	Mixed      bool // the nodes have different versions
}

// nodeRow is a process that serves.
type nodeRow struct {
	Host    string
	ID      string
	Version string
	Started time.Time
	Seen    time.Time
	State   page.State
	Here    bool // it answers this request
}

func (a *Area) showAbout(ctx context.Context, r *page.Request) (page.Answer, error) {
	tenant, err := a.Store.Tenant(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	state, err := a.Store.DatabaseState(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	nodes, err := a.Store.Nodes(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data := newAboutData(a.Version, state, nodes, a.Node, time.Now())
	data.Tenant, data.Address = tenant, r.Address()
	return a.about.Show(head("About Usher"), data), nil
}

// newAboutData makes the page of a node, by its id, with all nodes.
func newAboutData(version string, state store.DatabaseState, nodes []store.Node, here string, now time.Time) aboutData {
	data := aboutData{
		Version: version, Built: runtime.Version() + " for " + runtime.GOOS + "/" + runtime.GOARCH, Database: state.Kind + " " + state.Version, Size: sizeText(state.Bytes),
		Migrated: page.Number(state.Migrations) + " of " + page.Number(state.Known) + ", the last " + state.Migration, MigratedAt: state.MigratedAt,
	}
	for _, node := range nodes {
		row := nodeRow{Host: node.Host, ID: node.ID, Version: node.Version, Started: node.StartedAt, Seen: node.SeenAt, Here: node.ID == here, State: page.State{Text: "Serves", Colour: "success"}}
		if !node.Serves(now) {
			row.State = page.State{Text: "Not heard of", Colour: "warning"}
		} else if node.Version != version {
			data.Mixed = true
		}
		data.Nodes = append(data.Nodes, row)
	}
	return data
}

// sizeText writes how much room something takes.
func sizeText(bytes int64) string {
	const kilo, mega = 1 << 10, 1 << 20
	if bytes < 10*mega {
		return page.Number(int(bytes/kilo)) + " KB"
	}
	return page.Number(int(bytes/mega)) + " MB"
}
