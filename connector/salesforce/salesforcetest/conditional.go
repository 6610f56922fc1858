package salesforcetest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// precondition heeds the conditions of a request for one record: what it returns
// is answered instead. Dates go for every object, entity tags for accounts only,
// as the REST API Developer Guide says.
func (c *call) precondition(t *object, r *record) *answer {
	reading := c.method == http.MethodGet || c.method == http.MethodHead
	changed := time.UnixMilli(r.stamp).Truncate(time.Second)
	if since, err := http.ParseTime(c.header.Get("If-Modified-Since")); err == nil && reading && !changed.After(since) {
		return &answer{status: http.StatusNotModified}
	}
	since, err := http.ParseTime(c.header.Get("If-Unmodified-Since"))
	switch {
	case c.header.Get("If-Unmodified-Since") != "" && err != nil && !reading:
		return refuse(newError(http.StatusBadRequest, "INVALID_HEADER", "If-Unmodified-Since must be a date of HTTP"))
	case err == nil && changed.After(since):
		return refuse(preconditionFailed())
	case t.name != "Account":
		return nil
	}
	return c.tagCondition(entityTag(r), reading)
}

// tagCondition heeds If-Match and If-None-Match.
func (c *call) tagCondition(tag string, reading bool) *answer {
	if wanted := c.header.Get("If-Match"); wanted != "" && !hasTag(wanted, tag) {
		return refuse(preconditionFailed())
	}
	if unwanted := c.header.Get("If-None-Match"); unwanted != "" && hasTag(unwanted, tag) {
		if reading {
			return &answer{status: http.StatusNotModified}
		}
		return refuse(preconditionFailed())
	}
	return nil
}

// hasTag looks for a tag in a list. A tag that was given with a compressed answer
// has a mark at its end.
func hasTag(list, tag string) bool {
	for given := range strings.SplitSeq(list, ",") {
		given = strings.Trim(strings.TrimSpace(given), `"`)
		given = strings.TrimSuffix(strings.TrimSuffix(given, "--gzip"), "-gzip")
		if given == "*" || given == strings.Trim(tag, `"`) {
			return true
		}
	}
	return false
}

// entityTag is another one whenever the record was written.
func entityTag(r *record) string {
	sum := sha256.Sum256([]byte(r.id + strconv.FormatInt(r.stamp, 10) + "\x00" + strings.Join(r.values, "\x00")))
	return `"` + base64.StdEncoding.EncodeToString(sum[:]) + `"`
}
