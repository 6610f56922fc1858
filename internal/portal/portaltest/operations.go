package portaltest

import (
	"context"
	"net/http"
	"path"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

// Run runs operations until the test ends.
func (w *World) Run(operations *administration.Operations) {
	w.TB.Helper()
	ctx, cancel := context.WithCancel(w.TB.Context())
	over := make(chan error, 1)
	go func() { over <- operations.Run(ctx) }()
	w.TB.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			w.TB.Error(err)
		}
	})
}

// Over waits for the end of the operation whose page a form led to.
func (w *World) Over(begun Answer) provisioning.Operation {
	w.TB.Helper()
	if begun.Status != http.StatusSeeOther {
		w.TB.Fatalf("the form was answered with %d: %s", begun.Status, begun.TextOf("main"))
	}
	for range 600 {
		found, err := w.Service.Operation(w.TB.Context(), path.Base(begun.Location))
		w.Must(err)
		if found.State != provisioning.OperationRunning {
			return found
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.TB.Fatal("the operation does not end")
	return provisioning.Operation{}
}
