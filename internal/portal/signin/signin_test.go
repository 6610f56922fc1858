package signin

import (
	"testing"

	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/pagetest"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil, origin.Origin{}))
}
