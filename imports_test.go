package usher_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of this module.
const module = "github.com/usher-id/usher"

// The layers of the module, the innermost first. A package imports its own layer
// only where allowed says so, and never a layer with a higher number.
const (
	layerLanguage = iota
	layerDomain
	layerDecision
	layerEngine
	layerAdapter
	layerCommand
)

// layers lists the packages of each layer. "..." stands for everything below a
// folder, and not for the folder itself.
func layers() [][]string {
	return [][]string{
		layerLanguage: {"attr", "expr", "nearest", "scim"},
		layerDomain:   {"directory", "scope", "mapping", "provisioning"},
		layerDecision: {"plan", "journal", "source", "connector"},
		layerEngine:   {"engine"},
		layerAdapter:  {"source/...", "connector/...", "internal/..."},
		layerCommand:  {"cmd/..."},
	}
}

// exception allows one import that the layers forbid. From and To are patterns as
// in layers.
type exception struct {
	From, To string
	Tests    bool // only files named _test.go may use it
	Reason   string
}

// exceptions is the only place where an import against the rule is allowed.
func exceptions() []exception {
	return []exception{
		{From: "journal", To: "plan", Reason: "a journal entry is a finished plan.Change"},
		{From: "connector", To: "plan", Reason: "a connector applies plan.Change values"},
		{From: "expr", To: "attr", Reason: "an expression computes attribute values"},
		{From: "expr", To: "nearest", Reason: "a fault of an expression proposes the name that was meant"},
		{From: "scope", To: "directory", Reason: "scope judges users of the directory and their grants"},
		{From: "provisioning", To: "directory", Reason: "the watermark of a job is a position in the change feed"},
		{From: "mapping", To: "directory", Reason: "the source side of a mapping reads users of the directory"},
		{From: "mapping", To: "scope", Reason: "an object mapping of the schema holds its scoping filter"},
		{
			From: "internal/store/sqlstore", To: "internal/store",
			Reason: "implements the roles that the parent declares",
		},
		{
			From: "internal/store/storetest", To: "internal/store",
			Reason: "checks any implementation against the roles that the parent declares",
		},
		{
			From: "internal/graphapi", To: "internal/store",
			Reason: "the API reads and writes through the roles of the store, and answers with their errors",
		},
		{
			From: "internal/administration", To: "internal/store",
			Reason: "an administrator's acts read and write through the roles of the store, and pass its errors on",
		},
		{
			From: "internal/administration", To: "internal/secret",
			Reason: "credentials that were sealed with another key are entered anew",
		},
		{
			From: "internal/administration", To: "internal/store/sqlstore", Tests: true,
			Reason: "acts are tested on a real store",
		},
		{
			From: "internal/administration", To: "connector/...", Tests: true,
			Reason: "acts are tested with whole cycles against the simulated org",
		},
		{
			From: "internal/administration", To: "source/csv", Tests: true,
			Reason: "imports are tested with the files that people have",
		},
		{
			From: "internal/graphapi", To: "internal/administration",
			Reason: "the API does what the command line and the portal do by the same functions",
		},
		{
			From: "internal/portal/...", To: "internal/administration",
			Reason: "the portal does what the command line and the API do by the same functions",
		},
		{
			From: "internal/portal", To: "internal/administration",
			Reason: "as above; the portal is the folder itself",
		},
		{
			From: "internal/graphapi", To: "internal/store/sqlstore", Tests: true,
			Reason: "requests are tested on a real store",
		},
		{
			From: "internal/auth", To: "internal/store",
			Reason: "the store keeps the clients of the API and the keys that sign their tokens",
		},
		{
			From: "internal/auth", To: "internal/store/sqlstore", Tests: true,
			Reason: "sign-in is tested on a real store",
		},
		{
			From: "internal/...", To: "internal/origin",
			Reason: "servers agree on the name under which clients reach them",
		},
		{
			From: "internal/...", To: "internal/ratelimit",
			Reason: "servers limit their clients in one way",
		},
		{
			From: "internal/portal/...", To: "internal/administration",
			Reason: "what a page does is an act of administration, as for the API and the command line",
		},
		{
			From: "internal/portal", To: "internal/administration",
			Reason: "as above; the portal is the folder itself",
		},
		{
			From: "internal/portal/...", To: "internal/store",
			Reason: "pages list what the roles of the store give, and tell its errors",
		},
		{
			From: "internal/portal", To: "internal/store",
			Reason: "as above; the portal is the folder itself",
		},
		{
			From: "internal/portal", To: "internal/portal/...",
			Reason: "the portal is put together of its areas",
		},
		{
			From: "internal/portal/...", To: "internal/portal/page",
			Reason: "areas share the frame of a page",
		},
		{
			From: "internal/portal/...", To: "internal/portal/change",
			Reason: "a change looks the same wherever it is shown",
		},
		{
			From: "internal/portal/...", To: "internal/portal/progress",
			Reason: "how far something has come looks the same wherever it is shown",
		},
		{
			From: "internal/portal/...", To: "internal/portal/chart",
			Reason: "charts are drawn in one way",
		},
		{
			From: "internal/portal/...", To: "internal/auth/authtest", Tests: true,
			Reason: "people sign in at an OpenID issuer of the tests",
		},
		{
			From: "internal/portal/...", To: "internal/portal/pagetest", Tests: true,
			Reason: "every area checks its pages in one way",
		},
		{
			From: "internal/portal/...", To: "internal/portal/portaltest", Tests: true,
			Reason: "every area tries its pages in one world",
		},
		{
			From: "internal/portal/portaltest", To: "internal/portal/pagetest",
			Reason: "answers are searched by selectors",
		},
		{
			From: "internal/portal/portaltest", To: "internal/store/sqlstore",
			Reason: "the world that pages are tested in has a real store",
		},
		{
			From: "internal/portal/portaltest", To: "connector/...",
			Reason: "the world that pages are tested in has the simulated org",
		},
		{
			From: "internal/portal/...", To: "internal/store/sqlstore", Tests: true,
			Reason: "pages are tested on a real store",
		},
		{
			From: "internal/portal/...", To: "connector/...", Tests: true,
			Reason: "pages are tested against the simulated org",
		},
		{
			From: "internal/portal/portaltest", To: "source/csv",
			Reason: "the world that pages are tested in reads the files that people have",
		},
		{
			From: "internal/settings", To: "internal/store",
			Reason: "the store keeps the settings of the service",
		},
		{
			From: "internal/settings", To: "internal/store/sqlstore", Tests: true,
			Reason: "changes are tested on a real store",
		},
		{
			From: "internal/portal/...", To: "internal/settings",
			Reason: "the portal shows and changes the settings of the service",
		},
		{
			From: "internal/portal", To: "internal/settings",
			Reason: "as above; the portal is the folder itself",
		},
		{
			From: "internal/portal/...", To: "internal/auth",
			Reason: "the portal signs people in",
		},
		{
			From: "internal/portal", To: "internal/auth",
			Reason: "as above; the portal is the folder itself",
		},
		{
			From: "connector/salesforce", To: "connector/salesforce/soql",
			Reason: "the query language is a part of the connector with a folder of its own",
		},
		{
			From: "connector/salesforce/salesforcetest", To: "connector/salesforce/soql",
			Reason: "the simulated org parses what the connector prints; the grammar is Salesforce's, not ours",
		},
		{
			From: "connector/salesforce/...", To: "connector/salesforce/unconfirmed",
			Reason: "what is only probable about Salesforce stands in one table, for those who rely on it and for those who imitate it",
		},
		{
			From: "connector/salesforce", To: "connector/salesforce/unconfirmed",
			Reason: "as above; the connector is the folder itself",
		},
		{
			From: "connector/...", To: "connector/connectortest", Tests: true,
			Reason: "every connector runs the conformance suite",
		},
		{
			From: "connector/...", To: "connector/salesforce/salesforcetest", Tests: true,
			Reason: "tests talk to the simulated org",
		},
		{
			From: "engine", To: "connector/...", Tests: true,
			Reason: "whole cycles are tested against the memory connector and the simulated org",
		},
		{
			From: "engine", To: "internal/store/...", Tests: true,
			Reason: "whole cycles are tested on a real store; the code itself knows its ports alone",
		},
		{
			From: "engine", To: "internal/store", Tests: true,
			Reason: "what a test asks of the store is made of the types of its roles",
		},
		{
			From: "internal/jobs", To: "connector/...", Tests: true,
			Reason: "the queue is tested with whole cycles against the simulated org",
		},
		{
			From: "internal/jobs", To: "internal/store/sqlstore", Tests: true,
			Reason: "the queue is tested on a real store; the code itself knows its ports alone",
		},
		{
			From: "internal/graphapi", To: "internal/graphapi/graph",
			Reason: "the resource types of Microsoft Graph are a part of the API with a folder of its own",
		},
		{
			From: "internal/graphapi", To: "connector/...", Tests: true,
			Reason: "the API is tested with whole cycles against the simulated org",
		},
		{
			From: "internal/graphapi/graph", To: "connector/...", Tests: true,
			Reason: "the resources are made from a template that exists",
		},
		{
			From: "internal/...", To: "internal/store/storetest", Tests: true,
			Reason: "every store runs the conformance suite, and others take their databases from it",
		},
	}
}

// outside forbids packages that are not ours to a part of the tree. An entry that
// ends in "/..." stands for a package and everything below it.
type outside struct {
	Packages []string
	In       func(importer string) bool
	Reason   string
}

// outsideRules says which packages of the standard library and of others belong
// to which part of the tree. They hold for production code; a test may read its
// golden files.
func outsideRules() []outside {
	sql := []string{"database/sql/...", "modernc.org/sqlite/...", "github.com/jackc/pgx/v5/..."}
	river := []string{"github.com/riverqueue/river/..."}
	terminal := []string{
		"github.com/spf13/cobra/...", "github.com/spf13/pflag/...",
		"github.com/schollz/progressbar/v3/...", "golang.org/x/term/...",
	}
	return []outside{
		{
			Packages: []string{"os", "os/...", "syscall", "io/ioutil"},
			In:       inner,
			Reason:   "the inner layers do no I/O; adapters do it for them",
		},
		{
			Packages: []string{"net", "net/http/..."},
			In:       func(p string) bool { return inner(p) && p != "connector" },
			Reason:   "the inner layers know no HTTP; connector alone names the transport that an adapter is given",
		},
		{
			Packages: []string{"log", "log/slog/...", "math/rand/...", "crypto/rand", "context"},
			In:       func(p string) bool { return p == "plan" },
			Reason:   "planning is pure: no I/O, no clock, no chance, no log",
		},
		{
			Packages: sql,
			In: func(p string) bool {
				return !within(p, "internal/store") && !within(p, "internal/jobs") && !within(p, "cmd")
			},
			Reason: "SQL stays in the store and in the queue beside it",
		},
		{
			Packages: river,
			In:       func(p string) bool { return !within(p, "internal/jobs") },
			Reason:   "the queue is an implementation detail of internal/jobs",
		},
		{
			Packages: terminal,
			In:       func(p string) bool { return !within(p, "cmd") },
			Reason:   "only a command talks to a terminal",
		},
	}
}

// inner reports whether a package belongs to the layers that adapters are built on.
func inner(pkg string) bool {
	layer, ok := layerOf(pkg)
	return ok && layer <= layerEngine
}

// within reports whether pkg is folder or below it.
func within(pkg, folder string) bool {
	return pkg == folder || strings.HasPrefix(pkg, folder+"/")
}

// matches reports whether pkg fits a pattern as in layers.
func matches(pattern, pkg string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(pkg, folder+"/")
	}
	return pattern == pkg
}

// layerOf gives the layer of a package; false for one that belongs to none. A
// folder below a package of the layers 0 to 3 belongs to the same layer, unless a
// layer lists it by a pattern of its own.
func layerOf(pkg string) (int, bool) {
	for number, patterns := range layers() {
		for _, pattern := range patterns {
			if matches(pattern, pkg) {
				return number, true
			}
		}
	}
	for number, patterns := range layers() {
		for _, pattern := range patterns {
			if within(pkg, pattern) {
				return number, true
			}
		}
	}
	return 0, false
}

// standsApart tells the packages outside the layers: the map itself, which imports
// nothing, and the examples, which make values of the domain and which only
// commands and tests may import.
func standsApart(pkg string) bool {
	return pkg == "" || within(pkg, "examples")
}

// forbidden says why one package of the module must not import another, "" where
// it may. Packages are named by their path below the module.
func forbidden(from, to string, test bool) string {
	if from == "" && test {
		return "" // tests of the whole module
	}
	if test && within(to, from) {
		return "" // an external test imports its own package and what is below it
	}
	for _, e := range exceptions() {
		if (test || !e.Tests) && matches(e.From, from) && matches(e.To, to) {
			return ""
		}
	}
	if standsApart(from) || standsApart(to) {
		return forbiddenApart(from, to, test)
	}
	return forbiddenByLayer(from, to)
}

func forbiddenApart(from, to string, test bool) string {
	target, ok := layerOf(to)
	switch {
	case within(from, "examples") && within(to, "examples"):
		return ""
	case within(from, "examples") && ok && target <= layerDomain:
		return ""
	case within(to, "examples") && (within(from, "cmd") || test):
		return ""
	case from == "":
		return "the map imports nothing"
	case within(from, "examples"):
		return "examples import the domain and nothing else of Usher"
	default:
		return "only commands and tests import examples"
	}
}

func forbiddenByLayer(from, to string) string {
	target, ok := layerOf(to)
	if !ok {
		return to + " is in no layer"
	}
	outer, ok := layerOf(from)
	if !ok {
		return from + " is in no layer"
	}
	switch {
	case outer < target:
		return fmt.Sprintf("layer %d must not import layer %d", outer, target)
	case outer > target:
		return ""
	case outer == layerAdapter:
		return "adapters never import one another"
	case firstFolders(from, outer) != firstFolders(to, outer):
		return fmt.Sprintf("packages of layer %d do not import one another", outer)
	}
	return ""
}

// firstFolders gives the part of the path that names a family of packages, which
// may import one another: the root folder, and for commands the command's folder.
func firstFolders(pkg string, layer int) string {
	count := 1
	if layer == layerCommand {
		count = 2
	}
	parts := strings.Split(pkg, "/")
	return strings.Join(parts[:min(count, len(parts))], "/")
}

// forbiddenOutside says why a package of the module must not import a package of
// somebody else, "" where it may.
func forbiddenOutside(from, to string) string {
	for _, rule := range outsideRules() {
		if !rule.In(from) {
			continue
		}
		for _, pattern := range rule.Packages {
			if folder, ok := strings.CutSuffix(pattern, "/..."); pattern == to || ok && within(to, folder) {
				return rule.Reason
			}
		}
	}
	return ""
}

// fileImport is one import declaration of the tree.
type fileImport struct {
	Package string // path below the module
	File    string // path below the module, for the message
	Path    string // what is imported
	Test    bool   // the file is named _test.go
}

// imports reads the import declarations of every Go file, whatever its build
// constraints, and the names of all packages.
func imports(t *testing.T) []fileImport {
	t.Helper()
	var found []fileImport
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (ignored(entry.Name()) || otherModule(name)):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		declared, err := importsOf(name)
		found = append(found, declared...)
		return err
	})
	if err != nil {
		t.Fatalf("read the imports of the module: %v", err)
	}
	return found
}

// ignored reports whether the go command ignores a folder of this name.
func ignored(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// otherModule reports whether a folder holds a module of its own, whose packages are
// not of this one.
func otherModule(name string) bool {
	_, err := os.Stat(filepath.Join(filepath.FromSlash(name), "go.mod"))
	return err == nil
}

// importsOf reads one file. A file without imports gives one entry without a
// path, so that its package is known.
func importsOf(name string) ([]fileImport, error) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	base := fileImport{
		Package: strings.TrimPrefix(path.Dir(name), "."),
		File:    name,
		Test:    strings.HasSuffix(name, "_test.go"),
	}
	found := []fileImport{base}
	for _, spec := range file.Imports {
		base.Path, err = strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, base)
	}
	return found, nil
}

// ours gives the path below the module of one of its packages.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// verdict judges one import declaration; "" means that it is allowed.
func verdict(i fileImport) string {
	if i.Path == "" {
		return ""
	}
	if to, ok := ours(i.Path); ok {
		return forbidden(i.Package, to, i.Test)
	}
	if i.Test {
		return ""
	}
	return forbiddenOutside(i.Package, i.Path)
}

func TestImportsPointInwards(t *testing.T) {
	t.Parallel()
	for _, i := range imports(t) {
		if reason := verdict(i); reason != "" {
			t.Errorf("%s imports %s: %s", i.File, i.Path, reason)
		}
	}
}

func TestEveryPackageHasAPlaceInTheMap(t *testing.T) {
	t.Parallel()
	for _, i := range imports(t) {
		if _, ok := layerOf(i.Package); !ok && !standsApart(i.Package) {
			t.Errorf("%s: package %q is in no layer; say in layers() where it belongs", i.File, i.Package)
		}
	}
}

// TestPackageMap prints the packages layer by layer with what each imports of the
// module, tests left out.
func TestPackageMap(t *testing.T) {
	t.Parallel()
	uses := map[string]map[string]bool{}
	for _, i := range imports(t) {
		if i.Test {
			continue
		}
		if uses[i.Package] == nil {
			uses[i.Package] = map[string]bool{}
		}
		if to, ok := ours(i.Path); ok && i.Path != "" {
			uses[i.Package][to] = true
		}
	}
	for number := range layers() {
		t.Logf("layer %d", number)
		for _, pkg := range slices.Sorted(maps.Keys(uses)) {
			if l, ok := layerOf(pkg); ok && l == number {
				t.Logf("  %-38s -> %s", pkg, strings.Join(slices.Sorted(maps.Keys(uses[pkg])), " "))
			}
		}
	}
}

// The simulated org is the oracle of the connector's tests, so it must stay a
// stranger to Usher: only the grammar of the query language and the table of what
// is not confirmed about Salesforce are shared.
func TestTheSimulatedOrgKnowsNothingOfUsher(t *testing.T) {
	t.Parallel()
	const simulator = "connector/salesforce/salesforcetest"
	shared := []string{"connector/salesforce/soql", "connector/salesforce/unconfirmed"}
	for _, i := range imports(t) {
		to, ok := ours(i.Path)
		if ok && i.Package == simulator && !within(to, simulator) && !slices.Contains(shared, to) {
			t.Errorf("%s imports %s: the simulated org imports nothing of Usher but %s", i.File, to, strings.Join(shared, " and "))
		}
	}
}
