package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

// staticPath is below what style sheets and scripts are served.
const staticPath = "/static/"

//go:embed static
var staticFiles embed.FS

// assets are the embedded files as they are served.
var assets = sync.OnceValue(readStatic) //nolint:gochecknoglobals // a table made of embedded files, once

// static serves the style sheets and scripts, each under a path with its hash, so that
// browsers keep them for good.
type static struct {
	paths map[string]string // name to path
	files map[string][]byte // path to content
	icons map[string]template.HTML
}

// unwanted is what Tabler's icons say that a page need not repeat.
var unwanted = regexp.MustCompile(`(?s)\s+(xmlns|width|height|class)="[^"]*"|<path stroke="none" d="M0 0h24v24H0z" fill="none" />|\n\s*`)

// readStatic reads the embedded files; they are part of the program.
func readStatic() static {
	s := static{map[string]string{}, map[string][]byte{}, map[string]template.HTML{}}
	err := fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		base := strings.TrimPrefix(name, "static/")
		if icon, found := strings.CutPrefix(base, "icons/"); found {
			svg := unwanted.ReplaceAllString(string(content), " ")
			svg = strings.Replace(strings.TrimSpace(svg), "<svg", `<svg class="icon" aria-hidden="true" focusable="false"`, 1)
			s.icons[strings.TrimSuffix(icon, ".svg")] = template.HTML(svg) //nolint:gosec // a file of the program
			return nil
		}
		sum := sha256.Sum256(content)
		at := staticPath + hex.EncodeToString(sum[:6]) + "/" + base
		s.paths[base], s.files[at] = at, content
		return nil
	})
	if err != nil {
		panic("page: read the embedded files: " + err.Error())
	}
	return s
}

// ServeHTTP serves one file.
func (s static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, found := s.files[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	_, _ = w.Write(content) // whoever asked is gone
}
