package administration

import (
	"context"
	"fmt"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// How much the audit log tells of one act: enough to take it back by hand, but no book.
const (
	mostPartText = 4_000  // characters of an expression, a filter, ...
	mostSummary  = 32_000 // characters of all of them
	mostNamed    = 5      // people
)

// SummaryOf tells what changed of a schema, for the audit log: what was there before, and
// what is now.
func SummaryOf(differences []mapping.Difference) string {
	var texts []string
	length := 0
	for i, difference := range differences {
		text := summaryOf(difference)
		if length += len(text); length > mostSummary {
			return strings.Join(append(texts, "and "+counted(len(differences)-i, "other change", "other changes")), "; ")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func summaryOf(difference mapping.Difference) string {
	text := strings.TrimSpace(difference.Part+" "+difference.Name) + " " + difference.Change()
	before, after := shortened(difference.Old), shortened(difference.New)
	switch difference.Change() {
	case "added":
		return text + ": " + after
	case "removed":
		return text + ", was: " + before
	}
	return text + ", was: " + before + ", now: " + after
}

func shortened(text string) string {
	characters := []rune(text)
	if len(characters) <= mostPartText {
		return text
	}
	return fmt.Sprintf("%s... (%d characters more)", string(characters[:mostPartText]), len(characters)-mostPartText)
}

// Named names the first of some people by their ids, a few of them.
func (s *Service) Named(ctx context.Context, app Application, ids []string) ([]string, error) {
	first := ids[:min(len(ids), mostNamed)]
	subjects, err := s.Runner.Engine.Directory.Subjects(ctx, app.Job.ID, first)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(first))
	for _, subject := range subjects {
		names = append(names, nameOf(subject))
	}
	return names, nil
}

// named names the first of some people, with how many others there are.
func (s *Service) named(ctx context.Context, app Application, ids []string) (string, error) {
	names, err := s.Named(ctx, app, ids)
	if err != nil {
		return "", err
	}
	text := strings.Join(names, ", ")
	if more := len(ids) - len(names); more > 0 {
		text += " and " + counted(more, "other", "others")
	}
	return text, nil
}

// nameOf names somebody, who may be gone.
func nameOf(subject engine.Subject) string {
	user := subject.User
	switch {
	case user.DisplayName != "" && user.UserPrincipalName != "":
		return user.DisplayName + " (" + user.UserPrincipalName + ")"
	case user.UserPrincipalName != "":
		return user.UserPrincipalName
	case user.DisplayName != "":
		return user.DisplayName
	case subject.Connection.TargetName != "":
		return user.ID + " (account " + subject.Connection.TargetName + ")"
	}
	return user.ID
}

// parties names who and what is assigned, each once.
type parties struct {
	principals, roles map[string]string
}

// parties reads the names of users, groups and roles of assignments, all at once.
func (s *Service) parties(ctx context.Context, app Application, wanted ...NewAssignment) (parties, error) {
	p := parties{make(map[string]string, len(wanted)), map[string]string{}}
	roles, err := s.Store.Roles(ctx, app.ID)
	if err != nil {
		return p, err
	}
	for _, role := range roles {
		p.roles[role.ID] = role.DisplayName
	}
	names := make([]string, len(wanted))
	for i, each := range wanted {
		names[i] = each.Principal
	}
	found, err := s.Store.Principals(ctx, names)
	for _, each := range wanted {
		p.principals[each.Principal] = principalName(each, found[each.Principal])
	}
	return p, err
}

// principalName returns the type of a user or group with its name and its id, as far as
// the directory has it.
func principalName(principal NewAssignment, found store.Principals) string {
	var id, name string
	if principal.PrincipalType != "Group" {
		id, name = found.User.ID, nameOf(engine.Subject{User: found.User})
	} else if len(found.Groups) == 1 {
		id, name = found.Groups[0].ID, found.Groups[0].DisplayName
	}
	if name == id {
		return strings.TrimSpace(principal.PrincipalType + " " + principal.Principal)
	}
	return strings.TrimSpace(principal.PrincipalType+" "+name) + ", id " + id
}

// role names a role that was given by its id or by its name.
func (p parties) role(role string) string {
	if isDefault(role) {
		return "default access"
	}
	if name, known := p.roles[role]; known && name != "" {
		return fmt.Sprintf("%q (%s)", name, role)
	}
	return fmt.Sprintf("%q", role)
}

// detail tells who is assigned, or not any more, in which role.
func (p parties) detail(assignment NewAssignment) string {
	return p.principals[assignment.Principal] + ", role " + p.role(assignment.Role)
}

func assignedBy(assignment directory.Assignment) NewAssignment {
	return NewAssignment{PrincipalType: assignment.PrincipalType, Principal: assignment.PrincipalID, Role: assignment.AppRoleID}
}

func allAssignedBy(assignments []directory.Assignment) []NewAssignment {
	all := make([]NewAssignment, len(assignments))
	for i, assignment := range assignments {
		all[i] = assignedBy(assignment)
	}
	return all
}
