// Package origin finds out under which scheme and host clients reach the service,
// for the links and names that answers have to hold. It does not check who asks.
package origin

import (
	"net/http"
	"strings"
)

// Origin says where scheme and host come from.
type Origin struct {
	// URL is scheme and host, such as "https://usher.contoso.com". Empty: they are taken
	// from each request.
	URL string

	// Current returns the URL as it is at the moment, for one that may change while the
	// service runs; nil, or an empty text: URL counts.
	Current func() string

	// TrustForwarded takes them from X-Forwarded-Proto and X-Forwarded-Host, which a
	// proxy in front of the service must set or remove. URL goes before it.
	TrustForwarded bool
}

// fixed returns what does not depend on the request.
func (o Origin) fixed() string {
	if o.Current != nil {
		if current := o.Current(); current != "" {
			return current
		}
	}
	return o.URL
}

// Of returns scheme and host for the answer to a request, without a slash at the end.
func (o Origin) Of(r *http.Request) string {
	if fixed := o.fixed(); fixed != "" {
		return strings.TrimRight(fixed, "/")
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if o.TrustForwarded {
		if forwarded := r.Header.Get("X-Forwarded-Proto"); forwarded == "http" || forwarded == "https" {
			scheme = forwarded
		}
		if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" && !strings.ContainsAny(forwarded, "/?#@ ,\\\"<>") {
			host = forwarded
		}
	}
	return scheme + "://" + host
}
