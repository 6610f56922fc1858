package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// jobSetting is one of the synchronizationJobSettings: QuarantineTooManyDeletesThreshold
// is Microsoft Graph's, the others are Usher's own settings of a job.
type jobSetting struct {
	name string
	get  func(s provisioning.Settings) string
	set  func(s *provisioning.Settings, setting KeyValue) error
}

func number(name string, most int, field func(*provisioning.Settings) *int) jobSetting {
	return jobSetting{
		name: name,
		get:  func(s provisioning.Settings) string { return strconv.Itoa(*field(&s)) },
		set: func(s *provisioning.Settings, setting KeyValue) (err error) {
			*field(s), err = numberUpTo(setting, most)
			return err
		},
	}
}

func boolean(name string, field func(*provisioning.Settings) *bool) jobSetting {
	return jobSetting{
		name: name,
		get:  func(s provisioning.Settings) string { return strconv.FormatBool(*field(&s)) },
		set: func(s *provisioning.Settings, setting KeyValue) (err error) {
			*field(s), err = truth(setting)
			return err
		},
	}
}

// mostNumber is more than any limit that is meant.
const mostNumber = 1_000_000_000

func jobSettings() []jobSetting {
	settings := []jobSetting{
		number("QuarantineTooManyDeletesThreshold", mostNumber, func(s *provisioning.Settings) *int { return &s.RemovalLimit }),
		number("UsherRemovalPercent", 100, func(s *provisioning.Settings) *int { return &s.RemovalPercent }),
		number("UsherFailurePercent", 100, func(s *provisioning.Settings) *int { return &s.FailurePercent }),
		{
			name: "UsherDefaultDomain", get: func(s provisioning.Settings) string { return s.DefaultDomain },
			set: func(s *provisioning.Settings, setting KeyValue) error {
				s.DefaultDomain = setting.Value
				return nil
			},
		},
		boolean(secretSyncAll, func(s *provisioning.Settings) *bool { return &s.SyncAll }),
		boolean(secretSkipDeletions, func(s *provisioning.Settings) *bool { return &s.SkipOutOfScopeDeletions }),
		boolean("UsherNestedGroups", func(s *provisioning.Settings) *bool { return &s.NestedGroups }),
		{
			name: "UsherVanished", get: func(s provisioning.Settings) string { return cmp.Or(string(s.Vanished), vanishedFail) },
			set: setVanished,
		},
		{
			name: "UsherDrift", get: func(s provisioning.Settings) string {
				return cmp.Or(string(s.Drift.Mode), string(provisioning.DriftOff))
			},
			set: func(s *provisioning.Settings, setting KeyValue) error {
				s.Drift.Mode = provisioning.DriftMode(setting.Value)
				return s.Drift.Check()
			},
		},
	}
	for _, trigger := range provisioning.Triggers() {
		settings = append(settings, actionSetting(trigger), graceSetting(trigger))
	}
	return settings
}

// vanishedFail is the name of the action that has none.
const vanishedFail = "fail"

func setVanished(s *provisioning.Settings, setting KeyValue) error {
	switch setting.Value {
	case vanishedFail:
		s.Vanished = provisioning.VanishedFail
	case string(provisioning.VanishedMatch):
		s.Vanished = provisioning.VanishedMatch
	default:
		return fmt.Errorf("%s is %s or %s, not %.40q", setting.Name, vanishedFail, provisioning.VanishedMatch, setting.Value)
	}
	return nil
}

// actionSetting is what becomes of an account on a trigger: UsherOnUnassigned.
func actionSetting(trigger provisioning.Trigger) jobSetting {
	return jobSetting{
		name: "UsherOn" + camel(trigger),
		get:  func(s provisioning.Settings) string { return string(s.Leaving.Action(trigger)) },
		set: func(s *provisioning.Settings, setting KeyValue) error {
			s.Leaving = s.Leaving.With(trigger, provisioning.LeaveAction(setting.Value))
			return s.Leaving.Check()
		},
	}
}

// graceSetting is how long an account is kept after a trigger: UsherGraceOnUnassigned.
func graceSetting(trigger provisioning.Trigger) jobSetting {
	return jobSetting{
		name: "UsherGraceOn" + camel(trigger),
		get:  func(s provisioning.Settings) string { return Duration(s.Leaving.GraceFor(trigger)).String() },
		set: func(s *provisioning.Settings, setting KeyValue) error {
			grace, err := ParseDuration(setting.Value)
			if err != nil || grace == Forever {
				return fmt.Errorf("%s is an ISO 8601 duration such as P7D, not %.40q", setting.Name, setting.Value)
			}
			if time.Duration(grace) != s.Leaving.GraceFor(trigger) {
				s.Leaving = s.Leaving.WithGrace(trigger, time.Duration(grace))
			}
			return s.Leaving.Check()
		},
	}
}

// camel returns source-disabled as SourceDisabled.
func camel(trigger provisioning.Trigger) string {
	var name strings.Builder
	for part := range strings.SplitSeq(string(trigger), "-") {
		name.WriteString(titled(part))
	}
	return name.String()
}

// Settings returns a job's settings as synchronizationJobSettings.
func Settings(settings provisioning.Settings) []KeyValue {
	known := jobSettings()
	pairs := make([]KeyValue, len(known))
	for i, setting := range known {
		pairs[i] = KeyValue{setting.name, setting.get(settings)}
	}
	return pairs
}

// WithSettings returns the settings of a job with those that are named changed. A
// name that does not exist and a value that does not fit are errors.
func WithSettings(settings provisioning.Settings, changes []KeyValue) (provisioning.Settings, error) {
	known := jobSettings()
	for _, change := range changes {
		at := slices.IndexFunc(known, func(s jobSetting) bool { return s.name == change.Name })
		if at < 0 {
			return settings, fmt.Errorf("there is no job setting %.60q; there are %s", change.Name, settingNames())
		}
		if err := known[at].set(&settings, change); err != nil {
			return settings, err
		}
	}
	return settings, nil
}

func settingNames() string {
	var names []string
	for _, setting := range jobSettings() {
		names = append(names, setting.name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func numberUpTo(setting KeyValue, most int) (int, error) {
	number, err := strconv.Atoi(strings.TrimSpace(setting.Value))
	if err != nil || number < 0 || number > most {
		return 0, fmt.Errorf("%s is a number from 0 to %d, not %.40q", setting.Name, most, setting.Value)
	}
	return number, nil
}

// truth reads a Boolean in any letter case: clients send "true" and "True".
func truth(setting KeyValue) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(setting.Value)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%s is true or false, not %.40q", setting.Name, setting.Value)
}
