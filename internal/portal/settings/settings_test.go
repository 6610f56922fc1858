package settings_test

import (
	"testing"

	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/settings"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, settings.New(settings.Config{}))
}
