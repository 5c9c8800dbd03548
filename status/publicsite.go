package status

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/comms"
)

//go:embed public
var publicFiles embed.FS

// publicPolicy is the Content-Security-Policy of every page, and stands in each, for servers of files. Pictures come from the site, and the
// logo perhaps from its own.
const publicPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'%s; base-uri 'none'; form-action 'none'"

// site is all that a public page serves and writes, as of one instant. It does not change.
type site struct {
	page  *comms.Page // its texts are clean
	scene *publicScene
	made  time.Time
	ahead time.Duration // of the clock of the engine before ours
	url   string
	files map[string]*file // by path; that of a page is empty, or ends with /
	lost  []byte           // the page that says that there is no such page
}

// file is one answer, ready to be sent.
type file struct {
	kind         string // its media type
	policy, keep string // its Content-Security-Policy and Cache-Control; empty: those of most
	open         bool   // other sites may read it
	body, packed []byte // packed is gzip; nil: it would not be smaller
	tag          string
}

// newSite makes all files of a page, as people see them at an instant. The address ends with /, or is empty.
func newSite(page *comms.Page, now time.Time, address string) (*site, error) {
	clean := cleanPage(page)
	s := &site{page: &clean, scene: newPublicScene(&clean, now), made: now.UTC(), url: address, files: make(map[string]*file)}
	if err := s.pages(); err != nil {
		return nil, err
	}
	for path, v := range s.api() {
		body, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("public page: %s: %w", path, err)
		}
		s.add(path, &file{kind: "application/json; charset=utf-8", open: true, body: append(body, '\n')})
	}
	feed, err := s.feed()
	if err != nil {
		return nil, fmt.Errorf("public page: feed.atom: %w", err)
	}
	s.add("feed.atom", &file{kind: "application/atom+xml; charset=utf-8", body: feed})
	for name, kind := range map[string]string{"public.css": "text/css; charset=utf-8", "age.js": "text/javascript; charset=utf-8"} {
		text, _ := publicFiles.ReadFile("public/" + name)
		if name == "public.css" && clean.Brand.Colour != "" {
			text = fmt.Appendf(text, ":root{--brand:%s}\n", clean.Brand.Colour)
		}
		s.add(name, &file{kind: kind, keep: "public, max-age=3600", body: text})
	}
	return s, nil
}

// add takes in a file.
func (s *site) add(path string, f *file) {
	sum := sha256.Sum256(f.body)
	f.tag = hex.EncodeToString(sum[:12])
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(f.body) // a buffer takes all
	_ = w.Close()
	if b.Len() < len(f.body) {
		f.packed = b.Bytes()
	}
	s.files[path] = f
}

// pages makes the pages.
func (s *site) pages() error {
	t, err := template.New("public.html").Funcs(template.FuncMap{
		"tight": func(text string) string { return strings.ReplaceAll(tight(text), " UTC", "\u00a0UTC") },
	}).ParseFS(publicFiles, "public/public.html")
	if err != nil {
		return err
	}
	policy := fmt.Sprintf(publicPolicy, logoOrigin(s.page.Brand.Logo))
	render := func(path, part, title string, post *postView) ([]byte, error) {
		v := s.view(strings.Repeat("../", strings.Count(path, "/")), title)
		v.Policy, v.Part, v.Post = policy, part, post
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			return nil, fmt.Errorf("public page: %q: %w", path, err)
		}
		s.add(path, &file{kind: "text/html; charset=utf-8", policy: policy, body: b.Bytes()})
		return b.Bytes(), nil
	}
	if _, err = render("", "now", "", nil); err != nil {
		return err
	}
	if _, err = render("history/", "history", "Earlier incidents", nil); err != nil {
		return err
	}
	for i := range s.page.Posts {
		p := &s.page.Posts[i]
		path := postPath(p)
		if path == "" || s.files[path] != nil {
			continue
		}
		v := s.post(p, "../../")
		if _, err = render(path, "incident", v.Title, &v); err != nil {
			return err
		}
	}
	s.lost, err = render("404.html", "lost", "There is no such page", nil)
	return err
}

// postPath is where an incident has a page of its own; empty: nowhere, as its id cannot be the name of a folder.
func postPath(p *comms.Post) string {
	for _, r := range p.ID {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' {
			return ""
		}
	}
	if p.ID == "" || len(p.ID) > 128 {
		return ""
	}
	return "incidents/" + p.ID + "/"
}

// missing answers that there is no such page.
func (s *site) missing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", s.files["404.html"].policy+"; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(s.lost) // the reader has gone away if this fails
}

// logoOrigin is where the picture of a brand may come from beside the site, for a policy.
func logoOrigin(logo string) string {
	if u, err := url.Parse(logo); err == nil && u.Scheme == "https" && u.Host != "" {
		return " https://" + u.Host
	}
	return ""
}
