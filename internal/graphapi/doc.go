// Package graphapi serves the part of Microsoft Graph that manages a directory and
// its provisioning, so that clients written for Microsoft Graph can drive Usher, and
// below /usher/v1 what Graph has no words for.
//
// It translates between the wire and the domain. It holds no SQL and no rules of
// provisioning, it does not sign anybody in (package auth does), and it opens no
// port.
//
// # How a request travels
//
// [New] gives one http.Handler. For each request it gives an id, authenticates,
// counts against the client's rate, finds the route, checks the role, parses the
// query options and reads the body; then the route's handler runs:
//
//	func(ctx context.Context, r *request) (response, error)
//
// # Conventions for whoever adds a family
//
// Routes. A family has a function that returns its rows, such as userRoutes, in the
// file that holds its handlers; graphRoutes (served below /v1.0 and /beta alike) or
// ownRoutes (/usher/v1) lists the function. A row is made by get, post, put, patch
// or remove; post says which role it needs, get needs a reader, the others an
// administrator. In a pattern {name} is a key. Names are found whatever their letter
// case, with and without parentheses and the prefix microsoft.graph., so a pattern
// says "users/delta" and a cast is written in full: "groups/{group}/members/microsoft.graph.user".
// A key comes from r.text("name"), or from r.key("name") where alternate keys such
// as servicePrincipals(appId='...') are served: key.alternate is then "appid".
//
// Answers. ok, created and noContent make responses; a body is anything that
// encoding/json can marshal. Objects that can be selected, filtered and expanded are
// of the type entity; asEntity makes one of a struct. Dates are made by moment, so
// that none is ever the empty text.
// r.context makes an @odata.context, r.link an absolute URL.
//
// Collections. Describe the kind once with newKind (which properties there are, which
// only come when asked for) and the resource (its set, its expansions), then answer
// with r.answerPage, r.answerCount and r.answerEntity. They do $filter, $select,
// $top, $count, $orderby, $expand, $search, $skiptoken and the nextLink. A collection
// gives its items with after(position) in the order of their positions; it may look
// at r.query.filter, for instance with filter.equality, to read less. listed makes a
// collection of entities that are in memory.
//
// Bodies. r.decode reads a struct, r.fields the members one by one where it matters
// which are there (member reads one of them). Members that are not known are ignored.
//
// Errors. Return badRequest, unsupportedQuery, notFound, taken, conflict or an *Error.
// The errors of package store may be returned as they are: not found is a 404 about
// the last segment of the path, a conflict a 409, not valid a 400. Anything else is
// a 500 that is logged and says nothing of its cause. Check everything before writing
// anything: after an error all is as it was. Messages say what is wrong; some are word
// for word those of Microsoft Graph, because clients compare them.
//
// Writes. After one, call r.audit with the activity in the words of Microsoft Entra's
// audit log. Denials are audited by the frame.
//
// Streams. A response with stream writes its body itself, for server-sent events.
//
// Tokens. r.api.tokens seals what a link has to remember, bound to what it is for.
package graphapi
