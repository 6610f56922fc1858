package usher_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForbiddenImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, to string
		test           bool
		want           string
	}{
		{name: "an adapter imports the engine", from: "connector/memory", to: "engine"},
		{name: "the domain imports the language", from: "mapping", to: "expr"},
		{name: "the command imports anything", from: "cmd/usher", to: "internal/store/sqlstore"},
		{name: "the command imports the example", from: "cmd/usher", to: "examples/contoso"},
		{name: "an example makes values of the domain", from: "examples/contoso", to: "directory"},
		{name: "a connector applies changes", from: "connector", to: "plan"},
		{name: "the store imports its roles", from: "internal/store/sqlstore", to: "internal/store"},
		{name: "the simulated org parses queries", from: "connector/salesforce/salesforcetest", to: "connector/salesforce/soql"},
		{name: "a folder of a family imports its parent", from: "expr/exprtest", to: "expr"},
		{name: "a connector's test imports the suite", from: "connector/memory", to: "connector/connectortest", test: true},
		{name: "a test imports below itself", from: "connector/salesforce", to: "connector/salesforce/salesforcetest", test: true},
		{name: "a test of the engine runs on a real store", from: "engine", to: "internal/store/sqlstore", test: true},
		{name: "an external test imports its package", from: "internal/store/sqlstore", to: "internal/store/sqlstore", test: true},

		{name: "the language imports the domain", from: "attr", to: "directory", want: "layer 0 must not import layer 1"},
		{name: "the domain imports itself", from: "directory", to: "mapping", want: "packages of layer 1 do not import one another"},
		{name: "scope imports mapping", from: "scope", to: "mapping", want: "packages of layer 1 do not import one another"},
		{name: "planning imports a connector", from: "plan", to: "connector", want: "packages of layer 2 do not import one another"},
		{name: "the engine imports the store", from: "engine", to: "internal/store", want: "layer 3 must not import layer 4"},
		{name: "the engine imports a connector", from: "engine", to: "connector/salesforce", want: "layer 3 must not import layer 4"},
		{name: "a connector imports another", from: "connector/salesforce", to: "connector/memory", want: "adapters never import one another"},
		{name: "a connector imports its simulation", from: "connector/salesforce", to: "connector/salesforce/salesforcetest", want: "adapters never import one another"},
		{name: "the simulated org imports the connector", from: "connector/salesforce/salesforcetest", to: "connector/salesforce", want: "adapters never import one another"},
		{name: "a source imports the store", from: "source/csv", to: "internal/store", want: "adapters never import one another"},
		{name: "an adapter imports a command", from: "internal/portal", to: "cmd/usher", want: "layer 4 must not import layer 5"},
		{name: "a connector imports the suite", from: "connector/memory", to: "connector/connectortest", want: "adapters never import one another"},
		{name: "an example imports the store", from: "examples/contoso", to: "internal/store", want: "examples import the domain and nothing else of Usher"},
		{name: "the engine imports the example", from: "engine", to: "examples/contoso", want: "only commands and tests import examples"},
		{name: "the map imports something", from: "", to: "attr", want: "the map imports nothing"},
		{name: "a new root folder", from: "helpers", to: "attr", want: "helpers is in no layer"},
		{name: "a command imports another", from: "cmd/usher", to: "cmd/other", want: "packages of layer 5 do not import one another"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, forbidden(tt.from, tt.to, tt.test)); diff != "" {
				t.Errorf("%s -> %s (-want +got):\n%s", tt.from, tt.to, diff)
			}
		})
	}
}

func TestForbiddenOutsidePackages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, to string
		want           bool
	}{
		{name: "the engine uses SQL", from: "engine", to: "database/sql", want: true},
		{name: "the engine speaks HTTP", from: "engine", to: "net/http", want: true},
		{name: "the engine opens files", from: "engine", to: "os", want: true},
		{name: "the engine uses the queue", from: "engine", to: "github.com/riverqueue/river", want: true},
		{name: "planning logs", from: "plan", to: "log/slog", want: true},
		{name: "the portal uses SQL", from: "internal/portal", to: "database/sql", want: true},
		{name: "the portal uses the queue", from: "internal/portal", to: "github.com/riverqueue/river/rivertype", want: true},
		{name: "the engine draws a progress bar", from: "engine", to: "github.com/schollz/progressbar/v3", want: true},
		{name: "the engine logs", from: "engine", to: "log/slog"},
		{name: "the domain parses addresses", from: "directory", to: "net/url"},
		{name: "the store uses SQL", from: "internal/store/sqlstore", to: "database/sql"},
		{name: "a connector is told its transport", from: "connector", to: "net/http"},
		{name: "a connector speaks HTTP", from: "connector/salesforce", to: "net/http"},
		{name: "a source opens files", from: "source/csv", to: "os"},
		{name: "the command uses everything", from: "cmd/usher", to: "github.com/spf13/cobra"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reason := forbiddenOutside(tt.from, tt.to)
			if got := reason != ""; got != tt.want {
				t.Errorf("%s imports %s: forbidden = %v (%q), want %v", tt.from, tt.to, got, reason, tt.want)
			}
		})
	}
}
