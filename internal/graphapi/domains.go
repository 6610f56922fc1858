package graphapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
)

func (a *api) domainRoutes() []route {
	return []route{
		get("domains", a.listDomains),
		get("domains/$count", a.countDomains),
		get("domains/{domain}", a.getDomain),
	}
}

func (a *api) domains() resource {
	return resource{set: "domains", kind: newKind("domain", "authenticationType", "availabilityStatus", "isAdminManaged", "isDefault", "isInitial",
		"isRoot", "isVerified", "supportedServices", "state", "passwordNotificationWindowInDays", "passwordValidityPeriodInDays")}
}

// domainEntities returns the domains that are in use. Usher keeps no list of domains
// and verifies none: a domain is one as soon as somebody's user principal name has it.
// The one that most have is the default.
func (a *api) domainEntities(ctx context.Context) ([]entity, error) {
	used := map[string]int{}
	for user, err := range a.Store.Users(ctx, "") {
		if err != nil {
			return nil, err
		}
		_, domain, _ := strings.Cut(user.UserPrincipalName, "@")
		if domain != "" && !user.Deleted() {
			used[strings.ToLower(domain)]++
		}
	}
	names := slices.SortedFunc(maps.Keys(used), func(a, b string) int { return cmp.Or(cmp.Compare(used[b], used[a]), strings.Compare(a, b)) })
	items := make([]entity, len(names))
	for i, name := range names {
		items[i] = entity{
			"id": name, "authenticationType": "Managed", "availabilityStatus": nil, "isAdminManaged": true, "isDefault": i == 0, "isInitial": i == 0,
			"isRoot": true, "isVerified": true, "supportedServices": []any{}, "state": nil, "passwordNotificationWindowInDays": nil, "passwordValidityPeriodInDays": nil,
		}
	}
	return items, nil
}

func (a *api) listDomains(ctx context.Context, r *request) (response, error) {
	items, err := a.domainEntities(ctx)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.domains(), after: listed(items...)})
}

func (a *api) countDomains(ctx context.Context, r *request) (response, error) {
	items, err := a.domainEntities(ctx)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, collection{resource: a.domains(), after: listed(items...)})
}

func (a *api) getDomain(ctx context.Context, r *request) (response, error) {
	id, err := r.text("domain")
	if err != nil {
		return response{}, err
	}
	items, err := a.domainEntities(ctx)
	if err != nil {
		return response{}, err
	}
	at := slices.IndexFunc(items, func(e entity) bool { return strings.EqualFold(e.id(), id) })
	if at < 0 {
		return response{}, notFound(id)
	}
	return r.answerEntity(ctx, a.domains(), items[at])
}
