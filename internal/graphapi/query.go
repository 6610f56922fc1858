package graphapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is the query options of a request. Their names are taken with and without
// "$" and whatever their letter case.
type query struct {
	filter     *filter
	selected   []string // nil without $select
	orderBy    []order
	expand     []expansion
	search     *filter
	top        int // 0 without $top
	count      bool
	skipToken  string
	deltaToken string
	given      url.Values // the options as they came, by their names in lower case without "$"
}

// order is one part of $orderby.
type order struct {
	path       []string
	descending bool
}

// expansion is one part of $expand.
type expansion struct {
	name     string // as it was sent; compare it whatever its letter case
	selected []string
}

// knownOptions are the names of the query options without their "$".
func knownOptions() []string {
	return []string{
		"filter", "select", "orderby", "expand", "search", "top", "count", "skiptoken", "deltatoken", "skip", "format",
	}
}

// parseQuery reads the query options of a URL.
func parseQuery(raw string) (query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, badRequest("The query of the URL is not properly encoded.")
	}
	q := query{given: url.Values{}}
	for name, all := range values {
		option, system := strings.CutPrefix(strings.ToLower(name), "$")
		if !slices.Contains(knownOptions(), option) {
			if system {
				return query{}, unsupportedQuery("The query option '%s' is not supported.", name)
			}
			continue
		}
		if len(all)+len(q.given[option]) > 1 {
			return query{}, badRequest("Query option '%s' was specified more than once, but it must be specified at most once.", name)
		}
		if !printableText(all[0]) {
			return query{}, badRequest("The query option '%s' is not valid UTF-8 text.", name)
		}
		q.given[option] = all
	}
	return q, q.parse()
}

func (q *query) parse() error {
	for option, read := range map[string]func(value string) error{
		"filter": q.parseFilter, "orderby": q.parseOrder, "expand": q.parseExpand, "search": q.parseSearch, "top": q.parseTop,
		"count": q.parseCount, "skip": q.refuseSkip,
	} {
		if !q.given.Has(option) {
			continue
		}
		if err := read(q.given.Get(option)); err != nil {
			return err
		}
	}
	if q.given.Has("select") {
		q.selected = splitNames(q.given.Get("select"))
	}
	q.skipToken, q.deltaToken = q.given.Get("skiptoken"), q.given.Get("deltatoken")
	return nil
}

func (q *query) parseFilter(value string) error {
	tree, err := parseFilter(value)
	q.filter = &tree
	return err
}

func (q *query) parseTop(value string) error {
	number, err := strconv.Atoi(value)
	if err != nil || number < 0 {
		return badRequest("Invalid value '%s' for $top query option found. The $top query option requires a non-negative integer value.", value)
	}
	q.top = number
	if number == 0 {
		return badRequest("Invalid page size specified: '0'. Must be between 1 and 999 inclusive.")
	}
	return nil
}

func (q *query) parseCount(value string) error {
	switch strings.ToLower(value) {
	case "true":
		q.count = true
	case "false":
	default:
		return badRequest("Invalid value '%s' for $count query option found. Valid values are 'true' and 'false'.", value)
	}
	return nil
}

func (*query) refuseSkip(string) error {
	return unsupportedQuery("The query option '$skip' is not supported; follow @odata.nextLink.")
}

func (q *query) parseOrder(value string) error {
	for part := range strings.SplitSeq(value, ",") {
		words := strings.Fields(part)
		descending := len(words) == 2 && strings.EqualFold(words[1], "desc")
		ascending := len(words) == 1 || len(words) == 2 && strings.EqualFold(words[1], "asc")
		if !descending && !ascending {
			return badRequest("Invalid $orderby clause: '%s' is not a property with asc or desc.", strings.TrimSpace(part))
		}
		q.orderBy = append(q.orderBy, order{path: strings.Split(words[0], "/"), descending: descending})
	}
	if len(q.orderBy) > 5 {
		return badRequest("Invalid $orderby clause: it has more than 5 properties.")
	}
	return nil
}

// maxExpansions is how many relationships one request may expand.
const maxExpansions = 5

func (q *query) parseExpand(value string) error {
	parts, balanced := splitOutside(value, ',')
	if !balanced || len(parts) > maxExpansions {
		return badRequest("Invalid $expand clause: its parentheses do not match, or it has more than %d parts.", maxExpansions)
	}
	for _, part := range parts {
		one, err := parseExpansion(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		q.expand = append(q.expand, one)
	}
	return nil
}

func parseExpansion(text string) (expansion, error) {
	name, inside, nested := strings.Cut(text, "(")
	result := expansion{name: strings.TrimSpace(name)}
	if !isName(result.name) {
		return result, badRequest("Invalid $expand clause: '%s' is not a relationship.", text)
	}
	if !nested {
		return result, nil
	}
	options, _ := splitOutside(strings.TrimSuffix(inside, ")"), ';')
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		switch strings.ToLower(strings.TrimPrefix(strings.TrimSpace(key), "$")) {
		case "select":
			result.selected = splitNames(value)
		case "levels", "":
		default:
			return result, unsupportedQuery("Invalid $expand clause: inside of %s only $select is supported.", result.name)
		}
	}
	return result, nil
}

// splitOutside splits a text at a separator outside of parentheses.
func splitOutside(text string, separator byte) (parts []string, balanced bool) {
	depth, start := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == separator && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
		if depth < 0 {
			return nil, false
		}
	}
	return append(parts, text[start:]), depth == 0
}

func splitNames(value string) []string {
	names := []string{}
	for name := range strings.SplitSeq(value, ",") {
		name, _, _ = strings.Cut(strings.TrimSpace(name), "/")
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// parseSearch reads "property:text" AND "property:text" OR ... as the filter that it
// means. Of a mix of both, and binds more tightly.
func (q *query) parseSearch(value string) error {
	var alternatives, together []filter
	rest := strings.TrimSpace(value)
	for {
		clause, after, err := cutSearchClause(rest)
		if err != nil {
			return err
		}
		together = append(together, clause)
		joiner, next, _ := strings.Cut(after, " ")
		rest = strings.TrimSpace(next)
		switch strings.ToUpper(joiner) {
		case "AND":
			continue
		case "OR", "":
			alternatives = append(alternatives, filter{op: opAnd, below: together})
			together = nil
		default:
			return badRequest("Syntax error in $search: clauses are joined by AND or OR, not by '%s'.", joiner)
		}
		if joiner == "" {
			q.search = &filter{op: opOr, below: alternatives}
			return nil
		}
	}
}

func cutSearchClause(text string) (clause filter, rest string, err error) {
	wrong := badRequest(`Syntax error in $search: a clause is written as "property:text", with the double quotes.`)
	if !strings.HasPrefix(text, `"`) {
		return filter{}, "", wrong
	}
	inside, rest, closed := strings.Cut(text[1:], `"`)
	name, wanted, named := strings.Cut(inside, ":")
	if !closed || !named || !isName(name) || wanted == "" {
		return filter{}, "", wrong
	}
	return filter{op: opContains, path: []string{name}, literals: []literal{{wanted}}}, strings.TrimSpace(rest), nil
}

// options returns the query options that make the answer what it is, all but the
// token, in a fixed order: what a skip token is bound to.
func (q *query) options() string {
	var b strings.Builder
	for _, name := range knownOptions() {
		if name == "skiptoken" || !q.given.Has(name) {
			continue
		}
		b.WriteString(name + "=" + q.given.Get(name) + "\n")
	}
	return b.String()
}

// with returns the query of a link: the options as they came, and this one.
func (q *query) with(option, value string) string {
	values := url.Values{}
	for name, given := range q.given {
		if name != "skiptoken" {
			values["$"+name] = given
		}
	}
	values.Set("$"+option, value)
	return values.Encode()
}
