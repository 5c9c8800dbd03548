package status

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/internal/line"
	"github.com/tocsin-dev/tocsin/respond"
)

// A page of the dashboard is about one tenant: of a path without more, the home of the viewer; beneath /@NAME/, the tenant of that name. All
// references of a page are relative, so whoever follows them or sends its forms stays with the tenant.

// inPath is where a request keeps the tenant of its path. No pattern can have a wildcard of this name.
const inPath = "@"

// tenanted leads from beneath /@NAME/ to the pages, for that tenant.
func tenanted(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/@")
		segment, page, deeper := strings.Cut(rest, "/")
		name, err := url.PathUnescape(segment)
		if !ok || !deeper || name == "" || err != nil {
			pages.ServeHTTP(w, r)
			return
		}
		to := *r.URL
		to.RawPath = "/" + page
		to.Path, err = url.PathUnescape(to.RawPath)
		if err != nil { // EscapedPath is always valid: cannot happen
			http.NotFound(w, r)
			return
		}
		inner := *r
		inner.URL = &to
		inner.SetPathValue(inPath, name)
		pages.ServeHTTP(w, &inner)
	})
}

// home returns the tenant that a viewer sees without asking for one.
func home(v respond.Viewer) string {
	if len(v.Tenants) > 0 && !v.Sees("") {
		return v.Tenants[0]
	}
	return ""
}

// root leads from a page to the root of the dashboard. A stream renders for the page that it belongs to.
func (q *request) root() string {
	page := strings.TrimPrefix(strings.TrimSuffix(q.URL.EscapedPath(), "/events"), "/")
	n := strings.Count(page, "/")
	if q.PathValue(inPath) != "" {
		n++
	}
	if n > 0 {
		return strings.Repeat("../", n)
	}
	return "./"
}

// baseOf leads from a page to the main page of a tenant.
func (q *request) baseOf(tenant string) string {
	if tenant == home(q.viewer) {
		return q.root()
	}
	return q.root() + "@" + url.PathEscape(tenant) + "/"
}

// elsewhereError says that what a request asks for belongs to another tenant that the viewer sees.
type elsewhereError struct{ tenant string }

// Error implements error.
func (e *elsewhereError) Error() string { return fmt.Sprintf("it belongs to the tenant %q", e.tenant) }

// Unwrap returns what it means for a form: nothing of that name is here.
func (e *elsewhereError) Unwrap() error { return tocsin.ErrNotFound }

// belongs returns an error unless what a request asks for, which has a tenant, is of the request's tenant.
func (q *request) belongs(tenant, what string) error {
	switch {
	case !q.viewer.Sees(tenant):
		return fmt.Errorf("%w: %q is of another tenant", tocsin.ErrNotFound, what)
	case tenant != q.tenant:
		return &elsewhereError{tenant}
	}
	return nil
}

// lead leads to the same page of another tenant, if an error or the query names one, and reports whether it does.
func (q *request) lead(err error) bool {
	var other *elsewhereError
	if q.Method != http.MethodGet || !errors.As(err, &other) {
		return false
	}
	query := q.URL.Query()
	query.Del("tenant")
	to := q.baseOf(other.tenant) + strings.TrimPrefix(q.URL.EscapedPath(), "/")
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	q.w.Header().Set("Location", to)
	q.w.WriteHeader(http.StatusSeeOther)
	return true
}

// placed serves a page that knows of which tenant it is. A tenant that the query names, as a person types it, leads to its path.
func placed(page func(*request) error) func(*request) error {
	return func(q *request) error {
		q.base = q.baseOf(q.tenant)
		if query := q.URL.Query(); query.Has("tenant") {
			if err := q.belongs(query.Get("tenant"), query.Get("tenant")); err != nil {
				return err
			}
		}
		return page(q)
	}
}

// tenants offers the tenants of a viewer who has several. A page about one incident leads to what is open.
func (q *request) tenants() (all []link) {
	if len(q.viewer.Tenants) < 2 {
		return nil
	}
	page := strings.TrimPrefix(q.URL.EscapedPath(), "/")
	if q.Method != http.MethodGet || strings.HasPrefix(page, "incident/") {
		page = ""
	}
	for _, name := range q.viewer.Tenants {
		l := link{Name: line.Of(name), Path: q.baseOf(name) + page, Here: name == q.tenant}
		if name == "" {
			l.Name = "(no name)"
		}
		all = append(all, l)
	}
	return all
}
