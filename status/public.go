package status

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/comms"
)

const (
	renewEvery = 20 * time.Second // from one look at the engine to the next, if nothing changes
	renewAfter = time.Second      // from one look to the next at least
	renewIn    = 15 * time.Second // how long a look may take
)

// PublicConfig configures [NewPublic].
type PublicConfig struct {
	// Tenant is whose page it is. Defaults to the tenant without a name.
	Tenant string
	// URL is where customers find the page, such as https://status.example.com. The feed and the JSON name it. Defaults to none: their
	// links are relative then.
	URL string
	// Export is a folder that exists, in which Run keeps every page, the feed and the JSON as files. Defaults to none.
	Export string
	// Logger receives what fails while Run renews the page. Defaults to [slog.Default] at the time of each record.
	Logger *slog.Logger
}

// Public is the status page for customers, an [http.Handler] under any prefix, which [http.StripPrefix] removes. It serves the page, the
// earlier incidents at history/, one incident at incidents/ and its public id, JSON in the shape of Statuspage under api/v2/, and a feed at
// feed.atom. All of it is made of a [comms.Page] and of nothing else.
//
// Every file is made ahead, by Run. A request reads no store, takes no lock of the engine, and is answered while the engine is not. A page
// that is older than a minute says so, and how old it is. Before the first look of Run the answer is 503. Public is safe for concurrent use.
type Public struct {
	PublicConfig
	engine  *tocsin.Engine
	running atomic.Bool
	latest  atomic.Pointer[site]
	ageing  sync.Mutex // held while a stale site is made
}

// NewPublic returns the status page for customers of an engine. nil is a PublicConfig without fields. It returns an error if the engine
// is nil, if its catalog has no page and no service with a name for customers, and if URL is not an address of http or https.
func NewPublic(e *tocsin.Engine, c *PublicConfig) (*Public, error) {
	if e == nil {
		return nil, errors.New("status: NewPublic: expected an engine, not nil")
	}
	if e.Catalog().Page() == nil {
		return nil, errors.New("status: NewPublic: the catalog has no page, expected the section page, or a service with a name for customers")
	}
	p := &Public{engine: e}
	if c != nil {
		p.PublicConfig = *c
	}
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		return nil, fmt.Errorf("status: PublicConfig.URL is %q, expected such as https://status.example.com", p.URL)
	}
	if p.URL != "" {
		p.URL = strings.TrimSuffix(p.URL, "/") + "/"
	}
	return p, nil
}

// Run keeps the page, and the files of Export, as the engine has it until ctx ends: anew within a second of a change, and every 20 seconds.
// Then it returns nil. What fails is logged and tried again; the page grows old meanwhile, and says so after a minute. Run returns an error
// if a Run is under way. The engine needs no Run of its own in this process if another one works on the same store.
func (p *Public) Run(ctx context.Context) error {
	if !p.running.CompareAndSwap(false, true) {
		return errors.New("status: Run of the public page is under way already")
	}
	defer p.running.Store(false)
	changed := make(chan struct{}, 1)
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() {
		for range p.engine.Watch(ctx) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	})
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		began := time.Now()
		p.renew(ctx)
		rest := min(renewEvery, max(renewAfter, 9*time.Since(began))) // what changes at once gathers, and a store that is slow is spared
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick.C:
		}
	}
	return nil
}

// renew looks at the engine, and writes the files. What shows the same as a moment ago is not made anew: many a change is of no interest to
// customers.
func (p *Public) renew(ctx context.Context) {
	looking, cancel := context.WithTimeout(ctx, renewIn)
	defer cancel()
	began := time.Now()
	page, err := p.engine.Page(looking, p.Tenant)
	if err == nil && p.latest.Load().shows(&page) {
		return
	}
	if err == nil {
		var s *site
		if s, err = newSite(&page, page.AsOf, p.URL); err == nil {
			s.ahead = page.AsOf.Sub(began)
			p.latest.Store(s)
		}
	}
	if err != nil && ctx.Err() == nil {
		p.log().Error("the public page could not be renewed, and shows what it knew last", "error", err)
	}
	if s := p.site(time.Now()); s != nil && p.Export != "" {
		if err := s.export(p.Export); err != nil {
			p.log().Error("the public page could not be written as files", "error", err)
		}
	}
}

func (p *Public) log() *slog.Logger {
	if p.Logger != nil {
		return p.Logger
	}
	return slog.Default()
}

// site returns what is served at an instant; nil: nothing is known yet. It makes a stale site anew when its age in words changes.
func (p *Public) site(now time.Time) *site {
	s := p.latest.Load()
	if s.fresh(now) {
		return s
	}
	p.ageing.Lock()
	defer p.ageing.Unlock()
	if s = p.latest.Load(); s.fresh(now) {
		return s
	}
	old, err := newSite(s.page, now.Add(s.ahead), p.URL)
	if err != nil {
		p.log().Error("the public page could not be made to say how old it is", "error", err)
		return s
	}
	old.ahead = s.ahead
	p.latest.CompareAndSwap(s, old)
	return old
}

// shows reports whether the site is of a moment ago, and a page shows the same.
func (s *site) shows(page *comms.Page) bool {
	if s == nil || page.AsOf.Sub(s.page.AsOf) > renewEvery/2 {
		return false
	}
	clean := cleanPage(page)
	clean.AsOf = s.page.AsOf
	return reflect.DeepEqual(&clean, s.page)
}

// fresh reports whether the site says at an instant what is to be said of its age.
func (s *site) fresh(now time.Time) bool {
	if s == nil {
		return true
	}
	age := now.Add(s.ahead).Sub(s.page.AsOf)
	return age <= staleAfter || ago(age) == ago(s.made.Sub(s.page.AsOf))
}

// ServeHTTP implements [http.Handler].
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "This page is only to be read.", http.StatusMethodNotAllowed)
		return
	}
	s := p.site(time.Now())
	if s == nil {
		header.Set("Retry-After", "5")
		header.Set("Cache-Control", "no-store")
		http.Error(w, "We cannot say yet how things stand. Try again in a few seconds.", http.StatusServiceUnavailable)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if f := s.files[path]; f != nil {
		f.serve(w, r)
		return
	}
	if s.files[path+"/"] != nil { // as a server of files does
		header.Set("Location", url.PathEscape(path[strings.LastIndexByte(path, '/')+1:])+"/")
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	s.missing(w)
}

// serve answers with a file.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header, body, tag := w.Header(), f.body, f.tag
	if f.open {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Expose-Headers", "ETag")
	}
	if f.policy != "" {
		header.Set("Content-Security-Policy", f.policy+"; frame-ancestors 'none'")
	}
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", cmp.Or(f.keep, "public, max-age=15, stale-if-error=86400"))
	header.Set("Vary", "Accept-Encoding")
	if f.packed != nil && unpacks(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		body, tag = f.packed, f.tag+"-gzip"
	}
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// unpacks reports whether a header Accept-Encoding takes gzip.
func unpacks(accepted string) bool {
	for one := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.TrimRight(weight, ".0") != "q="
		}
	}
	return false
}
