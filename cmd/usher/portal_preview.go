package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/portal"
)

func newPortalPreviewCommand() *cobra.Command {
	var address string
	command := &cobra.Command{
		Use:   "portal-preview",
		Short: "Look at the pages of the portal with made-up data",
		Long: `Portal-preview serves every page of the web portal with made-up data: empty,
full, and hostile. It opens no database, asks nobody to sign in, and writes nothing.
It is for those who work on the portal, and for a first look at it.`,
		Example: "  usher portal-preview\n  usher portal-preview --listen 127.0.0.1:9000",
		Args:    arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			handler, err := portal.Samples(version())
			if err != nil {
				return err
			}
			var config net.ListenConfig
			listener, err := config.Listen(command.Context(), "tcp", address)
			if err != nil {
				return fmt.Errorf("listen on %s: %w", address, err)
			}
			if _, err := fmt.Fprintf(command.OutOrStdout(), "the pages are at http://%s/samples; Ctrl+C ends this\n", listener.Addr()); err != nil {
				return errors.Join(err, listener.Close())
			}
			return serveUntilDone(command.Context(), listener, handler)
		},
	}
	command.Flags().StringVar(&address, "listen", "127.0.0.1:8090", "address that the pages are served on")
	return command
}

// serveUntilDone serves until the context ends.
func serveUntilDone(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
}
