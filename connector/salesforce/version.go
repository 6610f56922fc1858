package salesforce

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

const (
	// newestVersion is the newest version of the REST API that this code was written
	// for. It has no SOAP login(), which has a version of its own.
	newestVersion = 67
	// oldestVersion is the oldest one that has everything that is used here.
	oldestVersion = 58
)

// negotiate finds the newest version that both sides know. The list needs no
// session.
func (c *client) negotiate(ctx context.Context, base *url.URL) (string, error) {
	u := *base
	u.Path = "/services/data"
	r := request{method: http.MethodGet, url: &u}
	a, err := c.send(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return "", c.refusal(r, a)
	}
	best, err := c.newest(a.body)
	return strconv.Itoa(best) + ".0", err
}

// newest reads the list of versions.
func (c *client) newest(body []byte) (int, error) {
	var versions []struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(body, &versions); err != nil {
		return 0, c.own(codeWrongHost, "the host does not list versions of the Salesforce API", err)
	}
	best := 0
	for _, v := range versions {
		number, err := strconv.ParseFloat(v.Version, 64)
		if err == nil && number >= oldestVersion && number <= newestVersion {
			best = max(best, int(number))
		}
	}
	if best == 0 {
		return 0, c.failure(fault{
			ErrorCode: "UNSUPPORTED_API_VERSION",
			Message:   "the org serves none of the versions " + strconv.Itoa(oldestVersion) + ".0 to " + strconv.Itoa(newestVersion) + ".0",
		})
	}
	return best, nil
}
