package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
)

// announce says that this process serves, until the context ends; then it says that it
// does not any more. That the database does not answer for a while ends nothing.
func (s *service) announce(ctx context.Context, log *slog.Logger) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	node := store.Node{ID: s.nodeID, Host: host, Version: version(), StartedAt: now, SeenAt: now}
	ticker := time.NewTicker(store.NodeSeenEach)
	defer ticker.Stop()
	for {
		if err := s.workspace.store.NoteNode(ctx, node); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "note that this node serves", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			over, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if err := s.workspace.store.ForgetNode(over, node.ID); err != nil {
				log.WarnContext(over, "note that this node serves no more", "error", err.Error())
			}
			return nil
		case <-ticker.C:
			node.SeenAt = time.Now().UTC().Truncate(time.Microsecond)
		}
	}
}

// newNodeID names this process.
func newNodeID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name the node: %w", err)
	}
	return id.String(), nil
}
