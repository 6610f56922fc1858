package main

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal"
	"github.com/usher-id/usher/internal/portal/signin"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/source"
	"github.com/usher-id/usher/source/csv"
)

// newPortal makes the handler of the web portal.
func (s *service) newPortal(from origin.Origin, log *slog.Logger) (http.Handler, error) {
	return portal.New(portal.Dependencies{
		Administration: s.administration, Operations: s.operations, People: s.people, Authenticate: signin.Authenticate(s.people, from),
		Settings: s.settings, Clients: s.workspace.store, Notifier: s.notifier, Node: s.nodeID,
		OpenFiles: s.workspace.openUploaded, NextRun: jobs.NextRun, Log: log, Origin: from, Version: version(),
	})
}

// openUploaded opens uploaded files as a source. Unless they are whole, they may name
// whoever is in the directory.
func (w *workspace) openUploaded(uploaded []store.UploadedFile, whole bool) (source.Source, error) {
	config := csv.Config{Contents: make(map[string][]byte, len(uploaded)), Applications: w.service.DirectoryNames()}
	if !whole {
		config.Directory = w.service.DirectoryNames()
	}
	for _, file := range uploaded {
		config.Contents[file.Name] = file.Content
		config.Files = config.Files.With(file.Field, file.Name)
	}
	return csv.Open(config)
}

// isAPI reports whether a path belongs to the API or to its sign-in, and not to the
// portal. Some clients of Microsoft Graph double the slash at the beginning.
func isAPI(path string) bool {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(path, "/")), "/")
	return first == "v1.0" || first == "beta" || first == "usher" || auth.Handles(path)
}
