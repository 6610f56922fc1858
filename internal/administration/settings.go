package administration

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// LeastInterval is the shortest time between two cycles.
const LeastInterval = time.Minute

// ChangeSettings changes settings and interval of a job. Whatever of the result cannot
// be taken is a Refusal with all Faults, each with its Field as the JSON of
// provisioning.Settings names it, or "interval". Schedule state and status are for the
// other acts: what the function does to them is not kept.
func (a Acts) ChangeSettings(ctx context.Context, app Application, change func(provisioning.Settings, time.Duration) (provisioning.Settings, time.Duration, error)) error {
	err := a.Configure(ctx, app, ActivityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		before := c.Job
		var err error
		c.Job.Settings, c.Job.Schedule.Interval, err = change(before.Settings, before.Schedule.Interval)
		if err == nil {
			err = CheckSettings(c.Job.Settings, c.Job.Schedule.Interval)
		}
		return c, strings.Join(changedSettings(before, c.Job), ", "), err
	})
	if err != nil {
		return err
	}
	a.wake(ctx, app.ID)
	return nil
}

// CheckSettings refuses settings and an interval that cannot be meant, with everything
// that is wrong.
func CheckSettings(settings provisioning.Settings, interval time.Duration) error {
	var faults []Fault
	fault := func(wrong bool, field, message string) {
		if wrong {
			faults = append(faults, Fault{Field: field, Message: message})
		}
	}
	fault(settings.RemovalLimit < 0, "removalLimit", "the accidental deletion threshold is 0 or more")
	fault(settings.RemovalPercent < 0 || settings.RemovalPercent > 100, "removalPercent", "the share of accounts is from 0 to 100")
	fault(settings.FailurePercent < 0 || settings.FailurePercent > 100, "failurePercent", "the share of failures is from 0 to 100")
	fault(interval < LeastInterval, "interval", "the time between two cycles is at least 1m")
	fault(settings.Vanished != provisioning.VanishedFail && settings.Vanished != provisioning.VanishedMatch, "vanished", "what is done about an account that is gone is nothing or match")
	for _, address := range settings.Notify.Recipients {
		_, err := mail.ParseAddress(address)
		fault(err != nil, "notify", address+" is no e-mail address such as ana@contoso.com")
	}
	if err := settings.Drift.Check(); err != nil {
		faults = append(faults, Fault{Field: "drift", Message: err.Error()})
	}
	if err := settings.Leaving.Check(); err != nil {
		faults = append(faults, Fault{Field: "leaving", Message: err.Error()})
	}
	return refuseAll("the settings cannot be taken", faults)
}

// changedSettings names what differs between two states of a job, for the audit log:
// the name of a setting, and its value where that is a single one. The way of a webhook
// may be a secret, so settings with parts are named alone.
func changedSettings(before, after provisioning.Job) []string {
	was, is := settingTexts(before.Settings), settingTexts(after.Settings)
	var changes []string
	names := slices.Sorted(maps.Keys(is))
	for name := range was {
		if _, there := is[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		switch value := is[name]; {
		case bytes.Equal(was[name], value):
		case bytes.HasPrefix(value, []byte("{")), bytes.HasPrefix(was[name], []byte("{")):
			changes = append(changes, name)
		case value == nil:
			changes = append(changes, name+" none")
		default:
			changes = append(changes, name+" "+strings.Trim(string(value), `"`))
		}
	}
	if before.Schedule.Interval != after.Schedule.Interval {
		changes = append(changes, "interval "+after.Schedule.Interval.String())
	}
	return changes
}

// settingTexts returns the JSON of each setting that is not as in a new job.
func settingTexts(settings provisioning.Settings) map[string]json.RawMessage {
	texts := make(map[string]json.RawMessage)
	data, err := json.Marshal(settings)
	if err == nil {
		err = json.Unmarshal(data, &texts)
	}
	if err != nil {
		return nil // settings are texts and numbers
	}
	return texts
}
