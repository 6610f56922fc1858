package salesforce

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Values of the setting DisableAction.
const (
	disableDeactivate = "deactivate"
	disableFreeze     = "freeze"
)

// leaving is what happens to a user who is disabled, besides what every org does.
type leaving struct {
	freeze  bool   // the sign-in is frozen and the user stays active, with the licence
	profile string // name of the profile that the user is moved to; empty: stays
	prefix  string // of the username that the user gets; empty: it stays
}

// newLeaving reads the settings.
func newLeaving(c provisioning.Credentials) (leaving, error) {
	l := leaving{profile: strings.TrimSpace(c.Get(keyDisabledProfile)), prefix: strings.TrimSpace(c.Get(keyDisabledPrefix))}
	switch action := strings.ToLower(strings.TrimSpace(c.Get(keyDisableAction))); action {
	case "", disableDeactivate:
	case disableFreeze:
		l.freeze = true
	default:
		return leaving{}, invalidSetting(keyDisableAction, fmt.Sprintf("users are disabled by %q or %q, not by %q", disableDeactivate, disableFreeze, action))
	}
	if strings.ContainsFunc(l.prefix, func(r rune) bool { return unicode.IsSpace(r) || r == '@' || r > unicode.MaxASCII }) {
		return leaving{}, invalidSetting(keyDisabledPrefix, fmt.Sprintf("%q cannot stand in front of a username", l.prefix))
	}
	return l, nil
}

func invalidSetting(key, message string) error {
	e := ownEntry(codeInvalidSetting)
	return &connector.Error{Kind: e.kind, Code: e.code, Fields: []string{key}, Message: message, Advice: e.advice}
}

// leave writes what the removal of a user stands for. Moving to another profile
// and renaming are extras: they must never keep anybody from being disabled.
func (e *encoder) leave(change plan.Change) error {
	l := e.connector.leaving
	if l.freeze {
		e.entitled.frozen = attr.Bool(true)
	} else if err := e.put(attributeIsActive, attr.Bool(false)); err != nil {
		return err
	}
	if l.profile == "" && l.prefix == "" {
		return nil
	}
	e.plain, e.plainFields = append([]byte(nil), e.record...), e.fields
	if l.profile != "" {
		id, err := e.connector.profiles.find(attributeProfileName, l.profile)
		switch {
		case e.profilesErr != nil:
			e.warnings = append(e.warnings, "the user keeps the profile: "+asError(e.profilesErr).Error())
		case err != nil:
			e.warnings = append(e.warnings, "the user keeps the profile: "+err.Message)
		default:
			if err := e.put(attributeProfileID, attr.Text(id)); err != nil {
				return err
			}
		}
	}
	return e.rename(change)
}

// rename gives the username free for a new user. The id makes the new name unique;
// of 18 characters it is so whatever the letter case.
func (e *encoder) rename(change plan.Change) error {
	prefix, name := e.connector.leaving.prefix, change.Current.Get(attributeUsername).String()
	if prefix == "" || name == "" || strings.HasPrefix(name, prefix) {
		return nil
	}
	const longest = 80
	freed := prefix + longID(change.Target.ID) + "." + name
	if _, domain, _ := strings.Cut(name, "@"); len(freed) > longest {
		freed = prefix + longID(change.Target.ID) + "@" + domain
	}
	if len(freed) > longest {
		e.warnings = append(e.warnings, "the user keeps the username: with a prefix it is too long")
		return nil
	}
	return e.put(attributeUsername, attr.Text(freed))
}

// writePlainly disables users whom the org did not let have another profile or
// username as well.
func (c *Connector) writePlainly(ctx context.Context, rows []row, outcomes []connector.Outcome) {
	var again []row
	refusals := map[int]string{}
	for i := range rows {
		r := &rows[i]
		err := outcomes[r.index].Err
		if err == nil || r.plain == nil && !r.freezeAlone || !refusesData(err) {
			continue
		}
		refusals[r.index] = asError(err).Error()
		r.warnings = append(r.warnings, "the user keeps profile and username: "+refusals[r.index])
		outcomes[r.index] = connector.Outcome{TargetID: r.id}
		if r.record = r.plain; r.record != nil {
			again = append(again, *r)
		}
	}
	if len(again) > 0 {
		c.write(ctx, again, outcomes)
	}
}

// refusesData reports whether an error is about what was written.
func refusesData(err error) bool {
	kind := connector.KindOf(err)
	return kind == connector.Invalid || kind == connector.Conflict
}

// shownActive makes a user whose sign-in is frozen count as disabled, where users
// are disabled that way.
func (l leaving) shownActive(user attr.Object, selected bool) attr.Object {
	if user.Get(attributeIsFrozen).Bool() && user.Get(attributeIsActive).Bool() {
		user = user.With(attributeIsActive, attr.Bool(false))
	}
	if !selected {
		user = user.Without(attributeIsFrozen)
	}
	return user
}
