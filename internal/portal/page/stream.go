package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// Event is a part of a page that a stream sends: htmx puts it where sse-swap names the
// event.
type Event struct {
	Name string
	HTML string
}

// Events is a stream of server-sent events. It ends when the visitor's session does, or
// when they get another role; it is no use of the session, which goes idle as it would
// without it. Next gives the event that holds now; it is
// asked every so often, an event that is the same as the last one of its name is not
// sent again, and the stream ends after a while: browsers connect anew by themselves.
func Events(every time.Duration, next func(ctx context.Context) ([]Event, error)) Answer {
	return Answer{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {"text/event-stream"}, "X-Accel-Buffering": {"no"}},
		events: func(ctx context.Context, w http.ResponseWriter, goesOn func(context.Context) (bool, error)) error {
			return sendEvents(ctx, w, every, goesOn, next)
		},
	}
}

const (
	eventsFor   = 2 * time.Minute
	eventsAlive = 15 * time.Second
)

func sendEvents(
	ctx context.Context, w http.ResponseWriter, every time.Duration, goesOn func(context.Context) (bool, error), next func(ctx context.Context) ([]Event, error),
) error {
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(time.Time{})
	_ = controller.SetWriteDeadline(time.Now().Add(eventsFor + requestTimeout))
	ctx, cancel := context.WithTimeout(ctx, eventsFor)
	defer cancel()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last, sent := map[string]string{}, time.Time{}
	for {
		events, err := next(ctx)
		if err != nil {
			return err
		}
		for _, event := range events {
			if last[event.Name] == event.HTML {
				continue
			}
			last[event.Name], sent = event.HTML, time.Now()
			if err := writeEvent(w, event); err != nil {
				return err
			}
		}
		if time.Since(sent) >= eventsAlive {
			sent = time.Now()
			if _, err := io.WriteString(w, ": alive\n\n"); err != nil {
				return err
			}
		}
		if err := controller.Flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if on, err := goesOn(ctx); err != nil || !on {
			return err
		}
	}
}

// sameVisitor reports whether a request that goes on is still one of the same visitor in
// the same role. That it goes on is no use of the session.
func (s *Site) sameVisitor(ctx context.Context, r *Request) (bool, error) {
	watching := r.HTTP.Clone(ctx)
	watching.Header.Set(automaticHeader, "on")
	visitor, err := s.Authenticate(ctx, watching)
	if errors.Is(err, ErrSignedOut) {
		return !r.Visitor.Known(), nil
	}
	return visitor.ID == r.Visitor.ID && visitor.Role == r.Visitor.Role, err
}

func writeEvent(w io.Writer, event Event) error {
	data := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimSpace(event.HTML)) // each of them ends a line of a stream
	data = strings.ReplaceAll(data, "\n", "\ndata: ")
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event.Name, data)
	return err
}

// stream sends what an answer streams, and returns the status. A stream that fails
// before its first byte becomes the page about the error. One that fails later is broken
// off: whoever reads it must not take the half for the whole.
func (s *Site) stream(ctx context.Context, w http.ResponseWriter, r *Request, answer Answer) int {
	out := &streamWriter{ResponseWriter: w, answer: answer}
	err := contained(func() error {
		if answer.events != nil {
			return answer.events(ctx, out, func(ctx context.Context) (bool, error) { return s.sameVisitor(ctx, r) })
		}
		return answer.stream(ctx, out)
	})
	switch {
	case err == nil:
		out.begin()
		return answer.status
	case !out.began && ctx.Err() == nil:
		return s.answer(ctx, w, r, Answer{}, err)
	case ctx.Err() == nil:
		s.Log.WarnContext(ctx, "stream ended", "error", err.Error(), "path", s.loggedPath(r.HTTP), "request_id", r.id)
	}
	panic(http.ErrAbortHandler)
}

// streamWriter writes the header with the first byte, and lets a reader take the time
// that it needs as long as it goes on reading.
type streamWriter struct {
	http.ResponseWriter

	answer   Answer
	began    bool
	deadline time.Time
}

// Unwrap lets http.ResponseController find what it controls.
func (w *streamWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write writes a part of the stream.
func (w *streamWriter) Write(part []byte) (int, error) {
	w.begin()
	if now := time.Now(); now.After(w.deadline.Add(-requestTimeout)) {
		w.deadline = now.Add(2 * requestTimeout)
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.deadline) // a writer that has none needs none
	}
	return w.ResponseWriter.Write(part)
}

func (w *streamWriter) begin() {
	if w.began {
		return
	}
	w.began = true
	maps.Copy(w.Header(), w.answer.header)
	w.WriteHeader(w.answer.status)
}
