package page

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	noticeCookie = "usher-notice"
	themeCookie  = "usher-theme"
)

// longestNotice is how many bytes the text of a notice may have as JSON, so that the
// cookie that carries it is one that browsers take.
const longestNotice = 1800

// secure reports whether visitors reach the portal encrypted: then its cookies are
// sent no other way.
func (s *Site) secure(r *http.Request) bool { return strings.HasPrefix(s.Origin.Of(r), "https://") }

// noticeCookie makes the cookie that carries a notice to the next page.
func (s *Site) noticeCookie(r *http.Request, notice Notice) *http.Cookie {
	text := marshalNotice(notice)
	for cut := []rune(notice.Text); len(text) > longestNotice; text = marshalNotice(notice) {
		cut = cut[:len(cut)*3/4]
		notice.Text = string(cut) + " …"
	}
	return &http.Cookie{ //nolint:gosec // Secure where visitors reach the portal encrypted
		Name: noticeCookie, Value: base64.RawURLEncoding.EncodeToString(text), Path: "/", MaxAge: 60,
		HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode,
	}
}

func marshalNotice(notice Notice) []byte {
	text, err := json.Marshal(notice)
	if err != nil {
		return nil // texts always marshal
	}
	return text
}

// takeNotice returns the notice that a request carries, and ends it.
func (s *Site) takeNotice(w http.ResponseWriter, r *http.Request) Notice {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil || cookie.Value == "" {
		return Notice{}
	}
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode}) //nolint:gosec // as above
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	var notice Notice
	if err != nil || json.Unmarshal(text, &notice) != nil || !slices.Contains([]string{"success", "warning", "danger", "info"}, notice.Kind) {
		return Notice{}
	}
	return notice
}

// themes are the appearances to choose from: as the device has it, light, dark.
func themes() []string { return []string{"auto", "light", "dark"} }

// theme returns the appearance that a visitor chose.
func theme(r *http.Request) string {
	if cookie, err := r.Cookie(themeCookie); err == nil && slices.Contains(themes(), cookie.Value) {
		return cookie.Value
	}
	return "auto"
}

// chooseTheme remembers an appearance in the visitor's browser.
func chooseTheme(_ context.Context, r *Request) (Answer, error) {
	chosen := r.Value("theme")
	if !slices.Contains(themes(), chosen) {
		return Answer{}, Invalid("theme", "The appearance is auto, light or dark.")
	}
	return Redirect(Back(r.Value("return")), Notice{}).Setting(&http.Cookie{ //nolint:gosec // Secure where visitors reach the portal encrypted
		Name: themeCookie, Value: chosen, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, Secure: r.site.secure(r.HTTP), SameSite: http.SameSiteLaxMode,
	}), nil
}
