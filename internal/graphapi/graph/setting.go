package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/provisioning"
)

// The names of synchronizationJobSettings. The first is Microsoft Graph's, the
// others are Usher's own settings of a job.
const (
	settingDeletesThreshold = "QuarantineTooManyDeletesThreshold"
	settingRemovalPercent   = "UsherRemovalPercent"
	settingFailurePercent   = "UsherFailurePercent"
	settingDefaultDomain    = "UsherDefaultDomain"
	settingSyncAll          = "SyncAll"
	settingSkipDeletions    = "SkipOutOfScopeDeletions"
)

// Settings returns a job's settings as synchronizationJobSettings.
func Settings(settings provisioning.Settings) []KeyValue {
	return []KeyValue{
		{settingDeletesThreshold, strconv.Itoa(settings.RemovalLimit)},
		{settingRemovalPercent, strconv.Itoa(settings.RemovalPercent)},
		{settingFailurePercent, strconv.Itoa(settings.FailurePercent)},
		{settingDefaultDomain, settings.DefaultDomain},
		{settingSyncAll, strconv.FormatBool(settings.SyncAll)},
		{settingSkipDeletions, strconv.FormatBool(settings.SkipOutOfScopeDeletions)},
	}
}

// WithSettings returns the settings of a job with those that are named changed. A
// name that does not exist and a value that does not fit are errors.
func WithSettings(settings provisioning.Settings, changes []KeyValue) (provisioning.Settings, error) {
	for _, change := range changes {
		var err error
		switch change.Name {
		case settingDeletesThreshold:
			settings.RemovalLimit, err = numberUpTo(change, 1_000_000_000)
		case settingRemovalPercent:
			settings.RemovalPercent, err = numberUpTo(change, 100)
		case settingFailurePercent:
			settings.FailurePercent, err = numberUpTo(change, 100)
		case settingDefaultDomain:
			settings.DefaultDomain = change.Value
		case settingSyncAll:
			settings.SyncAll, err = truth(change)
		case settingSkipDeletions:
			settings.SkipOutOfScopeDeletions, err = truth(change)
		default:
			err = fmt.Errorf("there is no job setting %.60q; there are %s", change.Name, settingNames())
		}
		if err != nil {
			return settings, err
		}
	}
	return settings, nil
}

func settingNames() string {
	var names []string
	for _, setting := range Settings(provisioning.Settings{}) {
		names = append(names, setting.Name)
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
