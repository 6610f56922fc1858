package origin_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/usher-id/usher/internal/origin"
)

func TestOf(t *testing.T) {
	t.Parallel()
	forwarded := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"usher.contoso.com"}}
	for _, test := range []struct {
		name   string
		origin origin.Origin
		tls    *tls.ConnectionState
		header http.Header
		want   string
	}{
		{name: "as the request says", want: "http://host:8080"},
		{name: "over TLS", tls: &tls.ConnectionState{}, want: "https://host:8080"},
		{name: "forwarded and not trusted", header: forwarded, want: "http://host:8080"},
		{name: "forwarded and trusted", origin: origin.Origin{TrustForwarded: true}, header: forwarded, want: "https://usher.contoso.com"},
		{name: "trusted and not forwarded", origin: origin.Origin{TrustForwarded: true}, want: "http://host:8080"},
		{
			name: "forwarded nonsense", origin: origin.Origin{TrustForwarded: true}, want: "http://host:8080",
			header: http.Header{"X-Forwarded-Proto": {"javascript"}, "X-Forwarded-Host": {"a/b"}},
		},
		{name: "as it is set now", origin: origin.Origin{Current: func() string { return "https://now.contoso.com/" }, URL: "https://then.contoso.com"}, want: "https://now.contoso.com"},
		{name: "nothing is set now", origin: origin.Origin{Current: func() string { return "" }, URL: "https://then.contoso.com"}, want: "https://then.contoso.com"},
		{name: "configured", origin: origin.Origin{URL: "https://usher.contoso.com/", TrustForwarded: true}, header: forwarded, want: "https://usher.contoso.com"},
	} {
		request := &http.Request{Host: "host:8080", TLS: test.tls, Header: test.header}
		if got := test.origin.Of(request); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
