package graphapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/usher-id/usher/directory"
)

const (
	// eventEvery is how often a stream looks at the job.
	eventEvery = time.Second
	// eventAlive is how often a stream in which nothing happens shows that it lives.
	eventAlive = 15 * time.Second
)

// streamEvents tells how the provisioning of an application goes on: the health of the
// job as server-sent events, at once and whenever it changes, until the client leaves
// or the time of a slow request is over. Clients connect again by themselves.
func (a *api) streamEvents(ctx context.Context, r *request) (response, error) {
	app, _, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	return response{status: http.StatusOK, stream: func(ctx context.Context, w http.ResponseWriter) error {
		ctx, cancel := context.WithTimeout(ctx, slowTimeout)
		defer cancel()
		return a.sendEvents(ctx, w, app)
	}}, nil
}

func (a *api) sendEvents(ctx context.Context, w http.ResponseWriter, app directory.Application) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	controller := http.NewResponseController(w)
	ticker := time.NewTicker(eventEvery)
	defer ticker.Stop()
	last, sent := "", time.Now()
	for {
		text, err := a.event(ctx, app)
		if err != nil {
			return err
		}
		switch {
		case text != last:
			last, sent = text, time.Now()
			_, err = fmt.Fprintf(w, "event: health\ndata: %s\n\n", text) //nolint:gosec // JSON in a stream of events, sent as such
		case time.Since(sent) >= eventAlive:
			sent = time.Now()
			_, err = io.WriteString(w, ": alive\n\n")
		}
		if err == nil {
			err = controller.Flush()
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// event returns the health of the application, without the moment of looking, which
// alone is no news.
func (a *api) event(ctx context.Context, app directory.Application) (string, error) {
	job, err := a.Store.Job(ctx, app.ID)
	if err != nil {
		return "", err
	}
	state, err := a.healthOf(ctx, app, job)
	if err != nil {
		return "", err
	}
	e, err := asEntity(state)
	if err != nil {
		return "", err
	}
	delete(e, "observedDateTime")
	data, err := json.Marshal(e)
	return string(data), err
}
