package applications_test

import (
	"testing"

	"github.com/usher-id/usher/internal/portal/applications"
	"github.com/usher-id/usher/internal/portal/pagetest"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, applications.New(nil))
}
