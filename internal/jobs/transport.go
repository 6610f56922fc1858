package jobs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// finishing is a transport that lets requests under way end when their cycle is
// stopped: a write that is cut off may or may not have happened, and the next cycle
// would have to find out. No new requests are made then, because the connector looks
// at the context before each of them.
type finishing struct {
	next  http.RoundTripper
	grace time.Duration // how long they may take from then on
}

// RoundTrip implements http.RoundTripper.
func (f finishing) RoundTrip(request *http.Request) (*http.Response, error) {
	asked := request.Context()
	ctx, cancel := context.WithCancel(context.WithoutCancel(asked))
	stop := context.AfterFunc(asked, func() {
		if errors.Is(asked.Err(), context.DeadlineExceeded) {
			cancel()
			return
		}
		late := time.AfterFunc(f.grace, cancel)
		context.AfterFunc(ctx, func() { late.Stop() })
	})
	over := sync.OnceFunc(func() {
		stop()
		cancel()
	})
	response, err := f.next.RoundTrip(request.WithContext(ctx)) // the caller closes its body
	if err != nil {
		over()
		return response, err
	}
	response.Body = &finishingBody{response.Body, over}
	return response, nil
}

// finishingBody is a body whose closing ends the request.
type finishingBody struct {
	io.ReadCloser

	over func()
}

// Close implements io.Closer.
func (b *finishingBody) Close() error {
	defer b.over()
	return b.ReadCloser.Close()
}
