package salesforcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// control answers /__sim/…, by which tests and people steer the org from
// outside its API. It asks for no token: whoever reaches the org may steer it.
// Nothing of it counts as a request of the org, is delayed by the latency, or can be
// hit by a fault, so that a test can always repair what it broke.
func (o *Org) control(c *call, path []string) *answer {
	c.outcome.kind = "control"
	if len(path) == 0 {
		return o.controlIndex()
	}
	name := strings.ToLower(path[0])
	if file, found := pageFile(name); found && c.method == http.MethodGet && len(path) == 1 {
		return file
	}
	for _, entry := range o.controls() {
		if entry.name == name && entry.method == c.method && len(path) == 1 {
			value, err := entry.run(c)
			if err != nil {
				return reply(http.StatusBadRequest, []member{{"error", err.Error()}})
			}
			if value == nil {
				return &answer{status: http.StatusNoContent}
			}
			return indented(value)
		}
	}
	return reply(http.StatusNotFound, []member{{"error", "there is no " + c.method + " " + name + "; GET /__sim/ lists what there is"}})
}

// controlEntry is one thing that can be asked for.
type controlEntry struct {
	method, name, about string
	run                 func(c *call) (any, error)
}

// indented is an answer for people to read.
func indented(value any) *answer {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return reply(http.StatusInternalServerError, []member{{"error", err.Error()}})
	}
	return &answer{status: http.StatusOK, body: append(body, '\n')}
}

// controlIndex lists the control endpoints for people.
func (o *Org) controlIndex() *answer {
	list := []any{}
	for _, entry := range o.controls() {
		list = append(list, []member{{"method", entry.method}, {"path", "/__sim/" + entry.name}, {"about", entry.about}})
	}
	return reply(http.StatusOK, list)
}

// instruction is the body of every POST; each reads what it needs.
type instruction struct {
	Username   string         `json:"username"`
	Fields     map[string]any `json:"fields"`
	Latency    string         `json:"latency"`
	DailyLimit int            `json:"dailyLimit"`
	License    string         `json:"license"`
	Profile    string         `json:"profile"`
	Permission string         `json:"permission"`
	Granted    bool           `json:"granted"`
	Total      int            `json:"total"`
}

// instruction reads the body of a POST; an empty one asks for nothing special.
func (c *call) instruction() (instruction, error) {
	var i instruction
	if len(c.body) == 0 {
		return i, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&i); err != nil {
		return i, fmt.Errorf("read the instruction: %w", err)
	}
	return i, nil
}

// controls is the table of the control endpoints.
func (o *Org) controls() []controlEntry {
	get := func(name, about string, f func() any) controlEntry {
		return controlEntry{http.MethodGet, name, about, func(*call) (any, error) { return f(), nil }}
	}
	post := func(name, about string, f func(instruction) error) controlEntry {
		return controlEntry{http.MethodPost, name, about, func(c *call) (any, error) {
			i, err := c.instruction()
			if err != nil {
				return nil, err
			}
			return nil, f(i)
		}}
	}
	return []controlEntry{
		get("statistics", "calls by kind and rows written", func() any { return o.Statistics() }),
		get("credentials", "what signs in as the integration user", func() any { return o.Credentials() }),
		get("dump", "the users and the licenses", func() any { return o.dump() }),
		get("requests", "the last requests", func() any { return o.Requests() }),
		get("faults", "the schedule of faults", func() any { return o.faults.list() }),
		{http.MethodPut, "faults", "replaces the schedule: a list of faults", o.controlFaults},
		{http.MethodPost, "faults", "adds one fault, or a list", o.controlFaults},
		{http.MethodDelete, "faults", "empties the schedule", func(*call) (any, error) { o.SetFaults(nil); return nil, nil }},
		post("reset-statistics", "counts anew", func(instruction) error { o.ResetStatistics(); return nil }),
		post("reset", "makes the content anew and keeps the organization id", func(instruction) error { return o.Reset() }),
		post("refresh", "makes the content anew with another organization id", func(instruction) error { return o.Refresh() }),
		post("confirm-email", "confirms the new address of {username}", func(i instruction) error {
			if !o.ConfirmEmail(i.Username) {
				return fmt.Errorf("no address of %q waits for its confirmation", i.Username)
			}
			return nil
		}),
		post("save", "writes the content to the data file", func(instruction) error { return o.Save() }),
		post("expire-sessions", "ends every session", func(instruction) error { o.ExpireSessions(); return nil }),
		post("expire-cursors", "makes the next page of every query stale", func(instruction) error { o.ExpireCursors(); return nil }),
		post("expire-password", "makes {username} choose a new password", func(i instruction) error { return o.ExpirePassword(i.Username) }),
		post("rotate-security-token", "gives {username} another security token", func(i instruction) error {
			_, err := o.RotateSecurityToken(i.Username)
			return err
		}),
		post("latency", "makes every request take {latency}, such as 20ms", func(i instruction) error {
			d, err := time.ParseDuration(i.Latency)
			if err == nil {
				o.SetLatency(d)
			}
			return err
		}),
		post("daily-limit", "allows {dailyLimit} API requests in 24 hours", func(i instruction) error { o.SetDailyLimit(i.DailyLimit); return nil }),
		post("license", "gives {license} {total} seats", func(i instruction) error { return o.SetLicenseTotal(i.License, i.Total) }),
		post("permission", "gives {permission} to {profile}, or takes it: {granted}", func(i instruction) error {
			return o.SetProfilePermission(i.Profile, i.Permission, i.Granted)
		}),
		post("user", "changes the {fields} of {username} as an administrator would", func(i instruction) error { return o.SetUser(i.Username, i.Fields) }),
		post("reserve", "takes {username} as another org would", func(i instruction) error {
			o.config.Universe.Reserve(i.Username)
			return nil
		}),
	}
}

// controlFaults reads one fault or a list of them.
func (o *Org) controlFaults(c *call) (any, error) {
	var faults []Fault
	text := bytes.TrimSpace(c.body)
	if bytes.HasPrefix(text, []byte("{")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	if err := json.Unmarshal(text, &faults); err != nil {
		return nil, fmt.Errorf("read the schedule of faults: %w", err)
	}
	var wrong []error
	for _, f := range faults {
		if err := f.check(); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	if c.method == http.MethodPut {
		o.SetFaults(faults)
		return nil, nil
	}
	for _, f := range faults {
		o.faults.add(f)
	}
	return nil, nil
}

// dump is the content that people compare.
func (o *Org) dump() any {
	users := []map[string]any{}
	for _, u := range o.Users() {
		fields := map[string]any{}
		for _, f := range o.schema.object("User").fields {
			if v := u.Get(f.name); v != "" && v != f.initial() {
				fields[f.name] = v
			}
		}
		users = append(users, map[string]any{
			"fields": fields, "profile": u.ProfileName, "role": u.RoleName, "permissionSets": u.PermissionSets, "groups": u.Groups,
			"pendingEmail": u.PendingEmail, "frozen": u.IsFrozen,
		})
	}
	return map[string]any{"organizationId": o.OrganizationID(), "users": users, "licenses": o.Licenses()}
}

// Requests returns the last requests, oldest first.
func (o *Org) Requests() []Request {
	o.statistics.mu.Lock()
	defer o.statistics.mu.Unlock()
	return slices.Clone(o.statistics.recent)
}
