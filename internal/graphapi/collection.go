package graphapi

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"
)

// expander fetches what an entity is related to, for $expand. A relationship that
// leads nowhere is nil.
type expander func(ctx context.Context, e entity, x expansion) (any, error)

// resource says how entities of one kind are sent.
type resource struct {
	kind    kind
	set     string              // as in @odata.context: "users"
	expand  map[string]expander // by the name of the relationship in lower case
	kindOf  func(e entity) kind // of collections of several kinds, whose items have an @odata.type; nil for one kind
	top     int                 // items of a page that is not asked for; 0: defaultTop
	largest int                 // items of a page at most; 0: 999
}

// defaultTop is how many items a page has unless the request or the resource says.
const defaultTop = 100

// collection is a sequence of entities in the order of their positions.
type collection struct {
	resource

	// after yields the entities behind a position, from the beginning for an empty one.
	// It may be ranged over more than once. Items that a filter cannot match may be
	// left out of it.
	after func(ctx context.Context, position string) iter.Seq2[entity, error]

	position func(e entity) string                  // nil: the id
	count    func(ctx context.Context) (int, error) // of all entities without a filter; nil: they are read
}

// pageState is what a skip token holds: where the next page begins.
type pageState struct {
	After string `json:"a,omitzero"` // position
	Keys  []any  `json:"k,omitzero"` // with $orderby: the values that the last item is ordered by, its id last
}

// answerPage answers a GET of a collection with one page of it.
func (r *request) answerPage(ctx context.Context, c collection) (response, error) {
	return r.answerPages(c.resource, func(from pageState) (page, any, error) {
		page, err := r.readPage(ctx, c, from)
		if err != nil {
			return page, nil, err
		}
		values, err := r.present(ctx, c.resource, page.items)
		return page, values, err
	})
}

// answerPages answers a GET of a collection with the page that read returns, besides
// what of it is sent.
func (r *request) answerPages(re resource, read func(from pageState) (page, any, error)) (response, error) {
	if err := r.checkQuery(re); err != nil {
		return response{}, err
	}
	binding := "page\n" + strings.ToLower(r.path) + "\n" + r.query.options()
	var state pageState
	if r.query.skipToken != "" {
		if err := r.api.tokens.open(r.query.skipToken, binding, &state); err != nil {
			return response{}, badRequest("The skip token is not one of this service, or it belongs to another query. Begin again without $skiptoken.")
		}
	}
	page, values, err := read(state)
	if err != nil {
		return response{}, err
	}
	body := entity{"@odata.context": r.context(re.set), "value": values}
	if r.query.count && r.query.skipToken == "" {
		body["@odata.count"] = page.total
	}
	if page.next != nil {
		token, err := r.api.tokens.seal(binding, page.next)
		if err != nil {
			return response{}, err
		}
		body["@odata.nextLink"] = r.base + r.path + "?" + r.query.with("skiptoken", token)
	}
	return ok(body), nil
}

// answerCount answers a GET of a collection's $count.
func (r *request) answerCount(ctx context.Context, c collection) (response, error) {
	if err := r.needConsistency(c.kind, "$count"); err != nil {
		return response{}, err
	}
	if err := r.checkQuery(c.resource); err != nil {
		return response{}, err
	}
	r.query.count, r.query.top = true, 1
	page, err := r.readPage(ctx, c, pageState{})
	return response{status: http.StatusOK, plain: true, body: page.total}, err
}

// answerEntity answers a GET of one entity.
func (r *request) answerEntity(ctx context.Context, re resource, e entity) (response, error) {
	values, err := r.present(ctx, re, []entity{e})
	if err != nil {
		return response{}, err
	}
	body := values[0]
	body["@odata.context"] = r.context(re.set + "/$entity")
	return ok(body), nil
}

// checkQuery refuses what cannot be asked of a collection.
func (r *request) checkQuery(re resource) error {
	q := r.query
	limit := cmp.Or(re.largest, 999)
	if q.top > limit {
		return badRequest("Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", q.top, limit)
	}
	for _, tree := range []*filter{q.filter, q.search} {
		if tree == nil {
			continue
		}
		if err := tree.check(re.kind); err != nil {
			return err
		}
	}
	for _, o := range q.orderBy {
		if _, found := re.kind.find(o.path[0]); !found {
			return badRequest("Invalid $orderby clause: could not find a property named '%s' on type 'microsoft.graph.%s'.", o.path[0], re.kind.name)
		}
	}
	return r.checkConsistency(re.kind)
}

// checkConsistency refuses queries that the directory answers only to those who say
// that they can do with an answer that lags behind. The header is not repeated with
// a nextLink.
func (r *request) checkConsistency(k kind) error {
	q := r.query
	switch {
	case q.search != nil:
		return r.needConsistency(k, "$search")
	case q.filter != nil && len(q.orderBy) > 0:
		return r.needConsistency(k, "$orderby together with $filter")
	case q.count:
		return r.needConsistency(k, "$count")
	}
	if q.filter != nil {
		if reason, advanced := q.filter.isAdvanced(); advanced {
			if err := r.needConsistency(k, "The operator '"+string(reason)+"'"); err != nil || q.count || q.skipToken != "" || !k.advanced {
				return err
			}
			return unsupportedQuery("The operator '%s' is only supported together with $count=true.", reason)
		}
	}
	return nil
}

func (r *request) needConsistency(k kind, what string) error {
	if !k.advanced || r.query.skipToken != "" || strings.EqualFold(r.http.Header.Get("ConsistencyLevel"), "eventual") {
		return nil
	}
	return unsupportedQuery("%s is only supported with the header ConsistencyLevel: eventual.", what)
}

// page is one page of a collection.
type page struct {
	items []entity
	total int        // of all that match; only counted when it is asked for
	next  *pageState // nil on the last page
}

// matches reports whether an entity matches filter and search.
func (r *request) matches(k kind, e entity) bool {
	m := matcher{caseExact: k.caseExact}
	return (r.query.filter == nil || m.matches(*r.query.filter, e)) &&
		(r.query.search == nil || matcher{}.matches(*r.query.search, e))
}

func (r *request) readPage(ctx context.Context, c collection, from pageState) (page, error) {
	size := cmp.Or(r.query.top, c.top, defaultTop)
	if len(r.query.orderBy) > 0 {
		return r.readOrdered(ctx, c, from, size)
	}
	var result page
	counting := r.query.count && r.query.skipToken == ""
	if counting && c.count != nil && r.query.filter == nil && r.query.search == nil {
		total, err := c.count(ctx)
		if err != nil {
			return page{}, err
		}
		result.total, counting = total, false
	}
	for e, err := range c.after(ctx, from.After) {
		if err != nil {
			return page{}, err
		}
		if !r.matches(c.kind, e) {
			continue
		}
		if counting {
			result.total++
		}
		switch {
		case len(result.items) < size:
			result.items = append(result.items, e)
		case result.next == nil:
			result.next = &pageState{After: c.place(result.items[size-1])}
		}
		if result.next != nil && !counting {
			break
		}
	}
	return result, nil
}

func (c collection) place(e entity) string {
	if c.position != nil {
		return c.position(e)
	}
	return e.id()
}

// readOrdered reads a page of a collection in another order. It reads the whole
// collection and keeps no more than the page.
func (r *request) readOrdered(ctx context.Context, c collection, from pageState, size int) (page, error) {
	type item struct {
		keys []any
		e    entity
	}
	var (
		kept   []item
		result page
	)
	for e, err := range c.after(ctx, "") {
		if err != nil {
			return page{}, err
		}
		if !r.matches(c.kind, e) {
			continue
		}
		result.total++
		next := item{r.sortKeys(c, e), e}
		if from.Keys != nil && r.compareKeys(next.keys, from.Keys) <= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, next, func(a, b item) int { return r.compareKeys(a.keys, b.keys) })
		if at > size {
			continue
		}
		if kept = slices.Insert(kept, at, next); len(kept) > size+1 {
			kept = kept[:size+1]
		}
	}
	for i, next := range kept {
		if i == size {
			result.next = &pageState{Keys: kept[size-1].keys}
			break
		}
		result.items = append(result.items, next.e)
	}
	return result, nil
}

func (r *request) sortKeys(c collection, e entity) []any {
	keys := make([]any, 0, len(r.query.orderBy)+1)
	for _, o := range r.query.orderBy {
		value := e.lookup(o.path)
		if text, isText := value.(string); isText && !c.kind.caseExact {
			value = strings.ToLower(text)
		}
		keys = append(keys, value)
	}
	return append(keys, c.place(e))
}

func (r *request) compareKeys(a, b []any) int {
	for i := range min(len(a), len(b)) {
		order := compareValues(a[i], b[i])
		if i < len(r.query.orderBy) && r.query.orderBy[i].descending {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// compareValues orders the values of a property: null, false, true, numbers, texts.
func compareValues(a, b any) int {
	if order := cmp.Compare(rank(a), rank(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case string:
		text, _ := b.(string)
		return cmp.Compare(a, text)
	case float64, int, int64:
		return cmp.Compare(number(a), number(b))
	}
	return 0
}

func rank(value any) int {
	switch value := value.(type) {
	case nil:
		return 0
	case bool:
		if value {
			return 2
		}
		return 1
	case float64, int, int64:
		return 3
	}
	return 4
}

func number(value any) float64 {
	switch value := value.(type) {
	case float64:
		return value
	case int:
		return float64(value)
	case int64:
		return float64(value)
	}
	return 0
}

// present makes entities what is sent of them: expanded and with the properties that
// are selected.
func (r *request) present(ctx context.Context, re resource, items []entity) ([]entity, error) {
	values := make([]entity, 0, len(items))
	for _, e := range items {
		k := re.kind
		if re.kindOf != nil {
			k = re.kindOf(e)
		}
		value := k.project(e, k.selection(r.query.selected))
		if re.kindOf == nil {
			delete(value, "@odata.type") // it goes without saying
		}
		for _, x := range r.query.expand {
			fetch, found := re.expand[strings.ToLower(x.name)]
			if !found {
				return nil, badRequest("Parsing OData Select and Expand failed: could not find a relationship named '%s' on type 'microsoft.graph.%s' that can be expanded.", x.name, k.name)
			}
			related, err := fetch(ctx, e, x)
			if err != nil {
				return nil, err
			}
			value[x.name] = related
		}
		values = append(values, value)
	}
	return values, nil
}

// selection returns which properties of the kind are selected. Properties that the
// kind does not have are left out: this service does not store all that Microsoft
// Graph has, and a client that asks for more is not to fail.
func (k kind) selection(names []string) selection {
	if names == nil {
		return nil
	}
	selected := make(selection, len(names))
	for _, name := range names {
		if name == "*" {
			return nil
		}
		if p, found := k.find(name); found {
			selected[p.name] = true
		}
	}
	return selected
}

// listed makes a sequence, for [collection], of entities that are in memory. It puts
// them in the order of their ids.
func listed(items ...entity) func(ctx context.Context, position string) iter.Seq2[entity, error] {
	slices.SortFunc(items, func(a, b entity) int { return strings.Compare(a.id(), b.id()) })
	return func(_ context.Context, position string) iter.Seq2[entity, error] {
		return func(yield func(entity, error) bool) {
			for _, item := range items {
				if item.id() > position && !yield(item, nil) {
					return
				}
			}
		}
	}
}
